"""The cap meter: requests in flight, from how many were in flight when one was refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from acp_action.engine.throttle.pace import WASTE, within

if TYPE_CHECKING:
    from collections.abc import Mapping

# Seconds of holding requests back before a trial, and what they are multiplied with after each that failed.
_FIRST_GAP, _GROWTH, _LONGEST_GAP = 1.0, 3.0, 90.0
# Extras that have to be let in for a trial to succeed.
_ENOUGH = 4
# A level that trials confirmed that often gives way only to so many refusals within so many seconds.
_CONFIRMED, _REFUSALS, _WITHIN = 2, 3, 5.0
# What a snapshot may say.
_MOST, _MOST_FAILURES = 100_000, 40


class CapMeter:
    """How many may be in flight; without a known cap unlimited until a refusal is charged to it.

    Now and then, when it has been what holds requests back, it tries whether more are let in: a trial.
    ``most``: never more than that. ``slack``, in all calls: how many more may seem to be in flight than are.
    """

    def __init__(self, most: float = math.inf) -> None:
        self.most = most
        self.level = math.inf
        self.trying = False
        self.extras = 0
        self.step = 1
        self.confirmed = 0
        self._failures = 0
        self._held = 0.0
        self._successes = 0
        self._refusals: list[float] = []

    def limit(self, slack: int) -> float:
        """How many may be in flight now."""
        extra = max(self.step, slack) if self.trying else 0
        return min(self.level + extra, self.most)

    def held(self, seconds: float) -> None:
        """It held requests back for so long; a trial begins when that adds up."""
        self._held += seconds
        gap = min(_FIRST_GAP * _GROWTH**self._failures, _LONGEST_GAP)
        if not self.trying and (self._held >= gap or self._successes >= 1.0 / WASTE):
            self._try()

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

    def refused(self, now: float, ahead: int, slack: int) -> None:
        """A request was refused for the cap beside so many others."""
        if self.is_extra(ahead, slack):
            self._failures += 1
            self.confirmed += 1
            self._rest()
            return
        self._refusals = [*(t for t in self._refusals if t > now - _WITHIN), now]
        if self.confirmed < _CONFIRMED or self.level == math.inf or len(self._refusals) >= _REFUSALS:
            self._fall(ahead)
        elif ahead < self.level - slack:
            self._fall(self.level - 1)

    def _fall(self, level: float) -> None:
        if level < self.level:
            self.level = max(level, 1)
            self.confirmed = self._failures = 0
        self._rest()

    def _try(self) -> None:
        self.trying, self.extras = self.level < self.most, 0
        self._held, self._successes = 0.0, 0

    def _rest(self) -> None:
        self.trying, self.step = False, 1
        self._held, self._successes = 0.0, 0

    def snapshot(self) -> dict[str, Any]:
        """What was learnt, as JSON values."""
        level = None if self.level == math.inf else self.level
        return {"level": level, "confirmed": self.confirmed, "failures": min(self._failures, _MOST_FAILURES)}

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Go on from a snapshot. Raises KeyError, TypeError or ValueError when it is none.

        It may lie, since it comes from a file: how sure of its level an earlier run was counts for nothing.
        """
        level = learnt["level"]
        self.level = math.inf if level is None else int(within(level, 1, _MOST))
        self.confirmed = min(int(within(learnt["confirmed"], 0, 1e9)), _CONFIRMED - 1)
        self._failures = int(within(learnt["failures"], 0, _MOST_FAILURES))
