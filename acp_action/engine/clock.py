"""Time as the engine sees it: monotonic seconds, and a wall clock for stamps only."""

from __future__ import annotations

import time
from queue import Empty
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import threading
    from queue import SimpleQueue

T = TypeVar("T")


class Clock(Protocol):
    """A source of monotonic time that can also be waited on."""

    def now(self) -> float:
        """Monotonic seconds; only differences mean anything."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, for stamps that people read."""
        ...

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """Wait until the event is set or the time is over; True when it is set."""
        ...

    def receive(self, mail: SimpleQueue[T], seconds: float | None) -> list[T]:
        """All that is in the queue, waiting up to ``seconds`` for the first (None: as long as it takes)."""
        ...


def _all(mail: SimpleQueue[T], first: T) -> list[T]:
    items = [first]
    while not mail.empty():
        items.append(mail.get_nowait())
    return items


class SystemClock:
    """The machine's clocks."""

    now = staticmethod(time.monotonic)
    wall = staticmethod(time.time)

    @staticmethod
    def wait(event: threading.Event, seconds: float | None) -> bool:
        """Wait until the event is set or ``seconds`` are over; True when it is set."""
        return event.wait(seconds)

    @staticmethod
    def receive(mail: SimpleQueue[T], seconds: float | None) -> list[T]:
        """All that is in the queue, waiting up to ``seconds`` for the first (None: as long as it takes)."""
        try:
            return _all(mail, mail.get(timeout=seconds))
        except Empty:
            return []


class VirtualClock:
    """Time that moves only when somebody waits; for tests and for simulation, on one thread."""

    def __init__(self, now: float = 0.0, wall: float = 0.0) -> None:
        self._now = now
        self._wall = wall - now

    def now(self) -> float:
        """Virtual seconds."""
        return self._now

    def wall(self) -> float:
        """The virtual wall clock, moving with ``now``."""
        return self._wall + self._now

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """Let ``seconds`` pass at once, unless the event is set already."""
        if not event.is_set() and seconds is not None:
            self.advance(seconds)
        return event.is_set()

    def receive(self, mail: SimpleQueue[T], seconds: float | None) -> list[T]:
        """All that is in the queue; with nothing there ``seconds`` pass. Raises RuntimeError for ever."""
        if not mail.empty():
            return _all(mail, mail.get_nowait())
        if seconds is None:
            raise RuntimeError("nothing is under way and nothing will ever come")
        self.advance(seconds)
        return []

    def advance(self, seconds: float) -> None:
        """Let time pass; negative spans count as none."""
        self._now += max(seconds, 0.0)

    def advance_to(self, moment: float) -> None:
        """Let time pass until ``moment``; an earlier moment changes nothing."""
        self._now = max(self._now, moment)
