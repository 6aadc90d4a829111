"""The two timelines of a run: what each worker did, and what each step waited for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from acp_action.report.drawing import LABELLED, LETTER_HEIGHT, NAME_SHOWN, Canvas, Entry, Label
from acp_action.report.escape import one_line
from acp_action.report.lines import seconds, span_words
from acp_action.report.timeline import lanes
from acp_action.report.waterfall import row_of
from acp_action.report.wording import lost_words, status_words

if TYPE_CHECKING:
    from acp_action.report.drawing import Drawing, Mark
    from acp_action.report.model import RunReport, StepLine
    from acp_action.report.timeline import Bar
    from acp_action.report.waterfall import Piece, Row

_REASON_SHOWN: Final = 160
_LETTER: Final = 0.007
"""What part of the drawing a letter takes on a wide page; a name that would be cut is left out."""

_ENDINGS: Final = {"done": "done", "refused": "again", "transient": "again", "stopped": "stopped"}
_BAD: Final = ("failed", "timed_out", "refused", "doubt")


def draw_lanes(report: RunReport) -> Drawing:
    """A lane for each worker, a bar for each attempt."""
    canvas = Canvas(report)
    found = lanes(report)
    pitch = 30 if len(found) <= 16 else 18 if len(found) <= 40 else 10
    place = {step.name: index for index, step in enumerate(report.steps)}
    entries: list[Entry] = []
    for row, lane in enumerate(found):
        y = canvas.top + row * pitch + pitch // 8
        for bar, after in pairwise((*lane.bars, None)):
            # The last pair has a bar in front as well.
            if bar is None or (at := place[bar.step]) not in canvas.kept:
                continue
            room = (after.start if after else canvas.whole) - bar.start
            kind = _ENDINGS.get(bar.kind, "bad")
            mark = canvas.mark(bar.start, bar.end, y, pitch - pitch // 4, kind, room)
            name = one_line(bar.step, NAME_SHOWN)
            if len(canvas.kept) <= LABELLED and bar.end - bar.start >= len(name) * _LETTER * canvas.whole:
                mark = mark._replace(label=name)
            entries.append(Entry(at, _bar_title(report.steps[at], bar), bar.step in canvas.path, (mark,)))
    labels = (
        Label(
            canvas.top + row * pitch + pitch // 2,
            "given up" if lane.worker < 0 else f"worker {lane.worker + 1}",
        )
        for row, lane in enumerate(found)
        if pitch >= LETTER_HEIGHT or row % 2 == 0
    )
    return canvas.drawing(len(found) * pitch, labels, entries)


def draw_rows(report: RunReport) -> Drawing:
    """A row for each step that was carried out: what it waited for, and when it was worked on."""
    canvas = Canvas(report)
    found = [(index, row_of(report.steps[index])) for index in sorted(canvas.kept)]
    pitch = 22 if len(found) <= LABELLED else 8 if len(found) <= 200 else 3 if len(found) <= 500 else 2
    entries: list[Entry] = []
    for place, (index, row) in enumerate(found):
        y, height = canvas.top + place * pitch + pitch // 8, pitch - pitch // 4
        entries.append(
            Entry(index, _row_title(row), row.step.name in canvas.path, _row_marks(canvas, row, y, height))
        )
    labels = (
        Label(canvas.top + place * pitch + pitch // 2, one_line(row.step.name, NAME_SHOWN))
        for place, (_, row) in enumerate(found)
        if pitch >= LETTER_HEIGHT
    )
    return canvas.drawing(len(found) * pitch, labels, entries)


def _row_marks(canvas: Canvas, row: Row, y: int, height: int) -> tuple[Mark, ...]:
    marks = [canvas.mark(piece.start, piece.end, y, height, _piece_kind(piece)) for piece in row.pieces]
    if marks and row.pieces[-1].kind == "service" and row.step.status in _BAD:
        marks[-1] = marks[-1]._replace(kind="bad")
    return tuple(marks)


def _piece_kind(piece: Piece) -> str:
    if piece.kind != "service" or piece.outcome == "done":
        return piece.kind
    return _ENDINGS.get(piece.outcome, "bad")


def _bar_title(step: StepLine, bar: Bar) -> str:
    many = f", attempt {bar.attempt} of {len(step.attempts)}" if len(step.attempts) > 1 else ""
    is_last = bar.attempt == step.attempts[-1].number
    ended = status_words(step.status) if is_last else bar.kind
    told = (attempt.reason for attempt in step.attempts if attempt.number == bar.attempt)
    why = step.reason if is_last else next(told, "")
    reason = f": {one_line(why, _REASON_SHOWN)}" if why else ""
    when = f"{seconds(bar.start)} to {seconds(bar.end)}"
    return f"{one_line(step.name, NAME_SHOWN)}{many}: {when}, {one_line(ended)}{reason}"


def _row_title(row: Row) -> str:
    step = row.step
    lost = lost_words(step.split)
    waited = f", waited {lost}" if lost else ""
    name, status = one_line(step.name, NAME_SHOWN), status_words(step.status)
    return f"{name}: {span_words(step.split.service)} of service{waited}; {status} at {seconds(step.settled)}"
