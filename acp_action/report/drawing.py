"""Timelines ready to be drawn: places along the run in percent, places down the page in pixels, and words.

Percent, so that one drawing fits a phone and a wall, and is zoomed by making it wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.report.escape import one_line
from acp_action.report.frame import brackets, ticks
from acp_action.report.lines import seconds
from acp_action.report.timeline import lanes, span
from acp_action.report.waterfall import rows
from acp_action.report.wording import lost_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.report.model import RunReport, StepLine
    from acp_action.report.timeline import Bar
    from acp_action.report.waterfall import Row

MOST: Final = 4000
"""Most steps in a drawing; of more, those that failed, the critical path and the longest are kept."""

_NAME_SHOWN: Final = 60
_REASON_SHOWN: Final = 160
_LABELLED: Final = 60
"""Most rows or bars that carry their names."""

_TICK_HEIGHT: Final = 22
_BRACKET_HEIGHT: Final = 20
_THIN: Final = 0.1
"""Percent of the run below which a bar would not be seen; it is drawn so wide where there is room."""

_ENDINGS: Final = {"done": "done", "refused": "again", "transient": "again", "stopped": "stopped"}


class Mark(NamedTuple):
    """A rectangle; ``kind`` is what it stands for, ``label`` what is written in it."""

    x: str
    width: str
    y: int
    height: int
    kind: str
    label: str = ""


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
    """A mark of the axis."""

    x: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One timeline. ``height`` in pixels; ``top``: where lanes begin; ``left_out``: steps not drawn."""

    height: int
    top: int
    labels: tuple[Label, ...]
    points: tuple[Point, ...]
    groups: tuple[Mark, ...]
    entries: tuple[Entry, ...]
    left_out: int


def draw_lanes(report: RunReport) -> Drawing:
    """A lane for each worker, a bar for each attempt."""
    whole = span(report)
    found = lanes(report)
    kept = _kept(report)
    names = len(kept) <= _LABELLED
    place = {step.name: index for index, step in enumerate(report.steps)}
    path = {item.step for item in report.critical_path}
    groups, top = _groups(report, whole)
    pitch = 30 if len(found) <= 16 else 18 if len(found) <= 40 else 10
    entries = []
    for row, lane in enumerate(found):
        y = top + row * pitch + pitch // 8
        for bar, after in pairwise((*lane.bars, None)):
            if bar is None or place[bar.step] not in kept:
                continue
            room = (after.start if after else whole) - bar.start
            mark = _mark(
                bar.start, bar.end, whole, y, pitch - pitch // 4, _ENDINGS.get(bar.kind, "bad"), room
            )
            if names:
                mark = mark._replace(label=one_line(bar.step, _NAME_SHOWN))
            step = report.steps[place[bar.step]]
            entries.append(Entry(place[bar.step], _bar_title(step, bar), bar.step in path, (mark,)))
    titles = ("given up" if lane.worker < 0 else f"worker {lane.worker + 1}" for lane in found)
    labels = tuple(Label(top + row * pitch + pitch // 2, title) for row, title in enumerate(titles))
    if pitch < 14:
        labels = labels[::5]
    height = top + len(found) * pitch + 4
    return Drawing(height, top, labels, _points(whole), groups, tuple(entries), _tried(report) - len(kept))


def draw_rows(report: RunReport) -> Drawing:
    """A row for each step that was carried out: what it waited for, and when it was worked on."""
    whole = span(report)
    kept = _kept(report)
    path = {item.step for item in report.critical_path}
    found = [(index, row) for index, row in enumerate(rows(report)) if index in kept]
    groups, top = _groups(report, whole)
    pitch = 22 if len(found) <= _LABELLED else 8 if len(found) <= 200 else 4
    entries = []
    for place, (index, row) in enumerate(found):
        y = top + place * pitch + pitch // 8
        marks = tuple(
            _mark(piece.start, piece.end, whole, y, pitch - pitch // 4, piece.kind) for piece in row.pieces
        )
        entries.append(Entry(index, _row_title(row), row.step.name in path, marks))
    labels = tuple(
        Label(top + place * pitch + pitch // 2, one_line(row.step.name, _NAME_SHOWN))
        for place, (_, row) in enumerate(found)
        if len(found) <= _LABELLED
    )
    height = top + len(found) * pitch + 4
    return Drawing(height, top, labels, _points(whole), groups, tuple(entries), _tried(report) - len(kept))


def percent(value: float) -> str:
    """A part of one as percent, within 0 and 100.

    >>> percent(0.5), percent(1 / 3), percent(-1.0)
    ('50%', '33.333%', '0%')
    """
    return f"{min(max(100 * value, 0.0), 100.0):.3f}".rstrip("0").rstrip(".") + "%"


def _mark(start: float, end: float, whole: float, y: int, height: int, kind: str, room: float = 0.0) -> Mark:
    scale = 1 / whole if whole > 0 else 0.0
    width = max((end - start) * scale, min(_THIN / 100, room * scale))
    return Mark(percent(start * scale), percent(width), y, height, kind)


def _points(whole: float) -> tuple[Point, ...]:
    scale = 1 / whole if whole > 0 else 0.0
    return tuple(Point(percent(tick.at * scale), tick.label) for tick in ticks(whole))


def _groups(report: RunReport, whole: float) -> tuple[tuple[Mark, ...], int]:
    found = brackets(report)
    levels = 1 + max((bracket.level for bracket in found), default=-1)
    marks = tuple(
        _mark(
            b.start, b.end, whole, _TICK_HEIGHT + b.level * _BRACKET_HEIGHT, _BRACKET_HEIGHT, "group"
        )._replace(label=one_line(b.group, _NAME_SHOWN))
        for b in found
    )
    return marks, _TICK_HEIGHT + levels * _BRACKET_HEIGHT + 4


def _tried(report: RunReport) -> int:
    return sum(bool(step.attempts) for step in report.steps)


def _kept(report: RunReport) -> set[int]:
    """The places of the steps to draw: of too many those that matter most."""
    path = {item.step for item in report.critical_path}

    def weight(pair: tuple[int, StepLine]) -> tuple[bool, bool, float]:
        step = pair[1]
        return (step.status in ("succeeded", "cached"), step.name not in path, -step.split.service)

    tried: Iterable[tuple[int, StepLine]] = (p for p in enumerate(report.steps) if p[1].attempts)
    return {index for index, _ in sorted(tried, key=weight)[:MOST]}


def _bar_title(step: StepLine, bar: Bar) -> str:
    many = f", attempt {bar.attempt} of {len(step.attempts)}" if len(step.attempts) > 1 else ""
    ended = step.status.replace("_", " ") if bar.attempt == len(step.attempts) else one_line(bar.kind)
    why = step.attempts[bar.attempt - 1].reason if 0 < bar.attempt <= len(step.attempts) else ""
    reason = f": {one_line(why, _REASON_SHOWN)}" if why else ""
    when = f"{seconds(bar.start)} to {seconds(bar.end)}"
    return f"{one_line(step.name, _NAME_SHOWN)}{many}: {when}, {ended}{reason}"


def _row_title(row: Row) -> str:
    step = row.step
    lost = lost_words(step.split)
    waited = f", waited {lost}" if lost else ""
    name, status = one_line(step.name, _NAME_SHOWN), step.status.replace("_", " ")
    return f"{name}: {seconds(step.split.service)} of service{waited}; {status} at {seconds(step.settled)}"
