"""A throttle shared by threads and runs, and the lanes of a process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from acp_action.engine.throttle.limits import UNCOUNTED, Limits, Ticket
from acp_action.engine.throttle.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable


class Lane:
    """A throttle shared by threads and runs; the same calls, under one lock.

    ``watch``ers are told when something comes back, so that a run whose steps wait here looks again.
    """

    def __init__(self, throttle: Throttle | None = None) -> None:
        self._throttle = throttle or Throttle()
        self._lock = threading.Lock()
        self._watchers: tuple[Callable[[], None], ...] = ()
        self._free = self._throttle.limits.none

    def try_admit(self, now: float) -> Ticket | float:
        """A ticket, or the moment to ask again (``inf``: when something comes back)."""
        if self._free:
            return UNCOUNTED
        with self._lock:
            opening = self._throttle.next_opening(now)
            return self._throttle.admit(now) if opening <= now else opening

    def next_opening(self, now: float) -> float:
        """As the throttle's."""
        with self._lock:
            return self._throttle.next_opening(now)

    def completed(self, ticket: Ticket, now: float) -> None:
        """As the throttle's."""
        if ticket is not UNCOUNTED:
            with self._lock:
                self._throttle.completed(ticket, now)
            self._tell()

    def refused(
        self, ticket: Ticket, now: float, retry_after: float | None = None, kind: str = "unknown"
    ) -> None:
        """As the throttle's; a lane that was thought unlimited counts from here on."""
        with self._lock:
            self._free = False
            counted = ticket if ticket is not UNCOUNTED else self._throttle.admit(now)
            self._throttle.refused(counted, now, retry_after, kind)
        self._tell()

    def released(self, ticket: Ticket, now: float) -> None:
        """As the throttle's."""
        if ticket is not UNCOUNTED:
            with self._lock:
                self._throttle.released(ticket, now)
            self._tell()

    @property
    def in_flight(self) -> int:
        """How many requests are out."""
        return self._throttle.in_flight

    def watch(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` after each request that comes back; it must be quick and take no lock of ours."""
        with self._lock:
            self._watchers = (*self._watchers, tell)

    def unwatch(self, tell: Callable[[], None]) -> None:
        """Stop telling."""
        with self._lock:
            self._watchers = tuple(t for t in self._watchers if t is not tell)

    def _tell(self) -> None:
        for tell in self._watchers:
            tell()


class Lanes:
    """The lanes of a process, by provider and account; made on first use."""

    def __init__(self, limits: Callable[[str], Limits] | None = None) -> None:
        self._limits = limits or (lambda provider: Limits(none=provider == "local"))
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._lock = threading.Lock()

    def lane(self, provider: str, account: str = "") -> Lane:
        """The one lane of this provider and account; ``account`` is a fingerprint, never the key itself."""
        with self._lock:
            key = (provider, account)
            if key not in self._lanes:
                self._lanes[key] = Lane(Throttle(self._limits(provider)))
            return self._lanes[key]
