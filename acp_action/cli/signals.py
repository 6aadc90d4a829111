"""Ctrl-C, SIGTERM and a closed terminal: the first ends the run in order, a second ends the process."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Final, Self

from acp_action.engine.cancel import StopSwitch

if TYPE_CHECKING:
    from types import FrameType

_WORDS: Final = {
    signal.SIGINT: "interrupted (Ctrl-C)",
    signal.SIGTERM: "ended by SIGTERM",
    signal.SIGHUP: "the terminal was closed",
}
_SHOW_CURSOR: Final = b"\x1b[?25h"


class Signals:
    """While the context lasts, a signal throws ``switch``; a second one exits at once with ``128 + number``.

    ``number``: the first signal caught, 0 for none. A signal that is ignored when the context begins, as
    after nohup, stays ignored.
    """

    def __init__(self) -> None:
        self.switch = StopSwitch()
        self.number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in _WORDS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self.caught)
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def caught(self, number: int, _frame: FrameType | None = None) -> None:
        """Take note of a signal; also of one that came before the context began."""
        # Nothing here may lock or log: it may interrupt the very code that it would then wait for.
        if self.number:
            if os.isatty(2):
                os.write(2, _SHOW_CURSOR)
            os._exit(128 + number)
        self.number = number
        self.switch.stop(_WORDS[signal.Signals(number)])
