"""The board as rows of text: a pure function of its state, the time and the size of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.progress.cells import cells, cut, fill
from acp_action.progress.fold import fold
from acp_action.report.escape import one_line
from acp_action.report.lines import seconds, span_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.progress.board import Board, Line

# Columns are no wider than this, however long the longest name is.
_NAME_CELLS: Final = 32
_MODEL_CELLS: Final = 18
_BAR_CELLS: Final = 60
# Fewer steps than this are seen at a glance.
_BAR_FROM: Final = 12
# Below this width the column of the models makes room for what happens.
_NARROW: Final = 72
_INDENT: Final = "  "
# Less is not worth a word: seconds that are left, USD.
_LEAST_LEFT: Final = 0.5
_LEAST_COST: Final = 0.005

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


class Span(NamedTuple):
    """A piece of a row; ``style``: bold, dim, a colour, or empty."""

    text: str
    style: str = ""


class Row(NamedTuple):
    """One row of the display, as pieces."""

    spans: tuple[Span, ...]

    def __str__(self) -> str:
        return "".join(span.text for span in self.spans)


def render(board: Board, now: float, width: int, height: int = 0, *, ascii_only: bool = False) -> list[Row]:
    """The rows to show at ``now`` (seconds since the run started), none wider than ``width`` cells.

    ``height``: the most rows there may be, 0 for any number; what does not fit is counted instead of shown.
    """
    head = [_title(board, now, width, ascii_only=ascii_only)]
    if len(board.steps) >= _BAR_FROM and board.finished is None and (height == 0 or height > 4):
        head.append(_bar(board, width, ascii_only=ascii_only))
    held = [_held(lane, now, width, ascii_only=ascii_only) for lane in list(board.held.items())]
    room = len(board.lines) if not height else max(height - len(head), 1)
    head += held[: max(room // 3, 0) if height else len(held)]
    room = len(board.lines) if not height else max(height - len(head), 1)
    folded = fold(board.lines, room)
    names = min(max((line.wide + len(_INDENT) * line.depth for line in board.lines), default=0), _NAME_CELLS)
    rows = [*head, *(_row(line, now, width, names, ascii_only=ascii_only) for line in folded.shown)]
    if folded.hidden:
        counts = zip(folded[1:], folded._fields[1:], strict=True)
        told = ", ".join(f"{count} {word}" for count, word in counts if count)
        rows.append(_plain(f"{_INDENT}and {told or 'more'}", width, "dim", ascii_only=ascii_only))
    return rows


def _plain(text: str, width: int, style: str, *, ascii_only: bool) -> Row:
    return Row((Span(cut(text, width, ascii_only=ascii_only), style),))


def _title(board: Board, now: float, width: int, *, ascii_only: bool) -> Row:
    dot = " - " if ascii_only else " · "
    parts = _title_parts(board, now)
    # What can be seen from the rows below goes first where there is no room.
    for extra in ("cost", "running"):
        if cells(dot.join(parts.values())) + 10 > width:
            parts.pop(extra, None)
    told = dot.join(parts.values())
    name = cut(board.title, max(min(width - cells(told) - 2, 60), 8), ascii_only=ascii_only)
    rest = cut(f"{_INDENT}{told}", max(width - cells(name), 0), ascii_only=ascii_only)
    return Row((Span(cut(name, width, ascii_only=ascii_only), "bold"), Span(rest)))


def _title_parts(board: Board, now: float) -> dict[str, str]:
    ended, left = board.finished, board.left(now)
    parts = {"settled": f"{board.settled} of {len(board.steps)} steps"}
    if board.running:
        parts["running"] = f"{board.running} running"
    if board.failed:
        parts["failed"] = f"{board.failed} failed"
    if board.stopping and ended is None:
        parts["stopping"] = f"stopping: {one_line(board.stopping)}"
    parts["time"] = span_words(now if ended is None else ended)
    if left is not None and left >= _LEAST_LEFT:
        parts["left"] = f"about {_roughly(left)} left"
    if board.cost >= _LEAST_COST:
        parts["cost"] = f"{board.cost:.2f} USD"
    return parts


def _roughly(left: float) -> str:
    """Seconds as a guess is told: no finer than it can be known, so that it does not flicker.

    >>> _roughly(3.4), _roughly(47.0), _roughly(133.0)
    ('3s', '45s', '2 min 10 s')
    """
    if left < 10:
        return f"{max(round(left), 1)}s"
    if left < 60:
        return f"{5 * round(left / 5)}s"
    return span_words(10 * round(left / 10))


def _bar(board: Board, width: int, *, ascii_only: bool) -> Row:
    room = max(min(width - len(_INDENT) - 7, _BAR_CELLS), 1)
    steps = max(len(board.steps), 1)
    # Cells are counted up to a border, so that the parts add up to the whole.
    bad, good = round(room * board.failed / steps), round(room * board.settled / steps)
    busy = round(room * (board.settled + board.running) / steps)
    full, empty = ("=", "-") if ascii_only else ("━", "─")
    share = f"{100 * board.settled // steps:>4} %"
    parts = ((full * (good - bad), "green"), (full * bad, "red"), (full * (busy - good), "cyan"))
    spans = [Span(_INDENT), *(Span(text, style) for text, style in parts if text)]
    return Row((*spans, Span(empty * (room - busy), "dim"), Span(share if width > 20 else "")))


def _held(lane: tuple[str, tuple[int, float]], now: float, width: int, *, ascii_only: bool) -> Row:
    name, (waiting, due) = lane
    steps = f"{waiting} step{'' if waiting == 1 else 's'} wait{'s' if waiting == 1 else ''}"
    when = _until(due, now) if due > now else "tried again now and then"
    text = f"rate limit of {one_line(name)}, {when}: {steps}"
    symbol = _SYMBOLS["parked"][ascii_only]
    rest = cut(text, max(width - 4, 0), ascii_only=ascii_only)
    return Row((Span(_INDENT), Span(f"{symbol} ", "yellow"), Span(rest)))


def _until(due: float, now: float) -> str:
    # Rounded up: at nought it should be over.
    return f"{max(int(due - now + 0.999), 0)} s"


def _row(line: Line, now: float, width: int, names: int, *, ascii_only: bool) -> Row:
    symbol, plain, style = _SYMBOLS[line.state]
    indent = _INDENT * (line.depth + 1)
    room = max(width - len(indent) - 2, 0)
    name = fill(line.name, max(names - len(_INDENT) * line.depth, 8), ascii_only=ascii_only)
    tail = _group_tail(line, now) if line.is_group else _tail(line, now)
    middle = f"{line.settled} of {line.total}" if line.is_group else line.model
    if width >= _NARROW:
        middle = fill(middle, _MODEL_CELLS, ascii_only=ascii_only)
    elif not line.is_group:
        middle = ""
    text = cut(
        f"{name}  {middle}  {tail}".rstrip() if middle else f"{name}  {tail}".rstrip(),
        room,
        ascii_only=ascii_only,
    )
    rest = "dim" if style == "dim" else "bold" if line.is_group and line.state == "running" else ""
    return Row((Span(indent), Span(f"{plain if ascii_only else symbol} ", style), Span(text, rest)))


def _group_tail(line: Line, now: float) -> str:
    if line.state == "waiting":
        return ""
    parts = [seconds(now - line.since if line.state == "running" else line.seconds).rjust(6)]
    counts = ((line.failed, "failed"), (line.running, "running"), (line.parked, "held"))
    parts += [f"{count} {word}" for count, word in counts if count]
    return ", ".join(parts)


def _tail(line: Line, now: float) -> str:
    why = f": {one_line(line.reason)}" if line.reason else ""
    if line.state == "waiting":
        return ""
    if line.state == "running":
        about = f" of about {seconds(line.expected)}" if line.expected else ""
        again = f", attempt {line.attempt}" if line.attempt > 1 else ""
        return f"{seconds(now - line.since).rjust(6)}{about}{again}"
    if line.state == "parked" and line.why == "rate limit":
        # Without a time of its own it waits for its provider, which has a row of its own.
        when = f", {_until(line.due, now)}" if line.due > now else ""
        return f"rate limit of {line.provider}{when}{why}"
    if line.state == "parked":
        return f"again in {_until(line.due, now)}{why}"
    if line.state in ("succeeded", "cached"):
        return seconds(line.seconds).rjust(6)
    after = f" after {seconds(line.seconds)}" if line.seconds else ""
    return f"{_WORDS.get(line.state, line.state)}{after}{why}"
