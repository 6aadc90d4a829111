"""A run as rows, one a step: what it waited for, when, and when it was worked on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.report.model import RunReport, StepLine

Kind: TypeAlias = Literal["inputs", "worker", "throttle", "backoff", "processor", "service"]

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

    The pieces of a kind add up to what the step's ``split`` says. Where several kinds of waiting share a gap,
    and where in an attempt it waited for a processor, is not recorded: there the order is a convention.
    """
    return tuple(map(row_of, report.steps))


def row_of(step: StepLine) -> Row:
    """The row of one step."""
    return Row(step, tuple(_pieces(step)))


def _pieces(step: StepLine) -> Iterator[Piece]:
    if not step.attempts:
        return
    split, attempts = step.split, step.attempts
    waits = _Waits(step)
    yield from _piece("inputs", 0.0, split.inputs)
    yield from waits.fill(split.inputs, attempts[0].started, first=True)
    taken = sum(attempt.finished - attempt.started for attempt in attempts)
    held = split.processor / taken if taken > 0 else 0.0
    for attempt, after in pairwise((*attempts, None)):
        if attempt is None:
            return
        middle = attempt.started + (attempt.finished - attempt.started) * held
        yield from _piece("processor", attempt.started, middle)
        yield from _piece("service", middle, attempt.finished, attempt.outcome)
        yield from waits.fill(attempt.finished, after.started if after else step.settled, first=False)


def _piece(kind: Kind, start: float, end: float, outcome: str = "") -> Iterator[Piece]:
    if end - start > _NOTHING:
        yield Piece(kind, start, end, outcome)


class _Waits:
    """What a step waited for, given out to the gaps around its attempts until nothing is left."""

    def __init__(self, step: StepLine) -> None:
        split = step.split
        self._left: dict[Kind, float] = {
            "worker": split.worker,
            "throttle": split.throttle,
            "backoff": split.backoff,
        }

    def fill(self, start: float, end: float, *, first: bool) -> Iterator[Piece]:
        """The gap's pieces. Back-off comes right after an attempt, so it is no part of the ``first`` gap."""
        for kind in _BEFORE_FIRST if first else _BETWEEN:
            left = self._left[kind]
            length = min(left, max(end - start, 0.0))
            self._left[kind] = left - length
            yield from _piece(kind, start, start + length)
            start += length
