"""What a provider lets through: Throttle decides, Lane shares it between threads, Lanes finds it.

The scheduler asks ``next_opening(now)``; when that is now, it calls ``admit`` and sends, and tells the
ticket's end with one of ``completed``, ``refused`` and ``released``. Time always comes in as a number.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# A wait up to this long after a first refusal holds the refused job only, not the lane.
_JOB_ONLY = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known beforehand: seconds between two starts, and how many may be in flight (None: any).

    ``none``: there is surely no limit, as for work on this machine; nothing is counted until the first
    refusal.
    """

    min_interval: float = 0.0
    concurrency: int | None = None
    none: bool = False


class Ticket(NamedTuple):
    """One admitted request: when it was sent, and how many others were in flight then."""

    sent: float
    ahead: int


# What an unlimited lane gives out; it is not counted, so it is not counted back.
UNCOUNTED = Ticket(-math.inf, 0)


class Throttle:
    """Pure: no clock, no lock, no waiting. All times are monotonic seconds given by the caller."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.in_flight = 0
        self._last_start = -math.inf
        self._closed_until = -math.inf
        self._reacted_at = -math.inf
        self._refusals = 0

    def next_opening(self, now: float) -> float:
        """When a request may be sent: ``now``, a later moment, or ``inf`` until one in flight comes back."""
        cap = self.limits.concurrency
        if cap is not None and self.in_flight >= cap:
            return math.inf
        return max(now, self._last_start + self.limits.min_interval, self._closed_until)

    def admit(self, now: float) -> Ticket:
        """Take a place; only after ``next_opening(now)`` gave ``now``."""
        ticket = Ticket(now, self.in_flight)
        self.in_flight += 1
        self._last_start = now
        return ticket

    def completed(self, ticket: Ticket, now: float) -> None:  # noqa: ARG002 - the meters that learn need both
        """The provider took the request, whatever became of it."""
        self.in_flight -= 1
        self._refusals = 0

    def refused(
        self, ticket: Ticket, now: float, retry_after: float | None = None, kind: str = "unknown"
    ) -> None:
        """The provider said no; ``retry_after`` in seconds as told, None when it told nothing."""
        self.in_flight -= 1
        if ticket.sent <= self._reacted_at:
            return  # sent before the last reaction: it says nothing new
        self._refusals += 1
        self._reacted_at = now
        told = retry_after if retry_after is not None and math.isfinite(retry_after) else 0.0
        if kind != "concurrency" and (told > _JOB_ONLY or self._refusals > 1):
            self._closed_until = max(self._closed_until, now + told)

    def released(self, ticket: Ticket, now: float) -> None:  # noqa: ARG002 - as above
        """The request ended without telling anything about limits: cancelled, broken, never sent."""
        self.in_flight -= 1


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
