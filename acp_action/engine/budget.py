"""How often a provider that fails may be tried again: one budget for all of its steps.

Retries help where a service fails now and then; where it is down, each step's retries only add to the load,
and make a run end late. So they are paid from what all steps share.
"""

from __future__ import annotations

import threading
from typing import Final

FULL: Final = 500.0
COST: Final = 14.0
"""What a retry costs. A retry that succeeds pays it back; any other success pays 1."""

_PER_SECOND: Final = 1.0
"""What comes back with time: a process that lives for long does not carry an outage of yesterday with it."""


class RetryBudget:
    """Shared by threads and runs. Times are monotonic seconds given by the caller.

    >>> budget = RetryBudget()
    >>> [budget.take(0.0) for _ in range(36)].count(True)
    35
    """

    def __init__(self) -> None:
        self._left = FULL
        self._at: float | None = None
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """Pay for a retry; false when not enough is left, and then nothing is paid."""
        with self._lock:
            self._refill(now)
            if self._left < COST:
                return False
            self._left -= COST
            return True

    def succeeded(self, now: float, *, retried: bool) -> None:
        """A step got what it asked for; ``retried``: after it had failed before."""
        # Full as a rule, and then there is nothing to count. Read without the lock: a float is whole.
        if self._left >= FULL:
            return
        with self._lock:
            self._refill(now)
            self._left = min(self._left + (COST if retried else 1.0), FULL)

    def _refill(self, now: float) -> None:
        if self._at is not None and now > self._at:
            self._left = min(self._left + (now - self._at) * _PER_SECOND, FULL)
        self._at = now if self._at is None else max(self._at, now)
