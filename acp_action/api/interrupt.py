"""Ctrl-C in a program that uses the library: the run ends in order, and then the interrupt goes its way."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType

    from acp_action.engine.cancel import StopSwitch


class Interrupts:
    """While the context lasts, a first Ctrl-C throws the switch, and a second one interrupts at once.

    Takes effect on the main thread only, and only where Python's own handling of SIGINT is in place: a
    program that has its own keeps it. Leaving the context after a first Ctrl-C raises KeyboardInterrupt.
    """

    def __init__(self, switch: StopSwitch) -> None:
        self._switch = switch
        self._installed = False
        self._seen = False

    def __enter__(self) -> Self:
        on_main = threading.current_thread() is threading.main_thread()
        if on_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupted)
            self._installed = True
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exc: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._seen and kind is None:
            raise KeyboardInterrupt

    def _interrupted(self, _signum: int, _frame: FrameType | None) -> None:
        # Only the switch: locks and logs may be held by the very code that this interrupts.
        if self._seen:
            raise KeyboardInterrupt
        self._seen = True
        self._switch.stop("interrupted")
