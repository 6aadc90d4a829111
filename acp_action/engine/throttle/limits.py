"""What is known of a provider's limits beforehand, and what a request in flight carries with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known beforehand; None: not known, so it is learnt.

    ``min_interval``: least seconds between two starts. ``concurrency``: how many may be in flight.
    ``per_second``: requests a second in the long run. ``none``: there is surely no limit, as for work on this
    machine; nothing is counted until the first refusal. ``profile``: what the provider limits as a rule,
    where a refusal does not say which limit it was.
    """

    min_interval: float = 0.0
    concurrency: int | None = None
    per_second: float | None = None
    none: bool = False
    profile: Literal["concurrency", "pace"] | None = None


class Ticket(NamedTuple):
    """One admitted request: when it was sent, how many others were in flight then, and its number."""

    sent: float
    ahead: int
    number: int = 0


# What an unlimited lane gives out; it is not counted, so it is not counted back.
UNCOUNTED = Ticket(-math.inf, 0, -1)
