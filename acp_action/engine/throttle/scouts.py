"""A lane that refuses everything: when it is closed, and the single requests that ask whether it is open."""

from __future__ import annotations

import math

_FIRST = 0.2
_GROWTH = 1.8
_NATURAL = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)
_ROUND = 10.0
_AFTER_ROUND = 0.6
# A wait up to this long after a first refusal holds the refused job only, not the lane.
JOB_ONLY = 1.0


class Scouts:
    """Closes the lane after refusals in a row; ``wall``: what to add to a moment to have the wall clock."""

    def __init__(self, wall: float = 0.0) -> None:
        self.wall = wall
        self.row = 0
        self.closed_at: float | None = None
        self.cycle_start = -math.inf
        self.cycle_number = 0
        self.scout: int | None = None
        self._opens = -math.inf
        self._tries = 0

    @property
    def opening(self) -> float:
        """When the next request may be sent for all this knows; ``inf`` while a scout is out."""
        if self.closed_at is None:
            return -math.inf
        return math.inf if self.scout is not None else self._opens

    def admit(self, now: float, number: int) -> None:
        """A request leaves: the first, or a scout when the lane is closed."""
        if self.cycle_start == -math.inf:
            self.cycle_start, self.cycle_number = now, number
        if self.closed_at is not None:
            self.scout = number

    def refused(self, now: float, sent: float, told: float | None, *, sure_cap: bool) -> None:
        """A fresh refusal; ``told``: seconds to wait as the provider says."""
        self.row += 1
        self.scout = None
        if sure_cap:
            return
        if told is not None:
            if told > JOB_ONLY or self.row > 1:
                self._close(sent)
                self._opens = max(now + told, self._opens)
        elif self.row > 1:
            self._close(sent)
            self._opens = self._next_try(now)

    def _close(self, sent: float) -> None:
        if self.closed_at is None:
            self.closed_at = sent
            self._tries = 0
            self._opens = -math.inf

    def _next_try(self, now: float) -> float:
        moment = now + _FIRST * _GROWTH**self._tries
        self._tries = min(self._tries + 1, 40)
        natural = [self.cycle_start + n + 0.03 for n in _NATURAL]
        wall = now + self.wall
        natural.append(math.floor((wall - _AFTER_ROUND) / _ROUND + 1) * _ROUND + _AFTER_ROUND - self.wall)
        return min([moment, *(n for n in natural if n > now + 1e-9)])

    def lost(self) -> None:
        """The scout ended without telling anything: another may go at once."""
        self.scout = None

    def admitted(self, sent: float, number: int) -> tuple[float, float, int] | None:
        """A request was let in: the lane is open.

        Where it had been closed for more than a second: seconds closed, seconds of the cycle, its first number.
        """
        self.row = 0
        if self.closed_at is None:
            return None
        if number != self.scout and self.scout is not None:
            return None
        closed, cycle, first = sent - self.closed_at, sent - self.cycle_start, self.cycle_number
        self.closed_at, self.scout = None, None
        if closed <= 1.0:
            return None
        self.cycle_start, self.cycle_number = sent, number
        return closed, cycle, first
