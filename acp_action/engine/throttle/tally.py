"""Who is out, and how many of the requests before a given one were admitted."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from acp_action.engine.throttle.limits import Ticket

# A request that has been out for so long, and for three round trips of a refusal, was admitted.
_SURE_AFTER = 0.25
_KEPT = 512


class Tally:
    """Requests by number, in the order they were sent. ``round_trip``: seconds that a refusal takes."""

    def __init__(self) -> None:
        self.sent = 0
        self.round_trip = 0.1
        self._open: dict[int, Ticket] = {}
        self._young: deque[Ticket] = deque()  # sent, and neither ended nor counted as admitted
        self._missing: list[int] = []  # numbers of requests that were not admitted, ascending
        self._forgotten = 0  # how many of them were dropped from the list
        self._sends: deque[float] = deque(maxlen=_KEPT)

    @property
    def in_flight(self) -> int:
        """How many are out."""
        return len(self._open)

    def send(self, now: float) -> Ticket:
        """Number a request that leaves now."""
        ticket = Ticket(now, len(self._open), self.sent)
        self.sent += 1
        self._open[ticket.number] = ticket
        self._young.append(ticket)
        self._sends.append(now)
        return ticket

    def end(self, ticket: Ticket) -> bool:
        """Note that it came back; false when it was out no more."""
        return self._open.pop(ticket.number, None) is not None

    def miss(self, ticket: Ticket) -> None:
        """Note that it was not admitted."""
        insort(self._missing, ticket.number)
        if len(self._missing) > _KEPT:
            half = _KEPT // 2
            del self._missing[:half]
            self._forgotten += half

    def refusal_took(self, seconds: float) -> None:
        """Learn how long a refusal takes."""
        self.round_trip += 0.3 * (seconds - self.round_trip)

    def grown(self, now: float) -> list[Ticket]:
        """Those that count as admitted now because they have been out for so long; each is told once."""
        admitted = []
        while self._young and (
            self._grows_at(self._young[0]) <= now or self._young[0].number not in self._open
        ):
            ticket = self._young.popleft()
            if ticket.number in self._open:
                admitted.append(ticket)
        return admitted

    def next_growth(self) -> float:
        """When the oldest young request counts as admitted."""
        return min((self._grows_at(t) for t in self._young if t.number in self._open), default=math.inf)

    def _grows_at(self, ticket: Ticket) -> float:
        return ticket.sent + max(_SURE_AFTER, 3.0 * self.round_trip)

    def is_young(self, ticket: Ticket) -> bool:
        """Whether it was not yet counted as admitted."""
        return bool(self._young) and ticket.number >= self._young[0].number

    def admitted_before(self, number: int) -> int:
        """How many of the requests with smaller numbers were admitted, as far as is known."""
        return number - self._forgotten - bisect_left(self._missing, number)

    def admitted_since(self, moment: float) -> int:
        """How many of those sent at or after a moment were admitted; of the last few hundred."""
        first = self.sent - len(self._sends) + bisect_left(self._sends, moment)
        return self.admitted_before(self.sent) - self.admitted_before(first)
