"""The pace meter: how many requests a second, measured from what was admitted between two refusals."""

from __future__ import annotations

import math

# Refusals per success that exploring may cost.
WASTE = 0.004
_AT_ONCE = 4
_FIRST = 8.0
_DOUBLES_IN = 0.5
_STEADY = 3
_SPARE = 1.1
_HOPE = 0.5
_LOST = 1
_SKIP = 0.3


class PaceMeter:
    """Requests a second; starts without a limit known, quickly rising.

    ``rate``: what is admitted for sure (None while nothing was refused). From just below it the pace climbs
    to ``high`` over ``plateau`` seconds of being what holds requests back, then ever faster. ``ceiling``: never
    more than that.
    """

    def __init__(self, ceiling: float = math.inf) -> None:
        self.ceiling = ceiling
        self.rate: float | None = None
        self.high = math.inf
        self.plateau = 2.0
        self.tau = 1.0
        self.span = 0.0
        self.pressed = 0.0
        self.measured: float | None = None
        self.agreeing = 0
        self._slot = -math.inf
        self._free = _AT_ONCE
        self._idle = 0.0  # since the anchor
        self._anchor: tuple[float, int] | None = None  # a moment at which the provider was full, and A then

    @property
    def pace(self) -> float:
        """Requests a second now."""
        if self.rate is None:
            if self.ceiling < math.inf:
                return self.ceiling
            return _FIRST * 2.0 ** min(self.pressed / _DOUBLES_IN, 60.0)
        low = self.rate * 0.998
        if self.pressed < self.plateau:
            now = low + (self.high - low) * self.pressed / self.plateau
        else:
            over = min((self.pressed - self.plateau) / self.tau, 9.0)
            now = self.high * math.exp(0.01 * (2.0**over - 1.0))
        return min(now, self.ceiling)

    @property
    def opening(self) -> float:
        """When the next request may leave."""
        if self.rate is None and self.ceiling == math.inf and self._free > 0:
            return -math.inf
        return self._slot

    def admit(self, now: float, pressed: float, idle: float) -> None:
        """A request leaves; ``pressed``: for how many seconds the pace alone held it back.

        ``idle``: seconds before that in which nothing was to be sent, or the cap held it back.
        """
        self.pressed += pressed
        gap = 1.0 / self.pace
        self._idle += max(idle, 0.0)
        if self._free > 0:
            self._free -= 1
        self._slot = max(self._slot, now - gap) + gap

    def skip(self) -> None:
        """Leave a slot empty."""
        self._slot += _SKIP / self.pace

    def refused(self, sent: float, admitted: int, since: float, recent: float | None) -> None:
        """A request sent at ``sent`` was refused for the pace; ``admitted`` requests before it were not.

        ``since``: when the first one was sent. ``recent``: the rate admitted in the last seconds.
        """
        if self.rate is None:
            rate = 0.8 * self.pace
            if sent > since:
                rate = min(rate, admitted / (sent - since))
            self._begin(max(rate, 1e-3), high=rate)
            self.full_at(sent, admitted)
        elif self._anchor is None:
            self.full_at(sent, admitted)
        else:
            self._measure(sent, admitted, recent)
        self.skip()

    def _measure(self, sent: float, admitted: int, recent: float | None) -> None:
        assert self._anchor is not None and self.rate is not None
        took, count = sent - self._anchor[0], admitted - self._anchor[1]
        if count < 8 or took < 0.4:
            return
        if self._idle > 0.3 * took:
            # It was hardly the pace that held back: this is less than its rate may be.
            self.full_at(sent, admitted)
            least = _SPARE * max(count / took, recent or 0.0)
            if least < self.pace:
                self._begin(least, high=self.pace)
            return
        # In a window the two slots that the last refusal cost are lost, yet the provider would have filled them.
        lost = _LOST if self.span > 0.0 else 0
        measured, pace = (count + lost) / took, self.pace
        over = self.pressed >= self.plateau
        if over and pace > 1.15 * measured and recent is not None:
            measured = max(measured, recent)
        part = min(self.pressed / self.plateau, 1.0)
        agrees = self.measured is not None and 0.75 <= measured / self.measured <= 1.33
        self.plateau = self.plateau * 2.0 if agrees else 2.0
        self.agreeing = self.agreeing + 1 if agrees else 0
        self.tau = self._tau(measured)
        self.full_at(sent, admitted)
        self.measured = measured
        self._begin(measured + _HOPE * part * (min(pace, 1.1 * measured) - measured), high=pace)

    def full_at(self, sent: float, admitted: int) -> None:
        """The provider was full when a request was sent before which ``admitted`` others were let in."""
        self._anchor = (sent, admitted)
        self._idle = 0.0

    def reopened(self, rate: float, cycle: float, blocked: float) -> None:
        """After ``blocked`` seconds requests are let in again; in the whole ``cycle`` it was ``rate`` a second.

        Where the rate had been steady and the block is far longer than any before, it may have been an outage:
        then the pace climbs back within seconds.
        """
        before, outage = self.measured, self.agreeing >= _STEADY and blocked > 3.0 * max(self.span, 5.0)
        agrees = before is not None and 0.75 <= rate / before <= 1.33
        self.agreeing = self.agreeing + 1 if agrees else 0
        self.measured = rate
        if outage and before is not None:
            rate = max(rate, 0.7 * before)
            self.plateau, self.tau = 2.0, max(1.0, 2.0 / rate)
        else:
            self.span = blocked
            self.plateau = 2.0 * max(self.plateau, cycle) if agrees else cycle
            self.tau = self._tau(rate)
        self._begin(rate, high=self.pace)

    def _tau(self, rate: float) -> float:
        return max(min(max(self.span / 2.0, 1.0), 10.0), 2.0 / rate)

    def _begin(self, rate: float, high: float) -> None:
        self.rate = rate
        self.high = min(max(high, rate), 1.1 * rate)
        most = min(max(90.0, 20.0 / rate), 1.5 / (WASTE * rate))
        self.plateau = max(min(self.plateau, most), 0.1)
        self.pressed = 0.0
