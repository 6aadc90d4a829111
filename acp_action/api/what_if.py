"""what_if: a recorded run, or a pipeline, under other numbers of workers, schedules and rate limits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from acp_action.api.player import Player, Trials
from acp_action.api.prepare import Wishes, plan_pipeline
from acp_action.api.simulate import Question, simulate
from acp_action.config.cascade import SCHEDULES, Overrides
from acp_action.engine.scopes import capacity
from acp_action.errors import UsageError, did_you_mean
from acp_action.providers.registry import LOCAL
from acp_action.report.files import load_report
from acp_action.report.model import mend_for
from acp_action.report.recorded import recorded
from acp_action.report.what_if import Assumed, Trial, WhatIf, advice_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acp_action.plan.model import Plan
    from acp_action.providers.base import Provider
    from acp_action.report.recorded import Recorded

_MOST_WORKERS: Final = 10_000


def what_if(
    place: Path, trials: Trials | None = None, providers: Mapping[str, Provider] | None = None
) -> WhatIf:
    """What a run would have taken under other settings, or what a pipeline will.

    ``place``: an output folder, its ``report.json``, or a pipeline file. Nothing is sent or paid for. Raises
    UsageError for a report that cannot be used and for trials that have no meaning, ConfigError for a faulty
    file.
    """
    asked = trials or Trials()
    _check(asked)
    if not place.exists():
        raise UsageError(
            f"there is nothing at {place}; name a run's output folder, its report.json, or a pipeline file"
        )
    if place.is_dir() or place.suffix == ".json":
        return _of_run(place, asked, providers or {})
    return _of_pipeline(place, asked, providers or {})


def _check(asked: Trials) -> None:
    wrong = [count for count in asked.workers if not 1 <= count <= _MOST_WORKERS]
    if wrong or not asked.workers:
        what = f"max_workers is {wrong[0]}" if wrong else "there is no number of workers"
        raise UsageError(f"{what}; give whole numbers from 1 to {_MOST_WORKERS:,}")
    for name in asked.schedules:
        if name not in SCHEDULES:
            near = did_you_mean(name, SCHEDULES) or f"give {' or '.join(SCHEDULES)}"
            raise UsageError(f"there is no schedule '{name}'; {near}")
    for provider, limit in asked.limits.items():
        if limit.per_minute is not None and not limit.per_minute > 0:
            raise UsageError(
                f"the rate limit of {provider} is {limit.per_minute:g} a minute; give more than 0"
            )
        if limit.concurrency is not None and limit.concurrency < 1:
            raise UsageError(f"the rate limit of {provider} is {limit.concurrency} at once; give 1 or more")


def _check_providers(asked: Trials, names: Sequence[str]) -> None:
    for provider in asked.limits:
        if provider == LOCAL:
            raise UsageError(f"the embedded provider '{LOCAL}' has no rate limit; try --max-workers instead")
        if provider not in names:
            near = did_you_mean(provider, names) or f"it uses {', '.join(names) or 'none'}"
            raise UsageError(f"nothing is asked of '{provider}' here; {near}")


# --- a run


def _of_run(place: Path, asked: Trials, providers: Mapping[str, Provider]) -> WhatIf:
    report = load_report(place)
    try:
        found = recorded(report)
    except ValueError as error:
        raise UsageError(f"cannot replay {place}: {error}; {mend_for(error)}") from error
    _check_providers(asked, list(dict.fromkeys(step.provider for step in report.steps)))
    asked, left_out = _possible(asked, found, place)
    player = Player(found, report, asked, providers)
    own = found.plan.settings.schedule
    trials = tuple(
        player.trial(schedule, workers)
        for schedule in _own_first(asked.schedules, own)
        for workers in asked.workers
    )
    return WhatIf(
        basis="run",
        pipeline=report.pipeline,
        steps=len(report.steps),
        schedule=own if found.plan.settings.parallel else "one after another",
        workers=report.workers,
        duration=report.total_duration,
        replayed=round(player.as_it_was.total_duration + found.apart, 6),
        sequential=report.sequential_estimate,
        guessed=found.guessed,
        assumed=player.assumed(),
        notes=(*player.notes(), *left_out),
        trials=trials,
        advice=() if player.doubt else advice_on(trials, _first(asked, own), player.least),
        stopped=report.stopped or ("stopped" if report.status == "stopped" else ""),
        doubt=player.doubt,
    )


def _first(asked: Trials, own: str) -> str:
    return own if own in asked.schedules else asked.schedules[0]


def _possible(asked: Trials, found: Recorded, place: Path) -> tuple[Trials, list[str]]:
    """What can be tried of what is asked, and why the rest cannot."""
    left_out = []
    for name in asked.schedules:
        try:
            found.scheduled(name)
        except ValueError:
            left_out.append(name)
    if len(left_out) == len(asked.schedules):
        raise UsageError(
            f"cannot play {place} in file order: a step takes what comes later in the file; "
            "try --schedule dataflow"
        )
    schedules = [name for name in asked.schedules if name not in left_out]
    told = [f"Not tried: {name}, because a step takes what comes later in the file." for name in left_out]
    return replace(asked, schedules=schedules), told


def _own_first(schedules: Sequence[str], own: str) -> list[str]:
    return sorted(dict.fromkeys(schedules), key=lambda name: name != own)


# --- a pipeline


def _of_pipeline(place: Path, asked: Trials, providers: Mapping[str, Provider]) -> WhatIf:
    base = _limited(plan_pipeline(place, Wishes(), providers or None), asked)
    _check_providers(asked, list(dict.fromkeys(step.provider for step in base.steps)))
    own = base.settings.schedule
    widest = min(max(len(base.steps), *asked.workers), _MOST_WORKERS)
    question = Question(compare=(*asked.workers, widest))
    least: dict[str, float] = {}
    as_it_is = simulate(base, providers, Question())
    trials: list[Trial] = []
    for name in _own_first(asked.schedules, own):
        plan = _limited(plan_pipeline(place, Wishes(Overrides(schedule=name)), providers or None), asked)
        found = simulate(plan, providers, question)
        *tried, wide = found.comparison
        trials += [Trial(name, s.max_workers, s.duration, s.speedup, s.refusals) for s in tried]
        least[name] = wide.duration
    return WhatIf(
        basis="pipeline",
        pipeline=base.name,
        steps=len(base.steps),
        schedule=own,
        workers=capacity(base),
        duration=as_it_is.duration.median,
        replayed=None,
        sequential=as_it_is.sequential,
        guessed=0,
        assumed=tuple(Assumed(line.provider, line.limits, line.source) for line in as_it_is.traffic),
        notes=(),
        trials=tuple(trials),
        advice=advice_on(trials, _first(asked, own), least.__getitem__),
    )


def _limited(plan: Plan, asked: Trials) -> Plan:
    said: dict[str, Any] = dict(plan.settings.rate_limits)
    for name, limit in asked.limits.items():
        own = {"requests_per_minute": limit.per_minute, "concurrency": limit.concurrency}
        said[name] = {key: float(value) for key, value in own.items() if value is not None}
    return replace(plan, settings=replace(plan.settings, rate_limits=said))
