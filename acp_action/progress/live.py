"""The board on a terminal, drawn again a few times a second."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any, Final, Self, cast

from acp_action.events import RunStarted
from acp_action.progress.render import render
from acp_action.progress.screen import Screen
from acp_action.progress.terminal import is_behind, size_of, wants_ascii, wants_colours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.events import Event
    from acp_action.progress.board import Board
    from acp_action.progress.rows import Row

# Often enough for tenths of a second to move, seldom enough to be calm.
_BETWEEN_FRAMES: Final = 0.2
# Frames take no more of the run's time than this, however many steps there are.
_MOST_OF_TIME: Final = 0.05


class LiveBoard:
    """Shows a board on standard error while the context lasts, and leaves its last state there.

    Hears events like any listener. What is written to ``sys.stderr`` meanwhile appears above the board.
    """

    def __init__(self, board: Board, environ: Mapping[str, str]) -> None:
        self._board = board
        self._begin = time.monotonic()
        self._stream = sys.stderr
        self._ascii = wants_ascii(self._stream.encoding, environ)
        self._screen = Screen(self._stream, lambda: size_of(self._stream), colours=wants_colours(environ))
        self._over = threading.Event()
        self._before: Any = None
        self._painter = threading.Thread(target=self._paint, name="acp-display", daemon=True)

    def __enter__(self) -> Self:
        self._screen.open()
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGTSTP) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGTSTP, self._suspend)
        self._draw()
        sys.stderr = cast("IO[str]", _Above(self._screen, self._stream))
        self._painter.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._painter.join()
        sys.stderr = self._stream
        self._draw()
        self._screen.close()
        if self._before is not None:
            signal.signal(signal.SIGTSTP, self._before)

    def __call__(self, event: Event) -> None:
        """Take note of an event; it is seen with the next frame."""
        if isinstance(event, RunStarted):
            self._begin = time.monotonic() - event.at
        self._board(event)

    def _suspend(self, number: int, _frame: object) -> None:
        """Ctrl-Z: the shell gets a whole terminal, and after ``fg`` the display goes on below it."""
        self._screen.release()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here the process was stopped, and goes on.
        signal.signal(number, self._suspend)
        self._screen.open()

    def _paint(self) -> None:
        pause = _BETWEEN_FRAMES
        while not self._over.wait(pause):
            begin = time.thread_time()
            self._draw()
            pause = pause_after(time.thread_time() - begin)

    def _draw(self) -> None:
        if is_behind(self._stream):
            self._screen.release()
            return
        self._screen.open()
        now = time.monotonic() - self._begin

        def rows_for(columns: int, height: int) -> Sequence[Row]:
            return render(self._board, now, columns, height, ascii_only=self._ascii)

        self._screen.draw(rows_for)


def pause_after(cost: float) -> float:
    """Seconds to the next frame, after one that kept the processor for ``cost`` seconds.

    >>> pause_after(0.001), pause_after(0.05)
    (0.2, 1.0)
    """
    return max(_BETWEEN_FRAMES, cost / _MOST_OF_TIME)


class _Above:
    """Stands in for standard error: what is written there appears above the display."""

    def __init__(self, screen: Screen, stream: IO[str]) -> None:
        self._screen = screen
        self._stream = stream

    def write(self, text: str) -> int:
        self._screen.print(text)
        return len(text)

    def flush(self) -> None:
        """Nothing to do: every line is written at once."""

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
