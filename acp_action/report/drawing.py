"""Timelines ready to be drawn: places along the run in percent, places down the page in pixels, and words.

Percent, so that one drawing fits a phone and a wall, and is zoomed by making it wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.report.escape import one_line
from acp_action.report.frame import brackets, ticks
from acp_action.report.timeline import span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.report.frame import Tick
    from acp_action.report.model import RunReport

MOST: Final = 2000
"""Most steps in a drawing; of more, those that failed, the critical path and the longest are kept."""

NAME_SHOWN: Final = 60
"""Characters of a name."""

LABELLED: Final = 60
"""Most rows or bars that carry their names."""

LETTER_HEIGHT: Final = 14
"""Pixels that a line of text takes."""

_TICK_HEIGHT: Final = 22
_BRACKET_HEIGHT: Final = 20
_EDGE: Final = 0.96
"""From this part of the axis on a label would be cut at its end."""

_THIN: Final = 0.1
"""Percent of the run below which a bar would not be seen; it is drawn so wide where there is room."""

LEGEND: Final = (
    ("crit", "critical path"),
    ("done", "at work"),
    ("service", "at work"),
    ("again", "tried again later"),
    ("bad", "failed"),
    ("stopped", "stopped"),
    ("inputs", "waits for inputs"),
    ("worker", "waits for a worker"),
    ("throttle", "waits for a rate limit"),
    ("backoff", "in back-off after a failure"),
    ("processor", "waits for a processor"),
)
"""Every kind of mark, in words."""


class Mark(NamedTuple):
    """A rectangle; ``kind`` is what it stands for, ``label`` what is written in it."""

    x: str
    width: str
    y: int
    height: int
    kind: str
    label: str = ""


class Bracket(NamedTuple):
    """A group: its time, its place down the page, and as ``room`` the width up to the next one beside it."""

    x: str
    width: str
    room: str
    y: int
    height: int
    label: str


class Entry(NamedTuple):
    """What belongs to one step or attempt: its marks, its details, and the step's place in the report."""

    step: int
    title: str
    critical: bool
    marks: tuple[Mark, ...]


class Label(NamedTuple):
    """A name beside a lane or row; ``y`` is its middle."""

    y: int
    text: str


class Point(NamedTuple):
    """A mark of the axis; ``anchor``: which end of the label stands at it, so that none sticks out."""

    x: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Drawing:
    """One timeline. ``height`` in pixels; ``left_out``: steps not drawn."""

    height: int
    labels: tuple[Label, ...]
    points: tuple[Point, ...]
    groups: tuple[Bracket, ...]
    entries: tuple[Entry, ...]
    left_out: int

    @property
    def dense(self) -> bool:
        """Whether there are so many bars that none has room for a name or a gap beside it."""
        return len(self.entries) > LABELLED

    @property
    def kinds(self) -> set[str]:
        """What is drawn: the kinds of its marks, and ``crit`` where something is on the critical path."""
        found = {mark.kind for entry in self.entries for mark in entry.marks}
        return found | ({"crit"} if any(entry.critical for entry in self.entries) else set())


def percent(value: float) -> str:
    """A part of one as percent, within 0 and 100.

    >>> percent(0.5), percent(1 / 3), percent(-1.0)
    ('50%', '33.333%', '0%')
    """
    return f"{min(max(100 * value, 0.0), 100.0):.3f}".rstrip("0").rstrip(".") + "%"


class Canvas:
    """The frame of a report's timelines: its scale, its axis, its groups, and the steps that are drawn."""

    def __init__(self, report: RunReport) -> None:
        self.whole = span(report)
        self._scale = 1 / self.whole if self.whole > 0 else 0.0
        self._brackets, levels = self._grouped(report)
        self.top = _TICK_HEIGHT + levels * _BRACKET_HEIGHT + 4
        self.path = {item.step for item in report.critical_path}
        self.kept = self._kept(report)
        self._left_out = sum(bool(step.attempts) for step in report.steps) - len(self.kept)

    def mark(self, start: float, end: float, y: int, height: int, kind: str, room: float = 0.0) -> Mark:
        """A rectangle over these seconds; one that is too thin to be seen takes of ``room`` seconds."""
        # A report may have been made by anybody, with times that no run has.
        before = max(-start, 0.0)
        start += before
        width = max((end - start) * self._scale, min(_THIN / 100, (room - before) * self._scale))
        return Mark(percent(start * self._scale), percent(width), y, height, kind)

    def drawing(self, height: int, labels: Iterable[Label], entries: Iterable[Entry]) -> Drawing:
        """The timeline with lanes or rows of ``height`` pixels in all."""
        points = tuple(self._point(tick) for tick in ticks(self.whole))
        whole = self.top + height + 4
        return Drawing(whole, tuple(labels), points, self._brackets, tuple(entries), self._left_out)

    def _point(self, tick: Tick) -> Point:
        part = tick.at * self._scale
        anchor = "start" if part == 0 else "end" if part > _EDGE else "middle"
        return Point(percent(part), tick.label, anchor)

    def _grouped(self, report: RunReport) -> tuple[tuple[Bracket, ...], int]:
        found = brackets(report)
        levels = 1 + max((bracket.level for bracket in found), default=-1)
        ends = [self.whole] * levels
        marks = []
        for one in reversed(found):
            width, room = one.end - one.start, ends[one.level] - one.start
            x, *sizes = (percent(value * self._scale) for value in (one.start, width, room))
            y, name = _TICK_HEIGHT + one.level * _BRACKET_HEIGHT, one_line(one.group, NAME_SHOWN)
            marks.append(Bracket(x, sizes[0], sizes[1], y, _BRACKET_HEIGHT, name))
            ends[one.level] = one.start
        return tuple(marks), levels

    def _kept(self, report: RunReport) -> frozenset[int]:
        def weight(place: int) -> tuple[bool, bool, float]:
            step = report.steps[place]
            return (step.status in ("succeeded", "cached"), step.name not in self.path, -step.split.service)

        tried = (place for place, step in enumerate(report.steps) if step.attempts)
        return frozenset(sorted(tried, key=weight)[:MOST])
