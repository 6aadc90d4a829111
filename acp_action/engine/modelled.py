"""Providers on virtual time, as far as their limits and service times go; no sockets."""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from acp_action.providers.base import Announced

if TYPE_CHECKING:
    from acp_action.catalogue.limits import UsualLimits

_REFUSAL: Final = 0.1
"""Seconds that a refusal takes: there and back, and no work in between."""


class Taken(NamedTuple):
    """A request that is let through: it is worked on after ``queued`` seconds."""

    queued: float = 0.0


class Declined(NamedTuple):
    """A request that is not; ``retry_after`` in seconds, None where the provider does not say."""

    kind: Literal["concurrency", "pace"]
    retry_after: float | None = None
    seconds: float = _REFUSAL


@dataclass(slots=True)
class Modelled:
    """One provider's counters. Asked in order of time; all times are seconds on one clock."""

    limits: UsualLimits
    _busy: list[float] = field(default_factory=list)
    _sent: deque[float] = field(default_factory=deque)

    def ask(self, now: float, service: float) -> Taken | Declined:
        """What becomes of a request sent now that takes ``service`` seconds of work."""
        limits, busy, sent = self.limits, self._busy, self._sent
        while sent and sent[0] <= now - limits.window:
            sent.popleft()
        if limits.requests is not None and len(sent) >= limits.requests:
            left = sent[0] + limits.window - now
            # As whole seconds, rounded up: that is how providers say it.
            return Declined("pace", float(math.ceil(left)) if limits.tells_wait else None)
        while busy and busy[0] <= now:
            heappop(busy)
        begin = now
        if limits.concurrency is not None and len(busy) >= limits.concurrency:
            if not limits.queues:
                return Declined("concurrency")
            # First come, first served: what was taken before ends before this one begins.
            begin = heappop(busy)
        heappush(busy, begin + service)
        if limits.requests is not None:
            sent.append(now)
        return Taken(begin - now)

    @property
    def announced(self) -> Announced | None:
        """What its answers tell of its limits."""
        limits = self.limits
        if not limits.announces:
            return None
        pace = limits.requests / limits.window if limits.requests is not None else None
        return Announced(concurrency=limits.concurrency, per_second=pace)


def drawn(mean: float, spread: float, *key: object) -> float:
    """A service time from a lognormal distribution of this mean; the same key draws the same.

    The key holds what the time may depend on, such as seed and step, and nothing of when it is asked for: so
    that two runs with different workers do the same work.
    """
    if spread <= 0 or mean <= 0:
        return mean
    chance = random.Random("/".join(map(str, key)))  # noqa: S311 - a simulation, no secrets
    return mean * math.exp(chance.gauss(0.0, spread) - spread * spread / 2)
