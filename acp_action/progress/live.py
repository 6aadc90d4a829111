"""The board on a terminal, drawn again a few times a second; rich does the drawing."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, Self

from acp_action.events import RunStarted
from acp_action.progress.render import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console, Group

    from acp_action.events import Event
    from acp_action.progress.board import Board

# Often enough for tenths of a second to move, seldom enough to be calm.
_FRAMES_PER_SECOND: Final = 5


def wants_live(environ: Mapping[str, str]) -> bool:
    """Whether standard error is a terminal that a display can be drawn on again and again."""
    return bool(sys.stderr and sys.stderr.isatty()) and environ.get("TERM", "") not in ("", "dumb", "unknown")


def wants_ascii(encoding: str | None, environ: Mapping[str, str]) -> bool:
    """Whether only ASCII can be shown; the C locale says so even where Python writes UTF-8."""
    if (encoding or "").lower().replace("-", "").replace("_", "") not in ("utf8", "utf8sig"):
        return True
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return locale in ("C", "POSIX")


class LiveBoard:
    """Shows a board on standard error while the context lasts, and leaves its last state there.

    Hears events like any listener. What is written to ``sys.stderr`` meanwhile appears above the board.
    """

    def __init__(self, board: Board, environ: Mapping[str, str]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._board = board
        self._begin = time.monotonic()
        self._console: Console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._ascii = wants_ascii(sys.stderr.encoding, environ)
        self._live = Live(
            console=self._console,
            get_renderable=self._frame,
            refresh_per_second=_FRAMES_PER_SECOND,
            redirect_stdout=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of an event; it is seen with the next frame."""
        if isinstance(event, RunStarted):
            self._begin = time.monotonic() - event.at
        self._board(event)

    def _frame(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        now = time.monotonic() - self._begin
        rows = render(self._board, now, self._console.width, self._console.height - 1, ascii_only=self._ascii)
        return Group(*(Text.assemble(*_spans(row), no_wrap=True, overflow="crop") for row in rows))


def _spans(row: Any) -> list[Any]:
    rest = row.style if row.style in ("dim", "bold") else ""
    lead = [row.indent, (f"{row.symbol} ", row.style)] if row.symbol else []
    return [*lead, (row.text, rest)]
