"""The limits that providers set, one class a kind. Time goes in as seconds; nothing here waits."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in: pace, concurrency, day. ``wait``: seconds until it may be, if known."""

    kind: str
    wait: float | None = None


class Limit(Protocol):
    """``refusal`` looks, ``take`` lets one in, ``release`` says that it has ended.

    ``size``, ``left`` and ``resets_in`` are what limit headers tell.
    """

    kind: str
    size: int

    def refusal(self, now: float) -> Refusal | None:
        """Why one more would be refused now; None when it would not."""

    def take(self, now: float) -> None:
        """Count one."""

    def release(self) -> None:
        """One that was counted has ended."""

    def left(self, now: float) -> tuple[int, float]:
        """How many more would be let in now, and the seconds until all are again."""


class TokenBucket:
    """``rate`` a second, ``burst`` at once."""

    kind = "pace"

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.size = int(burst)
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self.rate)
        self._at = now

    def refusal(self, now: float) -> Refusal | None:
        self._refill(now)
        return None if self._tokens >= 1 else Refusal(self.kind, (1 - self._tokens) / self.rate)

    def take(self, now: float) -> None:
        self._refill(now)
        self._tokens -= 1

    def release(self) -> None:
        """Nothing: only starts are counted."""

    def left(self, now: float) -> tuple[int, float]:
        self._refill(now)
        return int(self._tokens), (self._burst - self._tokens) / self.rate


class SlidingWindow:
    """``size`` in any ``seconds``."""

    def __init__(self, size: int, seconds: float, kind: str = "pace") -> None:
        self.size = size
        self.kind = kind
        self._seconds = seconds
        self._starts: deque[float] = deque()

    def _forget(self, now: float) -> None:
        while self._starts and self._starts[0] <= now - self._seconds:
            self._starts.popleft()

    def refusal(self, now: float) -> Refusal | None:
        self._forget(now)
        if len(self._starts) < self.size:
            return None
        return Refusal(self.kind, self._starts[0] + self._seconds - now if self._starts else self._seconds)

    def take(self, now: float) -> None:
        self._starts.append(now)

    def release(self) -> None:
        """Nothing: only starts are counted."""

    def left(self, now: float) -> tuple[int, float]:
        self._forget(now)
        newest = self._starts[-1] + self._seconds - now if self._starts else 0.0
        return self.size - len(self._starts), newest


class FixedWindow:
    """``size`` in each window of ``seconds``; windows begin at round times."""

    def __init__(self, size: int, seconds: float, kind: str = "pace") -> None:
        self.size = size
        self.kind = kind
        self._seconds = seconds
        self._window = -1
        self._used = 0

    def _turn(self, now: float) -> None:
        window = math.floor(now / self._seconds)
        if window != self._window:
            self._window, self._used = window, 0

    def refusal(self, now: float) -> Refusal | None:
        self._turn(now)
        if self._used < self.size:
            return None
        return Refusal(self.kind, (self._window + 1) * self._seconds - now)

    def take(self, now: float) -> None:
        self._turn(now)
        self._used += 1

    def release(self) -> None:
        """Nothing: only starts are counted."""

    def left(self, now: float) -> tuple[int, float]:
        self._turn(now)
        return self.size - self._used, (self._window + 1) * self._seconds - now


def daily_quota(size: int) -> FixedWindow:
    """So many a day."""
    return FixedWindow(size, 86_400, kind="day")


class InFlight:
    """At most ``size`` at a time; ``most`` is the greatest number seen."""

    kind = "concurrency"

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0
        self.most = 0

    def refusal(self, now: float) -> Refusal | None:
        return None if self.used < self.size else Refusal(self.kind)

    def take(self, now: float) -> None:
        self.used += 1
        self.most = max(self.most, self.used)

    def release(self) -> None:
        """Room for another."""
        self.used -= 1

    def left(self, now: float) -> tuple[int, float]:
        return self.size - self.used, 0.0
