"""Closing a lane that refuses everything, and the single requests that ask whether it is open again."""

from __future__ import annotations

import math
from typing import NamedTuple

# A wait up to this long, in seconds, after a first refusal holds the refused job only, not the lane.
JOB_ONLY = 1.0

# The first scout goes after so many seconds, each further one after so many times as long …
_FIRST, _GROWTH = 0.2, 1.8
# … or sooner, when a usual window ends: so many seconds after the first request of the cycle, or a little
# after a round time of the wall clock. A little late, because requests take different times to arrive; later
# for the long ones, because the very first request of a process has a connection to make.
_WINDOWS = (1.03, 2.03, 5.03, 5.4, 10.4, 15.4, 30.4, 60.4)
_ROUND, _AFTER_ROUND = 10.0, 0.6
# A block up to this long says nothing about a window.
_SHORT = 1.0
# With more than this part of a cycle idle, what was let in during it is what was asked for.
_IDLE = 0.3


class Reopening(NamedTuple):
    """A lane that was closed for ``blocked`` seconds, ``cycle`` seconds after request number ``first``.

    Where there was little to send for much of it, that time is left out: it tells nothing of what is let in.
    """

    blocked: float
    cycle: float
    first: int


class Scouts:
    """Knows whether the lane is closed, since when, and when it may be asked again.

    ``wall``: what to add to a moment to have the wall clock's time. ``row``: refusals since something was let
    in. ``scout``: the number of the request that is out to ask.
    """

    def __init__(self, wall: float = 0.0) -> None:
        self.row = 0
        self.closed_at: float | None = None
        self.scout: int | None = None
        self._wall = wall
        self._opens = -math.inf
        self._tries = 0
        self._cycle_start = -math.inf
        self._cycle_first = 0
        self._idle = 0.0

    @property
    def opening(self) -> float:
        """When the next request may be sent for all this knows; ``inf`` while a scout is out."""
        if self.closed_at is None:
            return -math.inf
        return math.inf if self.scout is not None else self._opens

    def admit(self, now: float, number: int, idle: float = 0.0) -> None:
        """A request leaves: a scout, when the lane is closed; ``idle`` seconds there was none to send."""
        if self._cycle_start == -math.inf:
            self._cycle_start, self._cycle_first = now, number
        else:
            self._idle += max(idle, 0.0)
        if self.closed_at is not None:
            self.scout = number

    def refused(self, now: float, sent: float, told: float | None, *, sure_cap: bool) -> None:
        """A refusal that says something new; ``told``: seconds to wait as the provider says, if it does."""
        self.row += 1
        self.scout = None
        if sure_cap or (self.row < 2 and (told is None or told <= JOB_ONLY)):
            return
        if self.closed_at is None:
            self.closed_at, self._tries, self._opens = sent, 0, -math.inf
        self._opens = self._next_try(now) if told is None else max(now + told, self._opens)

    def _next_try(self, now: float) -> float:
        usual = now + _FIRST * _GROWTH**self._tries
        self._tries = min(self._tries + 1, 40)
        round_time = math.floor((now + self._wall - _AFTER_ROUND) / _ROUND + 1.0) * _ROUND + _AFTER_ROUND
        natural = [self._cycle_start + window for window in _WINDOWS]
        return min([usual, *(n for n in [*natural, round_time - self._wall] if n > now + 1e-9)])

    def lost(self, number: int) -> None:
        """A request ended without telling anything: if it was the scout, another may go."""
        if number == self.scout:
            self.scout = None

    def admitted(self, sent: float, number: int) -> Reopening | None:
        """A request was let in, so the lane is open; the reopening where it had been closed for long."""
        self.row = 0
        if self.closed_at is None or (self.scout is not None and number != self.scout):
            return None
        blocked = sent - self.closed_at
        cycle = sent - self._cycle_start
        if self._idle > _IDLE * cycle:
            cycle = max(cycle - self._idle, blocked)
        found = Reopening(blocked, cycle, self._cycle_first)
        self.closed_at = self.scout = None
        if found.blocked <= _SHORT:
            return None
        self._cycle_start, self._cycle_first, self._idle = sent, number, 0.0
        return found
