"""Ctrl-C, SIGTERM and a closed terminal: the first ends the run in order, a second ends the process."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

from acp_action.engine.cancel import StopSwitch

if TYPE_CHECKING:
    from types import FrameType

_WORDS: Final = {
    signal.SIGINT: "interrupted (Ctrl-C)",
    signal.SIGTERM: "ended by SIGTERM",
    signal.SIGHUP: "the terminal was closed",
}
# The cursor comes back, and what the terminal wrote for the second Ctrl-C goes.
_TIDY: Final = b"\x1b[?25h\r\x1b[J"
_ENDED: Final = b"ended at once, without a report; run the same command again to go on from here\n"


class Signals:
    """While the context lasts, a signal throws ``switch``; a second one exits at once with ``128 + number``.

    ``number``: the first signal caught, 0 for none. A signal that is ignored when the context begins, as
    after nohup, stays ignored.
    """

    def __init__(self) -> None:
        self.switch = StopSwitch()
        self.number = 0
        self._before: dict[int, Any] = {}
        self._wakeup = self._wakeup_before = -1

    def __enter__(self) -> Self:
        # A signal that arrives just before the main thread goes to sleep in a lock, or at another thread,
        # would be heeded when that sleep ends, which may be minutes later. The byte that the interpreter
        # writes for it at once wakes a thread of its own.
        listening, self._wakeup = os.pipe()
        os.set_blocking(self._wakeup, False)
        self._wakeup_before = signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        for number in _WORDS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _heard_elsewhere)
        threading.Thread(target=self._listen, args=(listening,), name="acp-signals", daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._wakeup)

    def _listen(self, listening: int) -> None:
        with os.fdopen(listening, "rb", buffering=0) as signals:
            while number := signals.read(1):
                if number[0] in self._before:
                    self.caught(number[0])

    def caught(self, number: int) -> None:
        """Take note of a signal; also of one that came before the context began."""
        # Nothing here may lock or log: the main thread may be stuck in just that.
        if self.number:
            with suppress(OSError):
                os.write(2, (_TIDY if os.isatty(2) else b"") + _ENDED)
            os._exit(128 + number)
        self.number = number
        self.switch.stop(_WORDS[signal.Signals(number)])


def _heard_elsewhere(_number: int, _frame: FrameType | None) -> None:
    """Without a handler there would be no byte."""
