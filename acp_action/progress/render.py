"""The board as rows of text: a pure function of its state, the time and the size of the terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.progress.board import UNSETTLED
from acp_action.report.escape import one_line
from acp_action.report.lines import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acp_action.progress.board import Board, Line

# Columns are no wider than this, however long the longest name is.
_NAME_CELLS: Final = 32
_MODEL_CELLS: Final = 18
_INDENT: Final = "  "

_SYMBOLS: Final[Mapping[str, tuple[str, str, str]]] = {
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
_WORDS: Final = {"timed_out": "timed out", "doubt": "in doubt"}
# When the terminal is too low, rows go in this order, the last ones first.
_URGENCY: Final = ("running", "parked", "failed", "timed_out", "refused", "doubt", "cancelled", "group")


class Row(NamedTuple):
    """One row: ``symbol`` is shown in ``style``, the rest plainly, or dimmed with a dim symbol."""

    indent: str
    symbol: str
    text: str
    style: str

    def __str__(self) -> str:
        return f"{self.indent}{self.symbol} {self.text}".rstrip() if self.symbol else self.text


def render(board: Board, now: float, width: int, height: int = 0, *, ascii_only: bool = False) -> list[Row]:
    """The rows to show at ``now`` (seconds since the run started), none wider than ``width`` cells.

    ``height``: the most rows there may be, 0 for any number; what does not fit is counted instead of shown.
    """
    widths = (_cells(one_line(line.name)) + len(_INDENT) * line.depth for line in board.lines)
    names = min(max(widths, default=0), _NAME_CELLS)
    held = board.held if board.finished is None else ()
    shown = _fold(board.lines, max(height - 1 - len(held), 1) if height else len(board.lines))
    rows = [_title(board, now, width, ascii_only=ascii_only)]
    rows += [_held(lane, due - now, width, ascii_only=ascii_only) for lane, due in held]
    for item in shown:
        if isinstance(item, str):
            rows.append(Row("", "", cut(f"{_INDENT}{item}", width, ascii_only=ascii_only), "dim"))
        else:
            rows.append(_row(item, now, width, names, ascii_only=ascii_only))
    return rows


def _title(board: Board, now: float, width: int, *, ascii_only: bool) -> Row:
    parts = [f"{board.settled} of {len(board.steps)} steps"]
    parts += [f"{board.running} running"] if board.running else []
    parts += [f"{board.failed} failed"] if board.failed else []
    parts += [f"stopping: {one_line(board.stopping)}"] if board.stopping and board.finished is None else []
    parts.append(seconds(now if board.finished is None else board.finished))
    dot = " - " if ascii_only else " · "
    text = f"{one_line(board.title, 60)}{_INDENT}{dot.join(parts)}"
    return Row("", "", cut(text, width, ascii_only=ascii_only), "bold")


def _held(lane: str, left: float, width: int, *, ascii_only: bool) -> Row:
    """A provider whose rate limit lets nothing in, and when the next step is sent to it."""
    symbol, plain, style = _SYMBOLS["parked"]
    when = f"next start in {seconds(left)}" if left > 0 else "tried again now and then"
    text = cut(f"{one_line(lane)}: rate limit, {when}", width - len(_INDENT) - 2, ascii_only=ascii_only)
    return Row(_INDENT, plain if ascii_only else symbol, text, style)


def _row(line: Line, now: float, width: int, names: int, *, ascii_only: bool) -> Row:
    symbol, plain, style = _SYMBOLS[line.state]
    indent = _INDENT * (line.depth + 1)
    room = width - len(indent) - 2
    name = _pad(one_line(line.name), max(names - len(_INDENT) * line.depth, 8), ascii_only=ascii_only)
    middle = f"{line.settled}/{line.total}" if line.is_group else one_line(line.model)
    text = f"{name}  {_pad(middle, _MODEL_CELLS, ascii_only=ascii_only)}  {_tail(line, now)}".rstrip()
    return Row(indent, plain if ascii_only else symbol, cut(text, room, ascii_only=ascii_only), style)


def _tail(line: Line, now: float) -> str:
    why = f": {one_line(line.reason)}" if line.reason else ""
    if line.state == "waiting":
        return ""
    if line.state == "running":
        took = seconds(now - line.since)
        about = f" of about {seconds(line.expected)}" if line.expected and not line.is_group else ""
        return f"{took}{about}{f', attempt {line.attempt}' if line.attempt > 1 else ''}"
    if line.state == "parked":
        if line.limited and line.due <= now:
            return f"waits for the rate limit{why}"
        return f"again in {seconds(max(line.due - now, 0.0))}{why}"
    if line.state in ("succeeded", "cached") or line.is_group:
        return seconds(line.seconds)
    after = f" after {seconds(line.seconds)}" if line.seconds else ""
    return f"{_WORDS.get(line.state, line.state)}{after}{why}"


def _fold(lines: Sequence[Line], room: int) -> Iterator[Line | str]:
    """The lines in order, the least urgent replaced by a count of them when there is no room for all."""
    if len(lines) <= room:
        yield from lines
        return
    # A row that counts stands at the end, so one row less is left for the others.
    ranked = sorted(range(len(lines)), key=lambda i: (_urgency(lines[i]), i))
    kept = sorted(ranked[: max(room - 1, 0)])
    yield from (lines[i] for i in kept)
    hidden = [lines[i] for i in ranked[max(room - 1, 0) :] if not lines[i].is_group]
    waiting = sum(line.state == "waiting" for line in hidden)
    busy = sum(line.state in UNSETTLED for line in hidden) - waiting
    counts = ((len(hidden) - waiting - busy, "done"), (busy, "busy"), (waiting, "waiting"))
    yield f"and {', '.join(f'{n} {word}' for n, word in counts if n) or 'more'}"


def _urgency(line: Line) -> int:
    kind = "group" if line.is_group else line.state
    return _URGENCY.index(kind) if kind in _URGENCY else len(_URGENCY)


def cut(text: str, width: int, *, ascii_only: bool = False) -> str:
    """The text, shortened with an ellipsis when it is wider than ``width`` cells."""
    text = text.encode("ascii", "backslashreplace").decode() if ascii_only else text
    if _cells(text) <= width:
        return text
    end = "..." if ascii_only else "…"
    room, kept = width - len(end), []
    for char in text:
        room -= _cells(char)
        if room < 0:
            break
        kept.append(char)
    return f"{''.join(kept)}{end}"


def _pad(text: str, width: int, *, ascii_only: bool) -> str:
    text = cut(text, width, ascii_only=ascii_only)
    return text + " " * (width - _cells(text))


def _cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
