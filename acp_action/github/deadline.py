"""The soft deadline: a run that would outlast its job is stopped in time to hand in what is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTE: Final = 60.0


class Deadline:
    """While the context lasts, ``stop`` is called with the reason once the minutes are over.

    ``minutes``: None for no deadline. ``passed``: seconds of them that are gone already. ``wait``: waits for
    an event up to so many seconds, True when it came; tests have their own.
    """

    def __init__(
        self,
        minutes: float | None,
        stop: Callable[[str], None],
        *,
        passed: float = 0.0,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._minutes = minutes
        self._stop = stop
        self._passed = passed
        self._wait = wait
        self._over = threading.Event()

    def __enter__(self) -> Self:
        if self._minutes is not None:
            seconds = max(self._minutes * _MINUTE - self._passed, 0.0)
            threading.Thread(target=self._watch, args=(seconds,), name="acp-deadline", daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()

    def _watch(self, seconds: float) -> None:
        if not self._wait(self._over, seconds):
            self._stop(f"the {self._minutes:g} minutes of timeout-minutes are over")
