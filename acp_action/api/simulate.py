"""What a pipeline would take: several simulated runs, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from acp_action.catalogue import prices
from acp_action.catalogue.limits import UsualLimits, usual_limits
from acp_action.engine.forecast import unknown_steps
from acp_action.engine.simulation import UNLIMITED, Circumstances, simulate_run
from acp_action.errors import UsageError
from acp_action.providers.registry import LOCAL
from acp_action.report.simulation import (
    Setting,
    Simulation,
    failures_of,
    knee,
    limit_words_of,
    spread_of,
    traffic_of,
)
from acp_action.report.summarise import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan, Step
    from acp_action.providers.base import Provider

_MOST_RUNS: Final = 25
_STEPS_IN_ALL: Final = 5_000
"""Steps played in all runs together, so that a big pipeline is simulated fewer times and not for minutes."""

_MOST_WORKERS: Final = 10_000
_OTHERS: Final = 1_000
"""The most runs, and how far the runs of two seeds are apart."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to find out. ``compare``: numbers of workers. ``limited``: whether providers have limits at all.

    ``spread``: sigma of all service times (default: each provider's own), 0 for none. ``runs``: how many
    (default: as many as take about a second, 25 at the most; one where nothing varies).
    """

    seed: int = 0
    runs: int | None = None
    spread: float | None = None
    limited: bool = True
    compare: Sequence[int] = field(default=())


def simulate(plan: Plan, providers: Mapping[str, Provider], question: Question | None = None) -> Simulation:
    """Play the plan through with the real scheduler and throttle on a virtual clock; no socket is opened.

    Raises UsageError for a question that has no answer.
    """
    asked = question or Question()
    _check(asked)
    assumed = _assumed(plan, limited=asked.limited)
    world = Circumstances(assumed, asked.spread, lambda step: _cost(step, providers), providers)
    count = _runs(plan, asked)
    runs = _played(plan, asked.seed, count, world)
    comparison = tuple(_setting(plan, workers, asked.seed, count, world) for workers in asked.compare)
    at = sorted(range(count), key=lambda n: runs[n].total_duration)[(count - 1) // 2]
    middle = runs[at]
    report = summarise(middle)
    # What limits it is found by trying: the same work without limits, and with all the workers there can be.
    same = asked.seed * _OTHERS + at
    open_world = replace(world, limits=_assumed(plan, limited=False))
    free = simulate_run(plan, seed=same, circumstances=open_world).total_duration
    wide = simulate_run(with_workers(plan, len(plan.steps)), seed=same, circumstances=world).total_duration
    sequential = median(run.sequential_estimate for run in runs)
    duration = spread_of([run.total_duration for run in runs])
    return Simulation(
        pipeline=plan.name,
        steps=len(plan.steps),
        seed=asked.seed,
        runs=count,
        duration=duration,
        sequential=round(sequential, 3),
        speedup=round(sequential / duration.median, 3) if duration.median else 1.0,
        unknown=unknown_steps(plan),
        cost=report.cost,
        cost_unknown=report.cost_unknown,
        limit=limit_words_of(middle.total_duration, free, wide) or report.limit,
        failures=failures_of(runs),
        traffic=traffic_of(runs, {name: limits for name, limits in assumed.items() if name != LOCAL}),
        comparison=comparison,
        advice=knee(
            comparison, wide * duration.median / middle.total_duration if middle.total_duration else 0.0
        ),
        report=report,
    )


def _played(plan: Plan, seed: int, runs: int, world: Circumstances) -> list[RunResult]:
    """Runs of seeds that no other seed's runs have."""
    return [simulate_run(plan, seed=seed * _OTHERS + n, circumstances=world) for n in range(runs)]


def _check(asked: Question) -> None:
    if asked.runs is not None and not 1 <= asked.runs <= _OTHERS:
        raise UsageError(f"runs is {asked.runs}; give 1 to {_OTHERS:,}")
    if asked.spread is not None and not 0 <= asked.spread <= 2:
        raise UsageError(f"spread is {asked.spread:g}; give a sigma from 0 (none) to 2")
    wrong = [n for n in asked.compare if not 1 <= n <= _MOST_WORKERS]
    if wrong:
        raise UsageError(f"max_workers is {wrong[0]}; give whole numbers from 1 to {_MOST_WORKERS:,}")


def _runs(plan: Plan, asked: Question) -> int:
    if asked.runs is not None:
        return asked.runs
    if asked.spread == 0:
        return 1
    played = max(len(plan.steps), 1) * (1 + len(asked.compare))
    return min(max(_STEPS_IN_ALL // played, 1), _MOST_RUNS)


def _assumed(plan: Plan, *, limited: bool) -> dict[str, UsualLimits]:
    """What each provider of the plan is taken to let through; what the settings say of it wins."""
    names = dict.fromkeys(step.provider for step in plan.steps if step.enabled)
    if not limited:
        return {name: UNLIMITED._replace(spread=usual_limits(name).spread) for name in names}
    return {name: _with_settings(plan, name) for name in names}


def _with_settings(plan: Plan, provider: str) -> UsualLimits:
    usual = usual_limits(provider)
    own = getattr(plan.settings, "rate_limits", {}).get(provider, {})
    if "concurrency" in own:
        usual = usual._replace(concurrency=int(own["concurrency"]))
    if "requests_per_minute" in own:
        usual = usual._replace(requests=max(round(own["requests_per_minute"]), 1), window=60.0)
    return usual._replace(source="settings.rate_limits") if own else usual


def _cost(step: Step, providers: Mapping[str, Provider]) -> float | None:
    """USD of one step at most, None when its price is not known."""
    if step.provider == LOCAL:
        return 0.0
    ask = getattr(providers.get(step.provider), "estimated_cost", None)
    if ask is None:
        return prices.estimate(step.model, step.params, step.text)
    cost: float | None = ask(step.type, step.model, step.params, step.text)
    return cost


def with_workers(plan: Plan, workers: int) -> Plan:
    """The plan as if its file said ``max_workers`` in the settings and in every group."""
    workers = max(workers, 1)
    settings = replace(plan.settings, max_workers=workers, worker_cap=workers)
    return replace(
        plan, settings=settings, groups=tuple(replace(g, max_workers=workers) for g in plan.groups)
    )


def _setting(plan: Plan, workers: int, seed: int, runs: int, world: Circumstances) -> Setting:
    results = _played(with_workers(plan, workers), seed, runs, world)
    duration = spread_of([run.total_duration for run in results]).median
    sequential = median(run.sequential_estimate for run in results)
    return Setting(
        workers,
        duration,
        speedup=round(sequential / duration, 3) if duration else 1.0,
        refusals=round(median(_refusals(run) for run in results)),
    )


def _refusals(run: RunResult) -> int:
    return sum(a.outcome == "refused" for step in run.steps for a in step.attempts)
