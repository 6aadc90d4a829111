"""What was made of each step of a recorded run, attempt by attempt, so that it can be played again."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from acp_action.engine.backoff import BASE, CAP
from acp_action.engine.replay import Played
from acp_action.providers.base import Announced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.plan.model import Plan
    from acp_action.report.model import AttemptLine, PlannedStep, RunReport, StepLine

_UNKNOWN_SECONDS: Final = 1.0
# A start that is later than this, in seconds, was held by something else than a busy machine.
_LATE: Final = 0.25
# What these took says nothing of how long they would have taken.
_CUT_SHORT: Final = frozenset({"stopped", "unmade"})
# What these ended with is no end: the step was to be tried again.
_NO_END: Final = frozenset({"transient", "refused"})


def played_of(
    report: RunReport, plan: Plan, edges: Sequence[PlannedStep]
) -> tuple[tuple[tuple[Played, ...], ...], int]:
    """The attempts of each step, and how many steps were guessed.

    Steps that never ran to their end are taken for as long as others of their kind took.
    """
    took: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    lates = _lates(report, plan)
    for line in report.steps:
        if line.status == "succeeded" and line.attempts:
            took[line.provider, line.model, line.type].append(_service(line.attempts[-1]))
    found: list[tuple[Played, ...]] = []
    guessed = 0
    for line, planned, late in zip(report.steps, edges, lates, strict=True):
        known = [
            _played(line, place, late[place])
            for place, attempt in enumerate(line.attempts)
            if attempt.outcome not in _CUT_SHORT
        ]
        if _is_open(line) or len(known) < len(line.attempts) or not known:
            known.append(_guess(line, planned, took))
            guessed += line.enabled
        found.append(tuple(known))
    return tuple(found), guessed


def _is_open(line: StepLine) -> bool:
    """Whether it would have been tried again, had nobody stopped it in between."""
    return line.status == "cancelled" and bool(line.attempts) and line.attempts[-1].outcome in _NO_END


def _guess(line: StepLine, planned: PlannedStep, took: Mapping[tuple[str, str, str], list[float]]) -> Played:
    seen = took.get((line.provider, line.model, line.type))
    usual = sum(seen) / len(seen) if seen else planned.expected or _UNKNOWN_SECONDS
    ran = max((a.finished - a.started for a in line.attempts if a.outcome in _CUT_SHORT), default=0.0)
    return Played("done", max(usual, ran))


def _service(attempt: AttemptLine) -> float:
    return max(attempt.finished - attempt.started - attempt.held - attempt.queued, 0.0)


def _played(line: StepLine, place: int, late: float) -> Played:
    attempt = line.attempts[place]
    said = attempt.announced
    return Played(
        outcome=_outcome(line, place),
        service=_service(attempt),
        held=attempt.held,
        queued=attempt.queued,
        pause=_pause(line, attempt) if attempt.outcome == "transient" else 0.0,
        kind=attempt.kind or "unknown",
        # A short wait is the step's own, and has its jitter.
        told=attempt.pause if attempt.outcome == "refused" and attempt.pause else attempt.told,
        announced=Announced(said.concurrency, said.per_second, said.remaining, said.reset) if said else None,
        late=late,
    )


def _outcome(line: StepLine, place: int) -> str:
    """As it was told; but what was not tried again for want of time would be, with a little more of it."""
    last = place == len(line.attempts) - 1
    cut = last and line.status == "timed_out" and line.attempts[place].outcome == "transient"
    return "expired" if cut else line.attempts[place].outcome


def _pause(line: StepLine, attempt: AttemptLine) -> float:
    """The back-off after an attempt; where nobody wrote it down, its share of the step's, by the gaps."""
    if attempt.pause is not None:
        return attempt.pause
    begins = {other.number: other.started for other in line.attempts}
    gaps = {
        other.number: max(begins.get(other.number + 1, line.settled) - other.finished, 0.0)
        for other in line.attempts
        if other.outcome == "transient"
    }
    every = sum(gaps.values())
    seen = line.split.backoff * gaps[attempt.number] / every if every else 0.0
    if attempt is not line.attempts[-1] or not _is_open(line):
        return seen
    # It was stopped while it waited: in the middle between what was seen and the longest there is.
    longest = min(CAP, BASE * 2.0 ** min(len(gaps) - 1, 60))
    return (seen + max(seen, longest)) / 2


# --- how late attempts began


def _lates(report: RunReport, plan: Plan) -> list[list[float]]:
    """For each attempt, the seconds in which there was room for it and it had not begun.

    A machine with much to do lets the scheduler and its threads wait, which nobody writes down. Where so many
    may run at once, the attempt that is the nth to begin beyond them could begin with the nth end.
    """
    spans = [[(attempt.started, attempt.finished) for attempt in line.attempts] for line in report.steps]
    room = _room(plan, spans)
    return [
        _late(
            line,
            [max(scope.get(attempt.started, 0.0) for scope in room[step.group]) for attempt in line.attempts],
        )
        for step, line in zip(plan.steps, report.steps, strict=True)
    ]


def _late(line: StepLine, room: Sequence[float]) -> list[float]:
    """``room``: since when there was a place for each attempt. Waits for limits are not the machine's."""
    worker = line.split.worker
    throttle = max(line.split.throttle - sum(attempt.queued for attempt in line.attempts), 0.0)
    ready, found = line.split.inputs, []
    for attempt, since in zip(line.attempts, room, strict=True):
        gap = max(attempt.started - max(ready, since), 0.0)
        held = min(gap, throttle)
        late = min(gap - held, worker)
        throttle, worker = throttle - held, worker - late
        found.append(late)
        ready = (
            attempt.finished + _pause(line, attempt) if attempt.outcome == "transient" else attempt.finished
        )
    return found


def _room(plan: Plan, spans: Sequence[Sequence[tuple[float, float]]]) -> dict[int, list[dict[float, float]]]:
    """By group (-1: none), for each scope its steps stand in: when a place came free, by the start there."""
    settings = plan.settings
    cap = min(settings.worker_cap or _MANY, 1 if not settings.parallel else _MANY)
    inside: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    run: list[tuple[float, float]] = []
    for step, own in zip(plan.steps, spans, strict=True):
        group = step.group
        run += own
        if group < 0:
            inside[-1] += own
        while group >= 0:
            inside[group] += own
            group = plan.groups[group].parent
    whole, loose = _places(run, cap), _places(inside[-1], settings.max_workers)
    by_group = [_places(inside[group.index], group.max_workers) for group in plan.groups]
    found = {-1: [loose, whole]}
    for place in plan.groups:
        around = found[place.parent] if place.parent >= 0 else [whole]
        found[place.index] = [by_group[place.index], *around]
    return found


_MANY: Final = 1 << 60


def _places(spans: Sequence[tuple[float, float]], cap: int) -> dict[float, float]:
    """By the start of each attempt beyond the first ``cap``: when the place came free that it took."""
    starts, ends = sorted(start for start, _ in spans), sorted(end for _, end in spans)
    return {starts[place]: ends[place - cap] for place in range(cap, len(starts))}


def delays_late(
    report: RunReport, plan: Plan, played: Sequence[Sequence[Played]]
) -> dict[str, tuple[float, ...]]:
    """By provider, for each of its attempts in the order they began: how late ``rate_limit_delay`` was over.

    The delay counts from the start before, so that what one start is late, all behind it are.
    """
    delay = plan.settings.rate_limit_delay
    begun: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for line, made in zip(report.steps, played, strict=True):
        for attempt, again in zip(line.attempts, made, strict=False):
            held = line.split.throttle > attempt.queued
            begun[line.provider].append((attempt.started - again.late, held))
    found: dict[str, tuple[float, ...]] = {}
    for provider, starts in begun.items() if delay > 0.0 else ():
        gaps = [(after - before - delay, held) for (before, _), (after, held) in pairwise(sorted(starts))]
        found[provider] = tuple(late if held and 0.0 < late < _LATE else 0.0 for late, held in gaps)
    return found
