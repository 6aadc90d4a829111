"""One recorded run, played again under other settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from acp_action.api.simulate import with_workers
from acp_action.catalogue.limits import UsualLimits
from acp_action.config.cascade import SCHEDULES
from acp_action.engine.replay import replay
from acp_action.engine.throttle.limits import Limits
from acp_action.providers.registry import LOCAL
from acp_action.report.limits_seen import limits_seen
from acp_action.report.simulation import limit_words
from acp_action.report.what_if import Assumed, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acp_action.engine.replay import Recording
    from acp_action.engine.result import RunResult, StepResult
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Provider
    from acp_action.report.limits_seen import Seen
    from acp_action.report.model import RunReport, StepLine
    from acp_action.report.recorded import Recorded

WORKERS: Final = (1, 2, 3, 4, 6, 8, 12, 16)
# A machine on which steps waited this little for a processor has more of them to give.
_CONTENDED: Final = 0.05
# Trials of which the one under the recorded settings is farther off are no ground for advice.
_OFF: Final = 0.05
# A replay that is no farther off is as it was.
_CLOSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit to try; None for what is not limited."""

    per_minute: float | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Trials:
    """What to try: each of the ``schedules`` with each number of ``workers``; ``limits`` by provider."""

    workers: Sequence[int] = WORKERS
    schedules: Sequence[str] = SCHEDULES
    limits: Mapping[str, Limit] = field(default_factory=dict)


class Player:
    """Plays one recorded run under other settings.

    ``as_it_was``: under its own. ``doubt``: why nothing should be concluded from it; empty when it may be.
    """

    def __init__(
        self, found: Recorded, report: RunReport, asked: Trials, providers: Mapping[str, Provider]
    ) -> None:
        self._found = found
        self._report = report
        self._asked = asked
        self._providers = providers
        self._seen = limits_seen(report)
        self._recording, self.as_it_was = self._closest(found, report)
        self._limits = self._believed()
        self._limits |= {name: _as_usual(limit) for name, limit in asked.limits.items()}
        self.doubt = self._why_not()
        self._plans = {name: found.scheduled(name) for name in asked.schedules}
        local = [step for step in report.steps if step.provider == LOCAL]
        held, worked = sum(s.split.processor for s in local), sum(s.split.service for s in local)
        self._contended = held > _CONTENDED * worked > 0
        self._company = _company(self.as_it_was) if self._contended else []

    def _closest(self, found: Recorded, report: RunReport) -> tuple[Recording, RunResult]:
        """As a run that learnt its limits, or as one that knew them from an earlier run: as it was."""
        learnt = replay(found.plan, found.recording, self._providers)
        knew = replace(found.recording, known={name: _known(seen) for name, seen in self._seen.items()})
        if not knew.known or _apart(learnt, found, report) <= _CLOSE:
            return found.recording, learnt
        known = replay(found.plan, knew, self._providers)
        if _apart(known, found, report) < _apart(learnt, found, report):
            return knew, known
        return found.recording, learnt

    def _believed(self) -> dict[str, UsualLimits]:
        """The limits as seen; none where with them the run would have been another."""
        limits = {name: seen.limits for name, seen in self._seen.items() if seen.limits is not None}
        if not limits or self._report.status == "stopped":
            return limits
        took = replay(self._found.plan, replace(self._recording, limits=limits), self._providers)
        explained = _refused(self._report.steps) & set(limits) <= _refused(took.steps)
        return limits if explained and _apart(took, self._found, self._report) <= _OFF else {}

    def _why_not(self) -> str:
        if self._report.status == "stopped":
            return ""
        if any(self._is_refused_anyhow(name) for name in self._seen):
            return "refusals follow no limit that could be made out, so each step is refused as it was"
        off = _apart(self.as_it_was, self._found, self._report)
        return f"played again under its own settings the run comes out {off:.0%} off" if off > _OFF else ""

    def _is_refused_anyhow(self, provider: str) -> bool:
        return self._seen[provider].limits is not None and provider not in self._limits

    def least(self, schedule: str) -> float:
        """Seconds under this schedule with as many workers as there are steps."""
        return self.trial(schedule, len(self._report.steps)).duration

    def trial(self, schedule: str, workers: int) -> Trial:
        """One setting, as if the file said it everywhere."""
        plan = with_workers(self._plans[schedule], workers)
        plan = replace(plan, settings=replace(plan.settings, parallel=True))
        result = self._play(plan)
        duration = result.total_duration + self._found.apart
        refusals = sum(a.outcome == "refused" for step in result.steps for a in step.attempts)
        speedup = result.sequential_estimate / duration if duration else 1.0
        return Trial(schedule, workers, round(duration, 3), round(speedup, 3), refusals)

    def _play(self, plan: Plan) -> RunResult:
        plan = replace(plan, settings=replace(plan.settings, rate_limits=self._told(plan)))
        recording = replace(self._recording, limits=self._limits)
        result = replay(plan, recording, self._providers)
        if not self._contended:
            return result
        # Who has more company at the processors waits longer for them; how much company there is, the first
        # round tells.
        company = _company(result)
        crowd = [now / was if was > 0 else 1.0 for was, now in zip(self._company, company, strict=True)]
        return replay(plan, replace(recording, busy=self._busy(company), crowd=crowd), self._providers)

    def _busy(self, company: Sequence[float]) -> list[float]:
        found = []
        for step, was, now in zip(self._report.steps, self._company, company, strict=True):
            service = step.split.service
            share = step.split.processor / service if service > 0 else 0.0
            found.append(max((1 + share) * now / was - 1, 0.0) if was > 0 else share)
        return found

    def _told(self, plan: Plan) -> dict[str, Mapping[str, float]]:
        told: dict[str, Mapping[str, float]] = dict(plan.settings.rate_limits)
        for name, limit in self._asked.limits.items():
            said = {"requests_per_minute": limit.per_minute, "concurrency": limit.concurrency}
            told[name] = {key: float(value) for key, value in said.items() if value is not None}
        return told

    def assumed(self) -> tuple[Assumed, ...]:
        """What each provider is taken to let through."""
        lines = []
        for name, seen in self._seen.items():
            limits = self._limits.get(name) or seen.announced
            if self._is_refused_anyhow(name):
                lines.append(Assumed(name, "refusals as they were", "no limit explains them"))
            elif limits is None:
                most = f"none was met with up to {seen.most} at once; beyond that nobody knows"
                lines.append(Assumed(name, "no limit", most))
            else:
                lines.append(Assumed(name, limit_words(limits), limits.source))
        return tuple(lines)

    def notes(self) -> tuple[str, ...]:
        """What makes the figures less sure."""
        notes = []
        if self._report.status == "stopped":
            why = f" ({self._report.stopped})" if self._report.stopped else ""
            notes.append(f"The run was stopped{why}; the trials are as if it had gone on.")
        elif self._report.status == "failed":
            notes.append("Steps that failed in the run fail in the trials, too.")
        workers = self._report.workers
        if any(group.max_workers < min(group.steps, workers) for group in self._report.groups):
            notes.append("Groups had workers of their own; each trial gives all of them the same.")
        if self._contended:
            notes.append("Steps of the embedded provider waited for processors: more at once wait longer.")
        return tuple(notes)


def _apart(result: RunResult, found: Recorded, report: RunReport) -> float:
    """How far a replay is from the recorded time, as a part of it."""
    took = result.total_duration + found.apart
    return abs(took / report.total_duration - 1) if report.total_duration else 0.0


def _refused(steps: Iterable[StepLine | StepResult]) -> set[str]:
    """The providers that refused an attempt."""
    return {step.provider for step in steps if any(a.outcome == "refused" for a in step.attempts)}


def _known(seen: Seen) -> Limits:
    """What a run knew that had met these limits before."""
    limits = seen.limits or seen.announced
    if limits is None:
        return Limits(none=True)
    pace = None if limits.requests is None else limits.requests / limits.window
    return Limits(concurrency=limits.concurrency, per_second=pace)


def _as_usual(limit: Limit) -> UsualLimits:
    requests = None if limit.per_minute is None else max(round(limit.per_minute), 1)
    none = limit.per_minute is None and limit.concurrency is None
    return UsualLimits(
        limit.concurrency, requests, tells_wait=True, none=none, spread=0.0, source="as you say"
    )


def _company(result: RunResult) -> list[float]:
    """For each step of the embedded provider: how many of them ran at once while it did, itself included."""
    spans = [
        (a.started, a.finished, i)
        for i, step in enumerate(result.steps) if step.provider == LOCAL for a in step.attempts[-1:]
    ]  # fmt: skip
    changes = sorted([(begin, 1) for begin, _, _ in spans] + [(end, -1) for _, end, _ in spans])
    moments: dict[float, float] = {}
    area = last = 0.0
    running = 0
    for moment, change in changes:
        area += running * (moment - last)
        last, running = moment, running + change
        moments[moment] = area
    company = [0.0] * len(result.steps)
    for begin, end, index in spans:
        company[index] = (moments[end] - moments[begin]) / (end - begin) if end > begin else 1.0
    return company
