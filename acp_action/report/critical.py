"""The critical path: from the step that ended last back through whatever held each step."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from acp_action.report.model import PathItem
from acp_action.report.waterfall import pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.engine.result import Attempt, RunResult, StepResult
    from acp_action.report.waterfall import Kind

_SAME_MOMENT: Final = 1e-9
"""Seconds; the engine starts a step after the end it waited for, so more would find the wrong one."""

_MATTERS: Final = 1e-3
"""Seconds of waiting below which a step counts as started at once."""

_LOOK_BACK: Final = 64
"""Ends looked at for the one that made room; the right one is among the last few."""

_HELD: Final[tuple[Kind, ...]] = ("processor", "throttle", "worker", "backoff")
_WORDS: Final = {"processor": "a processor", "worker": "a worker", "backoff": "back-off"}


class _Ended(NamedTuple):
    finished: float
    step: int
    worker: int


class _Hold(NamedTuple):
    """What a step came after: a step or nothing, when that ended, and in which way it held the step."""

    step: int | None
    moment: float
    kind: Literal["start", "needs", "worker"]


def critical_path(result: RunResult) -> tuple[PathItem, ...]:
    """The items from the run's start to its last end, each beginning where the one before ends.

    Empty when no step was carried out.
    """
    return _Walk(result).items()


class _Walk:
    def __init__(self, result: RunResult) -> None:
        self._steps = result.steps
        self._groups = [step.group for step in result.plan.steps]
        self._needs = _reversed_edges(result)
        self._gates: dict[int, int | None] = {}
        self._ended = sorted(
            _Ended(attempt.finished, index, attempt.worker)
            for index, step in enumerate(result.steps)
            for attempt in step.attempts
        )
        self._times = [ended.finished for ended in self._ended]
        self._seen: set[int] = set()

    def items(self) -> tuple[PathItem, ...]:
        if not self._ended:
            return ()
        items: list[PathItem] = []
        step: int | None = self._ended[-1].step
        end = self._ended[-1].finished
        while step is not None:
            self._seen.add(step)
            every = self._steps[step].attempts
            attempts = [a for a in every if a.finished <= end + _SAME_MOMENT] or list(every[:1])
            hold = self._held(step, attempts[0])
            items.append(self._item(step, attempts, hold, end))
            step, end = hold.step, hold.moment
        return tuple(reversed(items))

    def _item(self, step: int, attempts: list[Attempt], hold: _Hold, end: float) -> PathItem:
        result = self._steps[step]
        service = sum(a.service for a in attempts)
        waited = max(end - hold.moment - service, 0.0)
        after = "" if hold.step is None else self._steps[hold.step].name
        why = _waited_for(result, hold.moment, end) if waited > _MATTERS else ""
        return PathItem(result.name, hold.moment, end, service, waited, after, hold.kind, why)

    def _held(self, step: int, first: Attempt) -> _Hold:
        waits = self._steps[step].waits
        if first.started - waits.inputs > _MATTERS and waits.worker > waits.throttle:
            maker = self._room_maker(step, first, waits.inputs)
            if maker is not None:
                return _Hold(maker.step, maker.finished, "worker")
        need = self._last_need(step)
        if need is None or need in self._seen:
            return _Hold(None, 0.0, "start")
        return _Hold(need, min(self._steps[need].settled, first.started), "needs")

    def _room_maker(self, step: int, first: Attempt, ready: float) -> _Ended | None:
        """The attempt whose end let the step start: the last before it, of its group or worker if many."""
        at = bisect_right(self._times, first.started + _SAME_MOMENT)
        near = [
            ended
            for ended in self._ended[max(at - _LOOK_BACK, 0) : at]
            if ended.finished > ready and ended.step != step and ended.step not in self._seen
        ]
        latest = max((ended.finished for ended in near), default=0.0)
        tied = [ended for ended in near if latest - ended.finished < _MATTERS]
        group = self._groups[step]
        return max(
            tied,
            key=lambda e: (self._groups[e.step] == group, e.worker == first.worker, e.finished),
            default=None,
        )

    def _last_need(self, node: int) -> int | None:
        """The step that the node waited for last, seen through gates and steps that were not carried out."""
        return self._latest(self._last(need) for need in self._needs[node])

    def _last(self, need: int) -> int | None:
        if self._was_carried_out(need):
            return need
        if need not in self._gates:
            self._gates[need] = self._latest(self._beyond(need))
        return self._gates[need]

    def _beyond(self, node: int) -> Iterable[int]:
        """The steps carried out next behind a node. A work list, not recursion: chains are long."""
        found, met = [node], {node}
        while found:
            for need in self._needs[found.pop()]:
                if need in met:
                    continue
                met.add(need)
                if self._was_carried_out(need):
                    yield need
                else:
                    found.append(need)

    def _was_carried_out(self, node: int) -> bool:
        return node < len(self._steps) and bool(self._steps[node].attempts)

    def _latest(self, steps: Iterable[int | None]) -> int | None:
        known = [step for step in steps if step is not None]
        return max(known, key=lambda step: self._steps[step].settled, default=None)


def _reversed_edges(result: RunResult) -> list[list[int]]:
    needs: list[list[int]] = [[] for _ in range(result.plan.graph.size)]
    for edges in (result.plan.graph.data, result.plan.graph.order):
        for source, targets in enumerate(edges):
            for target in targets:
                needs[target].append(source)
    return needs


def waits_between(step: StepResult, begin: float, end: float) -> dict[Kind, float]:
    """Seconds that a step waited between two moments, by kind; never more than lie between them."""
    found: defaultdict[Kind, float] = defaultdict(float)
    for piece in pieces_of(step.attempts, step.waits, step.settled):
        found[piece.kind] += max(min(piece.end, end) - max(piece.start, begin), 0.0)
    return {kind: found[kind] for kind in _HELD}


def _waited_for(step: StepResult, begin: float, end: float) -> str:
    waits = waits_between(step, begin, end)
    longest = max(_HELD, key=lambda kind: waits[kind])
    if waits[longest] <= _MATTERS:
        return "the engine"
    return f"rate limit of {step.provider}" if longest == "throttle" else _WORDS[longest]
