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

QUIET: Final = 600.0
"""Seconds without a failure after which it is full: a process that lives for long forgets an old outage."""


class RetryBudget:
    """Shared by threads and runs. Times are monotonic seconds given by the caller.

    >>> budget = RetryBudget()
    >>> [budget.take(0.0) for _ in range(36)].count(True)
    35
    """

    def __init__(self) -> None:
        self._left = FULL
        self._asked = 0.0
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """Pay for a retry; false when not enough is left, and then nothing is paid."""
        with self._lock:
            if now - self._asked >= QUIET:
                self._left = FULL
            self._asked = now
            if self._left < COST:
                return False
            self._left -= COST
            return True

    def succeeded(self, *, retried: bool) -> None:
        """A step got what it asked for; ``retried``: after it had failed before."""
        # Full as a rule, and then there is nothing to count.
        if self._left < FULL:
            with self._lock:
                self._left = min(self._left + (COST if retried else 1.0), FULL)
