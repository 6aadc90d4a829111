"""The throttle: two meters, whose refusal it was, and scouts; what a provider lets through."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acp_action.engine.throttle.blame import BOTH, PACE, SURELY_CAP, Blame, Witness
from acp_action.engine.throttle.cap import CapMeter
from acp_action.engine.throttle.limits import Limits, Ticket
from acp_action.engine.throttle.pace import PaceMeter
from acp_action.engine.throttle.scouts import Scouts
from acp_action.engine.throttle.tally import Tally

if TYPE_CHECKING:
    from acp_action.providers.base import Announced

_SAFE = 0.98


class Throttle:
    """Pure: no clock, no lock, no waiting. All times are monotonic seconds given by the caller."""

    def __init__(self, limits: Limits | None = None, *, wall: float = 0.0) -> None:
        self.limits = limits or Limits()
        known = self.limits.per_second
        self.pace = PaceMeter(math.inf if known is None else known * _SAFE)
        self.cap = CapMeter(math.inf if self.limits.concurrency is None else self.limits.concurrency)
        self.scouts = Scouts(wall)
        self.witness = Witness()
        self.tally = Tally()
        self._last_start = -math.inf
        self._first_start = -math.inf
        self._reacted_at = -math.inf
        self._paced_since: float | None = None
        self._capped_since: float | None = None

    @property
    def in_flight(self) -> int:
        """How many requests are out."""
        return self.tally.in_flight

    @property
    def slack(self) -> int:
        """How many more may seem to be in flight than are: answers and requests on their way."""
        return 1 + round(0.8 * self._recent_rate() * self.tally.round_trip)

    def next_opening(self, now: float) -> float:
        """When a request may be sent: ``now``, a later moment, or ``inf`` until one in flight comes back."""
        self._look(now)
        closed = self.scouts.opening
        if closed == math.inf:
            return self.tally.next_growth()
        if closed > now:
            self._paced_since = self._capped_since = None
            return closed
        if self.scouts.closed_at is not None:
            return now
        if self.tally.in_flight >= self.cap.limit(self.slack):
            self._paced_since = None
            if self._capped_since is None:
                self._capped_since = now
            return math.inf
        opening = max(self.pace.opening, self._last_start + self.limits.min_interval)
        if opening > now:
            if self._capped_since is not None:
                self._capped_since = None
            if self._paced_since is None:
                self._paced_since = now
            return opening
        return now

    def admit(self, now: float) -> Ticket:
        """Take a place; only after ``next_opening(now)`` gave ``now``."""
        ticket = self.tally.send(now)
        if self._first_start == -math.inf:
            self._first_start = now
        paced = now - self._paced_since if self._paced_since is not None else 0.0
        idle = now - self._last_start - paced if self.scouts.closed_at is None else 0.0
        self.pace.admit(now, paced, idle)
        if self._capped_since is not None:
            self.cap.held(now - self._capped_since)
        self._paced_since = self._capped_since = None
        self.scouts.admit(now, ticket.number)
        self._last_start = now
        return ticket

    def completed(self, ticket: Ticket, now: float, announced: Announced | None = None) -> None:
        """The provider took the request, whatever became of it."""
        self._look(now)
        young = self.tally.is_young(ticket)
        if self.tally.end(ticket) and young:
            self._admitted(ticket, now)
        if announced is not None:
            self._heed(announced)

    def refused(
        self,
        ticket: Ticket,
        now: float,
        retry_after: float | None = None,
        kind: str = "unknown",
        announced: Announced | None = None,
    ) -> None:
        """The provider said no; ``retry_after`` in seconds as told, None when it told nothing."""
        self._look(now)
        slack = self.slack
        self.tally.end(ticket)
        self.tally.miss(ticket)
        self.tally.refusal_took(now - ticket.sent)
        self.witness.note(now, ticket.ahead, admitted=False)
        if announced is not None:
            self._heed(announced)
        if ticket.sent <= self._reacted_at:
            return  # sent before the last reaction: it says nothing new
        self._reacted_at = now
        blame = self._judge(ticket, now, kind, slack)
        if blame.pace:
            admitted = self.tally.admitted_before(ticket.number)
            self.pace.refused(ticket.sent, admitted, self._first_start, self._recent_rate())
        if blame.cap:
            self.cap.refused(now, ticket.ahead, slack)
        told = retry_after if retry_after is not None and 0.0 <= retry_after < math.inf else None
        self.scouts.refused(now, ticket.sent, told, sure_cap=blame.sure)

    def released(self, ticket: Ticket, now: float) -> None:
        """The request ended without telling anything about limits: cancelled, broken, never sent."""
        self._look(now)
        if self.tally.end(ticket):
            self.tally.miss(ticket)
        if self.scouts.scout == ticket.number:
            self.scouts.lost()

    # --- what it means

    def _judge(self, ticket: Ticket, now: float, kind: str, slack: int) -> Blame:
        if kind == "pace":
            return PACE
        if kind == "concurrency":
            return SURELY_CAP if ticket.ahead > 0 else PACE
        if ticket.ahead > 0 and self.cap.is_extra(ticket.ahead, slack):
            if self.cap.extras >= 3:
                return PACE
            return BOTH if self.cap.step > 1 else SURELY_CAP
        return self.witness.judge(now, ticket.ahead, slack, in_a_row=self.scouts.row > 0)

    def _look(self, now: float) -> None:
        """Count those as admitted that have been out for long enough."""
        for ticket in self.tally.grown(now):
            self._admitted(ticket, now)

    def _admitted(self, ticket: Ticket, now: float) -> None:
        self.witness.note(now, ticket.ahead, admitted=True)
        self.cap.admitted(ticket.ahead, self.slack)
        if ticket.sent <= self._reacted_at:
            return
        found = self.scouts.admitted(ticket.sent, ticket.number)
        if found is not None:
            closed, cycle, first = found
            count = self.tally.admitted_before(ticket.number) - self.tally.admitted_before(first)
            if count > 0:
                self.pace.reopened(count / cycle, cycle, closed)
                self.pace.full_at(ticket.sent, self.tally.admitted_before(ticket.number))

    def _heed(self, announced: Announced) -> None:
        if announced.per_second is not None and announced.per_second > 0:
            self.pace.ceiling = min(announced.per_second, self.limits.per_second or math.inf) * _SAFE
        if announced.concurrency is not None and announced.concurrency > 0:
            self.cap.most = min(announced.concurrency, self.limits.concurrency or math.inf)

    def _recent_rate(self) -> float:
        """Requests a second that were admitted lately."""
        if not self.tally.sent:
            return 0.0
        seconds = max(5.0, 2.0 * self.pace.span)
        moment = max(self._last_start - seconds, self._first_start)
        took = self._last_start - moment
        if took <= 0.0:
            return 0.0
        number = self.tally.since(moment)
        return (self.tally.admitted_before(self.tally.sent) - self.tally.admitted_before(number)) / took
