"""Rows at the end of a terminal, drawn again in place; what is printed meanwhile stands above them."""

from __future__ import annotations

import threading
from typing import IO, TYPE_CHECKING, Final

from acp_action.progress.terminal import COLOURS, styled
from acp_action.redaction import redact
from acp_action.report.cells import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.progress.rows import Row

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_REST_OF_LINE, _REST_OF_SCREEN = "\x1b[K", "\x1b[J"
# Wiped from its second cell on: tmux keeps what is wiped from the first one, and scrolling back would show
# a pile of old displays.
_WIPE: Final = f"\x1b[H{_REST_OF_LINE} {_REST_OF_SCREEN}\r"


class Screen:
    """Owns the last rows of a terminal; safe to use from several threads.

    ``size()``: columns and rows, asked for at every frame, so that a resize is noticed. Only rows that
    changed are written. A terminal that cannot be written to any more is left alone.
    """

    def __init__(self, stream: IO[str], size: Callable[[], tuple[int, int]], *, colours: bool = True) -> None:
        self._stream = stream
        self._size = size
        self._colours = colours
        self._rows: list[tuple[int, str]] = []
        self._columns = 0
        self._lock = threading.RLock()
        self._open = self._gone = False
        self._tail = ""

    def open(self) -> None:
        """Take the end of the terminal, below what stands there; one that is taken stays as it is."""
        with self._lock:
            if not self._open and not self._gone:
                self._rows, self._columns, self._open = [], 0, True
                self._write(_HIDE)

    def release(self) -> None:
        """Leave the terminal to others until it is opened again; the rows stay where they are."""
        with self._lock:
            self._write(_SHOW)
            self._open = False

    def draw(self, rows_for: Callable[[int, int], Sequence[Row]]) -> None:
        """Show the rows for a size of columns and rows; they may be one row less than there are."""
        with self._lock:
            columns, height = self._size()
            rows = [self._painted(row, columns) for row in rows_for(columns, height - 1)]
            self._write(self._change(rows, columns))

    def print(self, text: str) -> None:
        """Write text above the rows; the part behind its last line end waits for one."""
        with self._lock:
            lines, end, rest = (self._tail + text).rpartition("\n")
            self._tail = rest
            if end and self._open:
                kept = "".join(f"{row}\n" for _, row in self._rows)
                self._write(f"{self._to_top(self._size()[0])}{_REST_OF_SCREEN}{lines}\n{kept}")
            elif end:
                self._send(f"{lines}\n")

    def close(self) -> None:
        """Leave the rows where they are, with the cursor below them; nothing is drawn after that."""
        with self._lock:
            if self._tail:
                self.print("\n")
            self._write(_SHOW)
            self._open = False

    def _change(self, rows: list[tuple[int, str]], columns: int) -> str:
        """What turns the rows that are shown into these. The cursor stands below them, before and after."""
        parts = [self._to_top(columns)]
        resized = columns != self._columns
        if resized:
            parts.append(_REST_OF_SCREEN)
        for place, (wide, row) in enumerate(rows):
            if not resized and place < len(self._rows) and self._rows[place] == (wide, row):
                parts.append("\n")
            else:
                # In a full row the cursor stands on the last cell, which must not be wiped out.
                parts.append(f"{row}{_REST_OF_LINE if wide < columns else ''}\n")
        parts.append(_REST_OF_SCREEN)
        self._rows, self._columns = rows, columns
        return "".join(parts)

    def _to_top(self, columns: int) -> str:
        """To the first row.

        A terminal that became narrower has broken the rows that are too wide for it, each in its own way,
        and some of them before they say that they are: then the whole screen is wiped instead.
        """
        if any(wide > columns for wide, _ in self._rows):
            return _WIPE
        return f"\r\x1b[{len(self._rows)}A" if self._rows else "\r"

    def _painted(self, row: Row, columns: int) -> tuple[int, str]:
        text = "".join(self._paint(span.text, span.style) for span in row.spans)
        return min(cells(str(row)), columns), text

    def _paint(self, text: str, style: str) -> str:
        if not style or not text or (style in COLOURS and not self._colours):
            return text
        return styled(text, style)

    def _write(self, text: str) -> None:
        if self._open:
            self._send(text)

    def _send(self, text: str) -> None:
        if self._gone:
            return
        try:
            self._stream.write(redact(text))
            self._stream.flush()
        except (OSError, ValueError):
            self._open, self._gone = False, True
