"""Whose refusal? From what was let in and what was refused with how many others in flight."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

_MEMORY = 40.0
_EVENTS = 80
_SURE = 3
_LATELY = 4


class Blame(NamedTuple):
    """Which meters take a refusal; ``sure`` when only the cap can be meant."""

    pace: bool
    cap: bool
    sure: bool = False


PACE = Blame(pace=True, cap=False)
CAP = Blame(pace=False, cap=True)
SURELY_CAP = Blame(pace=False, cap=True, sure=True)
BOTH = Blame(pace=True, cap=True)


class Witness:
    """Remembers the last requests: when, how many others were in flight, whether it was let in."""

    def __init__(self) -> None:
        self._events: deque[tuple[float, int, bool]] = deque(maxlen=_EVENTS)

    def note(self, now: float, ahead: int, *, admitted: bool) -> None:
        """A request was let in or refused."""
        self._events.append((now, ahead, admitted))

    def judge(self, now: float, ahead: int, slack: int, *, in_a_row: bool) -> Blame:
        """What a refusal beside so many others was about, by what else happened lately."""
        if ahead == 0:
            return PACE
        admitted = refused = apart = 0
        lately, good_after = False, True
        for when, others, good in reversed(self._events):
            if when < now - _MEMORY:
                break
            if good:
                admitted += others >= ahead + slack
            elif others > ahead - slack:
                refused += 1
                apart += good_after
                lately = lately or (apart >= _LATELY and admitted == 0)
            good_after = good
        if admitted > 0.25 * refused:
            return BOTH if lately else PACE
        return SURELY_CAP if refused >= _SURE and not in_a_row else BOTH
