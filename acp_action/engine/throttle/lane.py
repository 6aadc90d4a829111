"""A throttle shared by threads and runs, and the lanes of a process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from acp_action.engine.budget import RetryBudget
from acp_action.engine.throttle.limits import UNCOUNTED, Limits, Ticket
from acp_action.engine.throttle.throttle import Throttle
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from acp_action.providers.base import Announced

_DAY = 24 * 3600.0


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

    def completed(self, ticket: Ticket, now: float, announced: Announced | None = None) -> None:
        """As the throttle's."""
        if ticket is not UNCOUNTED:
            with self._lock:
                self._throttle.completed(ticket, now, announced)
            self._tell()

    def refused(
        self,
        ticket: Ticket,
        now: float,
        retry_after: float | None = None,
        kind: str = "unknown",
        announced: Announced | None = None,
    ) -> None:
        """As the throttle's; a lane that was thought unlimited counts from here on."""
        with self._lock:
            self._free = False
            counted = ticket if ticket is not UNCOUNTED else self._throttle.admit(now)
            self._throttle.refused(counted, now, retry_after, kind, announced)
        self._tell()

    def released(self, ticket: Ticket, now: float) -> None:
        """As the throttle's."""
        if ticket is not UNCOUNTED:
            with self._lock:
                self._throttle.released(ticket, now)
            self._tell()

    def unsent(self, ticket: Ticket, now: float) -> None:
        """As the throttle's."""
        if ticket is not UNCOUNTED:
            with self._lock:
                self._throttle.unsent(ticket, now)
            self._tell()

    @property
    def in_flight(self) -> int:
        """How many requests are out."""
        return self._throttle.in_flight

    @property
    def closed_at(self) -> float | None:
        """Since when the provider has refused everything; None while it does not."""
        return self._throttle.scouts.closed_at

    def snapshot(self) -> dict[str, Any] | None:
        """What was learnt, as JSON values; None when nothing was."""
        with self._lock:
            return self._throttle.snapshot()

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Go on from a snapshot; without effect once requests were sent."""
        with self._lock:
            self._throttle.restore(learnt)

    @property
    def used(self) -> bool:
        """Whether a request went through it."""
        return self._throttle.sent > 0

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
    """The lanes of a process, by provider, account and the provider's own name for them; made on first use.

    ``wall``: what to add to the engine's clock to have the wall clock's time.
    """

    def __init__(self, limits: Callable[[str], Limits] | None = None, *, wall: float = 0.0) -> None:
        self._limits = limits
        self._lanes: dict[tuple[str, str, str], Lane] = {}
        self._told: dict[tuple[str, str, Limits], Lane] = {}
        self._budgets: dict[tuple[str, str], RetryBudget] = {}
        self._learnt: dict[str, Mapping[str, Any]] = {}
        self._lock = threading.Lock()
        self.wall = wall

    def lane(self, provider: str, account: str = "", name: str = "", profile: str | None = None) -> Lane:
        """The one lane of this provider, account and name.

        ``account``: a fingerprint, never the key itself. ``profile``: what the provider limits as a rule,
        ``concurrency`` or ``pace``.
        """
        with self._lock:
            key = (provider, account, name)
            if key not in self._lanes:
                limits = self._limits(provider) if self._limits else _usual(provider, profile)
                self._lanes[key] = Lane(Throttle(limits, wall=self.wall))
                if (learnt := self._learnt.get("/".join(key))) is not None:
                    self._lanes[key].restore(learnt)
            return self._lanes[key]

    def told(self, provider: str, account: str, limits: Limits) -> Lane:
        """The one lane that holds an account to limits which somebody has set for all of it."""
        with self._lock:
            key = (provider, account, limits)
            if key not in self._told:
                self._told[key] = Lane(Throttle(limits, wall=self.wall))
            return self._told[key]

    def spaced(self, provider: str, delay: float) -> Lane:  # noqa: ARG002 - a replay knows how late each was
        """A lane of one run with so many seconds between two starts."""
        return Lane(Throttle(Limits(min_interval=delay), wall=self.wall))

    def budget(self, provider: str, account: str = "") -> RetryBudget:
        """The one budget for retries of what this provider failed at."""
        with self._lock:
            return self._budgets.setdefault((provider, account), RetryBudget())

    def snapshot(self, wall: float, accounts: Collection[tuple[str, str]] | None = None) -> dict[str, Any]:
        """What lanes that were used have learnt, as JSON values; ``wall``: now, in seconds since the epoch.

        ``accounts``: of these providers and accounts only.
        """
        with self._lock:
            lanes = {key: lane for key, lane in self._lanes.items() if lane.used}
        found = {
            "/".join(key): lane.snapshot()
            for key, lane in lanes.items()
            if accounts is None or key[:2] in accounts
        }
        return {"at": wall, "lanes": {key: learnt for key, learnt in found.items() if learnt}}

    def restore(self, learnt: Mapping[str, Any], wall: float) -> None:
        """Let lanes that are made from now on go on from a snapshot, if it is younger than a day."""
        at, lanes = learnt.get("at"), learnt.get("lanes")
        if isinstance(at, int | float) and isinstance(lanes, dict) and 0.0 <= wall - at < _DAY:
            with self._lock:
                self._learnt = {**self._learnt, **lanes}


def _usual(provider: str, profile: str | None) -> Limits:
    if provider == LOCAL:
        return Limits(none=True)
    return Limits(
        profile="pace" if profile == "pace" else "concurrency" if profile == "concurrency" else None
    )
