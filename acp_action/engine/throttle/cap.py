"""The cap meter: how many requests in flight, from what was in flight when one was refused."""

from __future__ import annotations

import math

from acp_action.engine.throttle.pace import WASTE

_FIRST_GAP = 1.0
_LONGEST_GAP = 90.0
_ENOUGH = 4


class CapMeter:
    """Requests in flight; unlimited until a refusal is charged to it.

    Now and then, when it has been what holds requests back, it tries whether more are let in (a trial).
    ``most``: never more than that.
    """

    def __init__(self, most: float = math.inf) -> None:
        self.most = most
        self.level = math.inf
        self.trying = False
        self.extras = 0
        self.confirmed = 0
        self.step = 1
        self._failures = 0
        self._pressed = 0.0
        self._successes = 0
        self._refusals: list[float] = []

    def limit(self, slack: int) -> float:
        """How many may be in flight now."""
        extra = max(self.step, slack) if self.trying else 0
        return min(self.level + extra, self.most)

    def held(self, seconds: float) -> None:
        """It alone held requests back for so long; begins a trial when that adds up."""
        self._pressed += seconds
        gap = min(_FIRST_GAP * 3.0**self._failures, _LONGEST_GAP)
        if not self.trying and self._pressed > 0 and (self._pressed >= gap or self._successes >= 1.0 / WASTE):
            self._try()

    def _try(self) -> None:
        self.trying, self.extras = self.level < self.most, 0
        self._pressed, self._successes = 0.0, 0

    def is_extra(self, ahead: int, slack: int) -> bool:
        """Whether a request refused beside so many others tells of the trial; it may have been overtaken."""
        return self.trying and ahead >= self.level - slack

    def admitted(self, ahead: int, slack: int) -> None:
        """A request was let in beside so many others."""
        self._successes += 1
        if not self.trying or ahead < self.level + slack - 1:
            return
        self.extras += 1
        if self.extras >= _ENOUGH:
            self.level += max(self.step, slack)
            self.step *= 2
            self.confirmed = 0
            self._try()

    def failed(self) -> None:
        """The trial's extra was refused: back to the level."""
        self.trying = False
        self.step = 1
        self._failures += 1
        self.confirmed += 1
        self._pressed, self._successes = 0.0, 0

    def refused(self, now: float, ahead: int, slack: int) -> None:
        """A request was refused for the cap, with so many others in flight."""
        if self.is_extra(ahead, slack):
            self.failed()
            return
        self._refusals = [t for t in self._refusals if t > now - 5.0] + [now]
        if self.confirmed >= 2 and self.level < math.inf:
            if len(self._refusals) >= 3:
                self._fall(ahead)
            elif ahead < self.level - slack:
                self._fall(self.level - 1)
            return
        self._fall(ahead)

    def _fall(self, level: float) -> None:
        if level < self.level:
            self.level = max(level, 1)
            self.confirmed = 0
            self._failures = 0
        self.trying = False
        self.step = 1
        self._pressed, self._successes = 0.0, 0
