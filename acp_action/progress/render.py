"""The board as rows of text: a pure function of its state, the time and the size of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.catalogue.prices import usd
from acp_action.progress.board import INDENT
from acp_action.progress.fold import fold
from acp_action.progress.rows import SYMBOLS, Row, Span, layout_of, roughly, row_of, until
from acp_action.report.cells import cells, cut, fill
from acp_action.report.escape import one_line
from acp_action.report.lines import span_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.progress.board import Board

_BAR_CELLS: Final = 60
# Fewer steps than this are seen at a glance.
_BAR_FROM: Final = 12
# On a terminal that is lower than this, steps are worth more than a bar.
_BAR_ROWS: Final = 5
_TITLE_CELLS: Final = 60
_LEAST_TITLE: Final = 8
# Less is not worth a word: seconds that are left, USD.
_LEAST_LEFT: Final = 0.5
_LEAST_COST: Final = 0.005
_CTRL_C: Final = "Ctrl-C"
_WORD: Final = " steps"
# What of a title goes first where there is no room for all; rows below tell the most of it as well.
_SPARED: Final = ("running", "cost", _WORD, "time", "left")


class _Frame(NamedTuple):
    """What all rows of a picture have in common."""

    board: Board
    now: float
    width: int
    ascii_only: bool

    def cut(self, text: str, width: int) -> str:
        return cut(text, max(width, 0), ascii_only=self.ascii_only)


def render(board: Board, now: float, width: int, height: int = 0, *, ascii_only: bool = False) -> list[Row]:
    """The rows to show at ``now`` (seconds since the run started), none wider than ``width`` cells.

    ``height``: the most rows there may be, 0 for any number; what does not fit is counted instead of shown.
    """
    frame = _Frame(board, now, width, ascii_only)
    ended = board.finished is not None
    head = [_title(frame)]
    if len(board.steps) >= _BAR_FROM and not ended and (height == 0 or height >= _BAR_ROWS):
        head.append(_bar(frame))
    notes = [*_stop(frame), *_holds(frame)]
    head += notes[: max((height - len(head)) // 3, 0)] if height else notes
    folded = fold(board.lines, max(height - len(head), 1) if height else len(board.lines), ended=ended)
    layout = layout_of(board, width, ascii_only=ascii_only)
    rows = [*head, *(row_of(line, board, now, layout) for line in folded.shown)]
    if folded.hidden:
        counts = zip(folded[1:], folded._fields[1:], strict=True)
        told = ", ".join(f"{count} {word}" for count, word in counts if count)
        rows.append(Row((Span(frame.cut(f"{INDENT}and {told or 'more'}", width), "dim"),)))
    return rows


def _title(frame: _Frame) -> Row:
    dot = " - " if frame.ascii_only else " · "
    parts = _title_parts(frame.board, frame.now)
    least = min(cells(frame.board.title), _LEAST_TITLE) + len(INDENT)
    for part in _SPARED:
        if cells(dot.join(parts.values())) + least > frame.width:
            parts.pop(part, None)
            parts["settled"] = parts["settled"].removesuffix(part)
    told = dot.join(parts.values())
    room = max(min(frame.width - cells(told) - len(INDENT), _TITLE_CELLS), _LEAST_TITLE)
    # A mark that fill leaves behind letters from right to left keeps the figures where they are.
    name = frame.cut(frame.board.title, min(room, frame.width))
    name = fill(name, cells(name), ascii_only=frame.ascii_only)
    return Row((Span(name, "bold"), Span(frame.cut(f"{INDENT}{told}", frame.width - cells(name)))))


def _title_parts(board: Board, now: float) -> dict[str, str]:
    ended, left = board.finished, board.left(now)
    parts = {"settled": f"{board.settled} of {len(board.steps)}{_WORD}"}
    if board.running:
        parts["running"] = f"{board.running} running"
    if board.failed:
        parts["failed"] = f"{board.failed} failed"
    parts["time"] = span_words(now if ended is None else ended)
    if left is not None and left >= _LEAST_LEFT:
        parts["left"] = f"about {_whole(left)} left"
    if board.cost >= _LEAST_COST:
        # Whole cents: the figure is looked at, not reckoned with.
        parts["cost"] = usd(round(board.cost, 2))
    return parts


def _whole(left: float) -> str:
    return f"{max(round(left), 1)}s" if left < 10 else roughly(left)


def _bar(frame: _Frame) -> Row:
    board = frame.board
    room = max(min(frame.width - len(INDENT) - 7, _BAR_CELLS), 1)
    steps = max(len(board.steps), 1)
    # Cells are counted up to a border, so that the parts add up to the whole.
    bad, good = round(room * board.failed / steps), round(room * board.settled / steps)
    busy = round(room * (board.settled + board.running) / steps)
    full, empty = ("=", "-") if frame.ascii_only else ("━", "─")
    share = f"{100 * board.settled // steps:>4} %"
    parts = ((full * (good - bad), "green"), (full * bad, "red"), (full * (busy - good), "cyan"))
    spans = [Span(INDENT), *(Span(text, style) for text, style in parts if text)]
    return Row((*spans, Span(empty * (room - busy), "dim"), Span(share if frame.width > 20 else "")))


def _stop(frame: _Frame) -> Iterator[Row]:
    """Why the run stops, and while it does, what it waits for."""
    board = frame.board
    if not board.stopping:
        return
    if board.finished is not None:
        yield _note(frame, "cancelled", f"stopped: {one_line(board.stopping)}")
        return
    reason, busy = one_line(board.stopping), "1 step" if board.running == 1 else f"{board.running:,} steps"
    if not board.running:
        yield _note(frame, "cancelled", f"stopping: {reason}")
    elif _CTRL_C in reason:
        # Who pressed it knows why.
        yield _note(frame, "cancelled", f"stopping: waiting for {busy}; {_CTRL_C} again does not wait")
    else:
        yield _note(frame, "cancelled", f"stopping: {reason}; waiting for {busy}")


def _holds(frame: _Frame) -> Iterator[Row]:
    """The limits that hold steps: whose, until when, and how many."""
    board, now = frame.board, frame.now
    if board.stopping:
        return
    kept, lanes = board.kept_back(now), list(board.held.items())
    for lane, (waiting, due) in lanes:
        when = until(due, now) if due > now else "tried again now and then"
        yield _note(
            frame, "parked", f"rate limit of {one_line(lane)}, {when}: {_wait(kept.get(lane) or waiting)}"
        )
    told = {lane.partition(" ")[0] for lane, _ in lanes}
    for provider, count in kept.items():
        if provider not in told:
            yield _note(frame, "parked", f"rate limit of {provider}: {_wait(count)}")


def _wait(steps: int) -> str:
    return "1 step waits" if steps == 1 else f"{steps:,} steps wait"


def _note(frame: _Frame, state: str, text: str) -> Row:
    symbol, plain, style = SYMBOLS[state]
    mark = f"{plain if frame.ascii_only else symbol} "
    return Row(
        (Span(INDENT), Span(mark, style), Span(frame.cut(text, frame.width - len(INDENT) - len(mark))))
    )
