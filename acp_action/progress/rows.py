"""A line of the board as a row of text: its symbol, its name, and what there is to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.progress.board import BAD, INDENT
from acp_action.report.cells import cells, cut, fill
from acp_action.report.escape import one_line
from acp_action.report.lines import is_minute, seconds, span_words
from acp_action.report.wording import status_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.progress.board import Board, Line

# Columns are no wider than this, however long the longest name is.
_NAME_CELLS: Final = 32
_MODEL_CELLS: Final = 18
# Nor does the column of the names take more of a narrow terminal than this.
_NAMES_OF_ALL: Final = 0.4
_LEAST_NAME: Final = 8
_TIME_CELLS: Final = 6
_MINUTE: Final = 60
# Below this width the column of the models makes room for what happens.
_NARROW: Final = 72

SYMBOLS: Final[Mapping[str, tuple[str, str, str]]] = {
    # state: symbol, its stand-in where only ASCII can be shown, style
    "waiting": ("·", ".", "dim"),
    "running": ("●", "*", "cyan"),
    "parked": ("↻", "~", "yellow"),
    "succeeded": ("✓", "+", "green"),
    "cached": ("=", "=", "green"),
    "failed": ("✗", "x", "red"),
    "timed_out": ("✗", "x", "red"),
    "refused": ("✗", "x", "red"),
    "doubt": ("?", "?", "red"),
    "cancelled": ("–", "-", "yellow"),
    "skipped": ("–", "-", "dim"),
}


class Span(NamedTuple):
    """A piece of a row; ``style``: bold, dim, a colour, or empty."""

    text: str
    style: str = ""


class Row(NamedTuple):
    """One row of the display, as pieces."""

    spans: tuple[Span, ...]

    def __str__(self) -> str:
        return "".join(span.text for span in self.spans)


class Layout(NamedTuple):
    """How rows are laid out: the width of all, of the names with their indent, and of what is behind them."""

    width: int
    names: int
    middles: int
    ascii_only: bool


def layout_of(board: Board, width: int, *, ascii_only: bool) -> Layout:
    """The columns of a board on a terminal of this width; the same from the first frame to the last."""
    names = min(board.widths.names, _NAME_CELLS, max(int(width * _NAMES_OF_ALL), _LEAST_NAME))
    middles = min(board.widths.middles, _MODEL_CELLS) if width >= _NARROW else 0
    return Layout(width, names, middles, ascii_only)


def row_of(line: Line, board: Board, now: float, layout: Layout) -> Row:
    """The row of a step or group, none wider than the terminal."""
    symbol, plain, style = SYMBOLS[line.state]
    indent = INDENT * (line.depth + 1)
    room = max(layout.width - len(indent) - 2, 0)
    names = max(layout.names - len(INDENT) * line.depth, min(line.wide, _LEAST_NAME))
    name = fill(line.name, names, ascii_only=layout.ascii_only)
    if line.is_group:
        text = _group_text(line, now, name, room, layout)
    else:
        text = _step_text(line, board, now, name, room, layout)
    rest = "dim" if style == "dim" else "bold" if line.is_group and line.state == "running" else ""
    shown = cut(text.rstrip(), room, ascii_only=layout.ascii_only)
    return Row((Span(indent), Span(f"{plain if layout.ascii_only else symbol} ", style), Span(shown, rest)))


def _group_text(line: Line, now: float, name: str, room: int, layout: Layout) -> str:
    """Its counts, as many as there is room for; what went wrong comes first."""
    counts = ((line.failed, "failed"), (line.running, "running"), (line.parked, "held"))
    words = [f"{count} {word}" for count, word in counts if count]
    settled = line.count(line.settled)
    if layout.middles:
        name = f"{name}  {fill(settled, layout.middles)}"
    else:
        words.insert(0, settled)
    if line.state == "waiting":
        return f"{name}  {'' if layout.middles else settled}"
    time = _time(now - line.since if line.state == "running" else line.seconds)
    while len(words) > 1 and cells(f"{name}  {', '.join([time, *words])}") > room:
        words.pop()
    return f"{name}  {', '.join([time, *words])}"


def _step_text(line: Line, board: Board, now: float, name: str, room: int, layout: Layout) -> str:
    time, words = _told(line, board, now)
    model = f"  {fill(line.model, layout.middles, ascii_only=layout.ascii_only)}" if layout.middles else ""
    # What has no time has its words where times begin.
    gap = INDENT if time and line.state != "running" else ""
    end = f"  {time}{gap}{words}"
    # What went wrong, and what is waited for, is worth more than the model.
    least = words if line.state in BAD else words.partition(": ")[0]
    if line.state not in ("waiting", "running") and cells(f"{name}{model}  {time}{gap}{least}") > room:
        model = ""
    return f"{name}{model}{end}"


def _told(line: Line, board: Board, now: float) -> tuple[str, str]:
    """The time of a step, and what there is to say of it besides."""
    if line.state == "waiting":
        return "", f"rate limit of {line.provider}" if board.is_kept_back(line, now) else ""
    if line.state == "running":
        return _time(now - line.since), _under_way(line)
    if line.state == "parked":
        return "", _parked(line, board, now)
    if line.state in ("succeeded", "cached"):
        return _time(line.seconds), ""
    why = _why(one_line(line.reason), one_line(board.stopping))
    word = status_words(line.state)
    return _time(line.seconds) if line.seconds else "", f"{word}: {why}" if why else word


def _under_way(line: Line) -> str:
    # What is expected is counted from when the work begins.
    about = f" of about {roughly(line.expected)}" if line.expected and not line.where else ""
    again = f", attempt {line.attempt}" if line.attempt > 1 else ""
    return f"{about}{again}" + (f", {line.where}" if line.where else "")


def _parked(line: Line, board: Board, now: float) -> str:
    reason = one_line(line.reason)
    if board.is_kept_back(line, now):
        # Without a time of its own it waits for its provider, which has a row of its own.
        when = f", {until(line.due, now)}" if line.due > now else ""
        told = f"rate limit of {line.provider}{when}"
        reason = reason.removeprefix(f"{line.provider}: ")
    else:
        told = f"again in {until(line.due, now)}" if line.due > now else "again when there is room"
    return f"{told}: {reason}" if reason else told


def _why(reason: str, stopped: str) -> str:
    """A reason without what is said of the whole run already."""
    if not stopped:
        return reason
    for lead in ("because the run was stopped: ", "the run was stopped: ", "because ", ""):
        if reason.startswith(lead + stopped):
            return reason.removeprefix(lead + stopped).lstrip("; ")
    return reason


def _time(value: float) -> str:
    """A time in six cells at the most.

    >>> _time(2.25), _time(59.97), _time(312.4), _time(7320.0)
    ('  2.2s', ' 1m00s', ' 5m12s', ' 2h02m')
    """
    whole = round(value)
    if not is_minute(value):
        told = seconds(value)
    elif whole < 60 * _MINUTE:
        told = f"{whole // 60}m{whole % 60:02}s"
    else:
        told = f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return told.rjust(_TIME_CELLS)


def roughly(value: float) -> str:
    """Seconds as a guess is told: no finer than it can be known, so that it does not flicker.

    >>> roughly(0.34), roughly(3.44), roughly(47.0), roughly(133.0)
    ('0.3s', '3.4s', '45s', '2 min 10 s')
    """
    if value < 10:
        return seconds(value)
    if value < _MINUTE - 2.5:
        return f"{5 * round(value / 5)}s"
    return span_words(10 * round(value / 10))


def until(due: float, now: float) -> str:
    """The seconds to a moment, rounded up: at nought it should be over."""
    return f"{max(int(due - now + 0.999), 0)} s"
