"""How long to wait before another attempt: full jitter, as a pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

BASE = 0.5
CAP = 20.0
# The server's own hint is kept, and spread upward so that those it was told to do not return together.
SPREAD = 0.1


def transient_delay(attempt: int, rng: random.Random, *, base: float = BASE, cap: float = CAP) -> float:
    """Seconds before the attempt after number ``attempt`` (from 1): uniform in [0, min(cap, base * 2^(n-1))].

    >>> import random
    >>> 0 <= transient_delay(1, random.Random(1)) <= 0.5
    True
    """
    ceiling = min(cap, base * 2.0 ** min(attempt - 1, 60))
    return rng.uniform(0.0, ceiling)


def told_delay(retry_after: float, rng: random.Random) -> float:
    """Seconds for a wait the server named: never shorter, up to a tenth (at most 1 s) longer."""
    return retry_after + rng.uniform(0.0, min(1.0, retry_after * SPREAD))
