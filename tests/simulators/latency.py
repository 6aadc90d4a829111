"""How long simulated work takes: drawn for each piece by itself, so the order of arrival is no matter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds, lognormal around ``mean`` with ``sigma`` (0: always the mean), never below ``least``."""

    mean: float
    sigma: float = 0.6
    least: float = 0.0

    def draw(self, *key: object) -> float:
        """Seconds for the work with this key; the same for the same key."""
        if self.sigma == 0 or self.mean <= 0:
            return max(self.mean, self.least)
        chance = Random(":".join(map(str, key)))
        return max(chance.lognormvariate(math.log(self.mean) - self.sigma**2 / 2, self.sigma), self.least)
