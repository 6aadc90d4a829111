"""The pace meter: requests a second, measured from what was let in between two refusals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Refusals per success that exploring may cost.
WASTE = 0.004

# Until the first refusal: so many at once, then so many a second, doubling in so many seconds.
_AT_ONCE, _FIRST, _DOUBLES_IN = 4, 8.0, 0.5
# What a measurement needs: that many let in, and that many seconds.
_ENOUGH, _LONG_ENOUGH = 8, 0.4
# With more than this part of the time idle, what was let in is what was asked for.
_IDLE = 0.3
# Two measurements agree when their ratio is in here.
_AGREE = (0.75, 1.33)
# After so many that agree the rate is steady.
_STEADY = 3
# How much of what was tried beyond the measured rate is believed.
_HOPE = 0.4
# What a snapshot may say: requests a second, and seconds. Of slower ones too little is seen to go on from.
_RATES, _SPANS = (1.0 / 60.0, 10_000.0), (0.01, 24 * 3600.0)
# Slots left empty after a refusal.
_SKIP = 0.3
# Slots that may be made up for when they were missed: none but the current one, more under announced limits.
_ANNOUNCED_CREDIT = 3.0


class PaceMeter:
    """How many requests a second; without a known limit it starts high and rises until the first refusal.

    From then on it climbs from just below ``rate``, what was measured, to ``high`` within ``plateau`` seconds
    of being what holds requests back (``pressed``), and ever faster after that. ``ceiling``: never more than
    that. ``span``: seconds for which the provider was once closed, which is how long its window may be.
    """

    def __init__(self, ceiling: float = math.inf) -> None:
        self.ceiling = ceiling
        self.rate: float | None = None
        self.high = math.inf
        self.plateau = 2.0
        self.span = 0.0
        self.measured: float | None = None
        self.agreeing = 0
        self.pressed = 0.0
        self._tau = 1.0
        self._slot = -math.inf
        self._free = _AT_ONCE
        self._credit = 1.0
        self._anchor: tuple[float, int] | None = None  # a moment when the provider was full; let in before it
        self._idle = 0.0  # seconds since then in which it was not the pace that held requests back
        self._warming: float | None = None  # seconds of being pressed since it went on from a snapshot

    @property
    def pace(self) -> float:
        """Requests a second now."""
        if self.rate is None:
            return _slow_start(self.pressed) if self.ceiling == math.inf else self.ceiling
        low = self.rate * 0.998
        if self.pressed < self.plateau:
            pace = low + (self.high - low) * self.pressed / self.plateau
        else:
            over = min((self.pressed - self.plateau) / self._tau, 9.0)
            pace = self.high * math.exp(0.01 * (2.0**over - 1.0))
        if self._warming is not None:
            pace = min(pace, _slow_start(self._warming))
        return min(pace, self.ceiling)

    @property
    def opening(self) -> float:
        """When the next request may leave."""
        return -math.inf if self._opens_freely else self._slot

    @property
    def _opens_freely(self) -> bool:
        """Whether this is one of the first few of a provider of which nothing is known."""
        return self._free > 0 and self.rate is None and self.ceiling == math.inf

    @property
    def _is_warming(self) -> bool:
        """Whether a rate that an earlier run learnt is higher than what this one has tried."""
        return self._warming is not None and _slow_start(self._warming) < (self.rate or 0.0)

    def admit(self, now: float, pressed: float, idle: float) -> None:
        """A request leaves, held back for ``pressed`` seconds by the pace and ``idle`` by something else."""
        self.pressed += pressed
        if self._warming is not None:
            self._warming += pressed
        self._idle += max(idle, 0.0)
        gap = 1.0 / self.pace
        if self._opens_freely:
            self._free -= 1
            self._slot = now + gap
            return
        # GCRA: a late request does not move the slots behind it, as long as it is late by no more than this.
        self._slot = max(self._slot, now - self._credit * gap) + gap

    def give_back(self) -> None:
        """A request that was admitted is not sent."""
        self._slot -= 1.0 / self.pace
        self._free += 1

    def announce(self, per_second: float) -> None:
        """Take over a rate that the provider told; nothing is explored beyond it."""
        self.ceiling = per_second
        self._credit = _ANNOUNCED_CREDIT

    def full_at(self, sent: float, admitted: int) -> None:
        """The provider was full at that moment, before which ``admitted`` requests were let in."""
        self._anchor = (sent, admitted)
        self._idle = 0.0

    def refused(self, sent: float, admitted: int, start: float, recent: float) -> None:
        """A request sent at ``sent`` was refused for the pace; ``admitted`` requests before it were not.

        ``start``: when the very first was sent. ``recent``: requests a second let in lately.
        """
        if self.rate is None or self._is_warming:
            self._warming = None
            self._begin(min(0.8 * self.pace, self._average(sent - start, admitted)), math.inf)
            self.full_at(sent, admitted)
        elif self._anchor is None:
            self.full_at(sent, admitted)
        else:
            self._measure(sent, admitted, *self._anchor, recent)
        self._slot += _SKIP / self.pace

    def _average(self, took: float, admitted: int) -> float:
        """Requests a second that were let in until the first refusal; ``inf`` where that bounds nothing.

        After few requests, or after steps that waited for each other, it tells what was asked for, not what
        there is: a lane would be closed for minutes because of one refusal.
        """
        if admitted < _ENOUGH or self._idle > _IDLE * took:
            return math.inf
        return admitted / took if took > 0.0 else math.inf

    def _measure(self, sent: float, admitted: int, since: float, before: int, recent: float) -> None:
        """Both moments are such at which the provider was full: what it let in between is its rate."""
        took, count, pace = sent - since, admitted - before, self.pace
        if count < _ENOUGH or took < _LONG_ENOUGH:
            return
        if self._idle > _IDLE * took:
            self.full_at(sent, admitted)
            # Something else held requests back for much of the time, so the rate is this or more.
            least = max(count / took, recent)
            if least < pace:
                self._begin(least, pace)
            return
        # In a window the refused request's own slot stays empty; a bucket keeps it for later.
        measured = (count + (self.span > 0.0)) / took
        if self.pressed >= self.plateau and pace > 1.15 * measured:
            measured = max(measured, recent)  # the limit rose in the meantime
        self.full_at(sent, admitted)
        part = min(self.pressed / self.plateau, 1.0)
        self.plateau = 2.0 * self.plateau if self._agrees(measured) else 2.0
        self._begin(measured + _HOPE * part * (min(pace, 1.1 * measured) - measured), pace)

    def reopened(self, rate: float, cycle: float, blocked: float) -> None:
        """After ``blocked`` seconds requests are let in again; over the whole ``cycle`` it was ``rate``.

        Where the rate had been steady, and the block is far longer than any before, it may have been an
        outage, and the limit may be what it was: then the pace climbs back within seconds.
        """
        before, steady, pace = self.measured, self.agreeing >= _STEADY, self.pace
        agrees = self._agrees(rate)
        if steady and before is not None and blocked > 3.0 * max(self.span, 5.0):
            self.plateau = 2.0
            self._begin(max(rate, 0.7 * before), pace)
            self._tau = max(1.0, 2.0 / rate)
            return
        self.span = blocked
        self.plateau = 2.0 * max(self.plateau, cycle) if agrees else cycle
        self._begin(rate, pace)

    def _agrees(self, measured: float) -> bool:
        """Note a measurement; whether it is much like the one before."""
        before, self.measured = self.measured, measured
        agrees = before is not None and _AGREE[0] <= measured / before <= _AGREE[1]
        self.agreeing = self.agreeing + 1 if agrees else 0
        return agrees

    def _begin(self, rate: float, high: float) -> None:
        """Start over from a rate that the provider lets in."""
        self.rate = rate
        self.high = min(max(high, rate), 1.1 * rate)
        self._tau = max(min(max(self.span / 4.0, 1.0), 10.0), 2.0 / rate)
        self.plateau = min(self.plateau, max(90.0, 20.0 / rate), 1.5 / (WASTE * rate))
        self.pressed = 0.0

    def snapshot(self) -> dict[str, Any]:
        """What was learnt, as JSON values."""
        return {
            "rate": _rememberable(self.rate),
            "measured": _rememberable(self.measured),
            "plateau": self.plateau,
            "span": self.span,
            "agreeing": self.agreeing,
        }

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Go on from a snapshot. Raises KeyError, TypeError or ValueError when it is none.

        It may lie, since it comes from a file. So the pace rises to it as to one that nobody knows, and
        nothing counts as steady that was not seen to be in this run.
        """
        if learnt["rate"] is None:
            return
        measured, rate = learnt["measured"], within(learnt["rate"], *_RATES)
        self.agreeing = min(int(within(learnt["agreeing"], 0, 1e9)), _STEADY - 1)
        self.measured = None if measured is None else within(measured, *_RATES)
        self.plateau, self.span = within(learnt["plateau"], *_SPANS), within(learnt["span"], 0.0, _SPANS[1])
        self._warming = 0.0
        self._begin(rate, math.inf)


def within(value: Any, least: float, most: float) -> float:
    """A number in these bounds. Raises TypeError for what is no number, ValueError for any other."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if not least <= value <= most:
        raise ValueError(f"{value!r} is not from {least:g} to {most:g}")
    return value


def _rememberable(rate: float | None) -> float | None:
    return None if rate is None or not _RATES[0] <= rate <= _RATES[1] else rate


def _slow_start(pressed: float) -> float:
    """Requests a second of a provider of which nothing is known."""
    return _FIRST * math.exp2(min(pressed / _DOUBLES_IN, 60.0))
