"""Whose refusal? Judged by what was let in, and what was refused, beside how many others."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

# Seconds, and events, that a judgement looks back on.
_MEMORY, _EVENTS = 40.0, 80
# So many refusals, with hardly any let in beside as many others, and it can only be the cap.
_SURE = 3
# So many single refusals since the last that was let in beside as many others: the cap may have fallen.
_LATELY = 4


class Blame(NamedTuple):
    """Which meters take a refusal; ``sure`` when it can only be the cap."""

    pace: bool
    cap: bool
    sure: bool = False


PACE = Blame(pace=True, cap=False)
SURELY_CAP = Blame(pace=False, cap=True, sure=True)
BOTH = Blame(pace=True, cap=True)


class Witness:
    """Remembers the last requests: when, beside how many others, whether it was let in."""

    def __init__(self) -> None:
        self._events: deque[tuple[float, int, bool]] = deque(maxlen=_EVENTS)

    def note(self, now: float, ahead: int, *, admitted: bool) -> None:
        """A request was let in or refused."""
        self._events.append((now, ahead, admitted))

    def judge(self, now: float, ahead: int, slack: int, *, in_a_row: bool) -> Blame:
        """What a refusal beside so many others is about.

        ``in_a_row``: nothing was let in since the last one.
        """
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
