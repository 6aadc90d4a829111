"""A run as rows, one a step: what it waited for, when, and when it was worked on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acp_action.engine.result import Attempt, Waits
    from acp_action.report.model import AttemptLine, RunReport, Split, StepLine

Kind: TypeAlias = Literal["inputs", "worker", "throttle", "backoff", "processor", "service"]
Tried: TypeAlias = "Attempt | AttemptLine"
Waited: TypeAlias = "Waits | Split"

_NOTHING: Final = 1e-9
"""Seconds; times are rounded to microseconds, so a shorter piece is an error of the arithmetic."""

_BEFORE_FIRST: Final[tuple[Kind, ...]] = ("worker", "throttle")
_BETWEEN: Final[tuple[Kind, ...]] = ("backoff", "throttle", "worker")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a step's time, in seconds since the run started; ``kind`` as in ``Split``.

    ``outcome``: of service, how its attempt ended.
    """

    kind: Kind
    start: float
    end: float
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One step; its pieces follow each other without overlap. None for a step that was not carried out."""

    step: StepLine
    pieces: tuple[Piece, ...]


def rows(report: RunReport) -> tuple[Row, ...]:
    """A row for each step, in plan order.

    The pieces of a kind add up to what the step's ``split`` says; what an attempt waited in its provider's
    queue is of the kind ``throttle``. Where several kinds of waiting share a gap, and where in an attempt it
    waited for a processor, is not recorded: there the order is a convention.
    """
    return tuple(map(row_of, report.steps))


def row_of(step: StepLine) -> Row:
    """The row of one step."""
    return Row(step, tuple(pieces_of(step.attempts, step.split, step.settled)))


def pieces_of(attempts: Sequence[Tried], waits: Waited, settled: float) -> Iterator[Piece]:
    """The pieces of a step by its attempts, the sums of its waits, and when it was settled."""
    if not attempts:
        return
    gaps = _Gaps(waits, sum(attempt.queued for attempt in attempts))
    yield from _piece("inputs", 0.0, waits.inputs)
    yield from gaps.fill(waits.inputs, attempts[0].started, first=True)
    taken = sum(attempt.finished - attempt.started - attempt.queued for attempt in attempts)
    held = waits.processor / taken if taken > 0 else 0.0
    for attempt, after in pairwise((*attempts, None)):
        if attempt is None:
            return
        begun = min(attempt.started + attempt.queued, attempt.finished)
        middle = begun + (attempt.finished - begun) * held
        yield from _piece("throttle", attempt.started, begun)
        yield from _piece("processor", begun, middle)
        yield from _piece("service", middle, attempt.finished, attempt.outcome)
        yield from gaps.fill(attempt.finished, after.started if after else settled, first=False)


def _piece(kind: Kind, start: float, end: float, outcome: str = "") -> Iterator[Piece]:
    if end - start > _NOTHING:
        yield Piece(kind, start, end, outcome)


class _Gaps:
    """What a step waited for, given out to the gaps around its attempts until nothing is left."""

    def __init__(self, waits: Waited, queued: float) -> None:
        self._left: dict[Kind, float] = {
            "worker": waits.worker,
            "throttle": max(waits.throttle - queued, 0.0),
            "backoff": waits.backoff,
        }

    def fill(self, start: float, end: float, *, first: bool) -> Iterator[Piece]:
        """The gap's pieces. Back-off comes right after an attempt, so it is no part of the ``first`` gap."""
        for kind in _BEFORE_FIRST if first else _BETWEEN:
            left = self._left[kind]
            length = min(left, max(end - start, 0.0))
            self._left[kind] = left - length
            yield from _piece(kind, start, start + length)
            start += length
