"""The throttle: two meters, a judge of whose refusal it was, and scouts."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from acp_action.engine.throttle.blame import BOTH, PACE, SURELY_CAP, Blame, Witness
from acp_action.engine.throttle.cap import CapMeter
from acp_action.engine.throttle.limits import Limits, Ticket
from acp_action.engine.throttle.pace import PaceMeter
from acp_action.engine.throttle.scouts import Scouts
from acp_action.engine.throttle.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.providers.base import Announced

# How much of a rate that was told is used: requests do not take equally long to arrive.
_SAFE = 0.98
# Seconds for which a lane is closed at the most; after that it asks again, whatever was told.
_LONGEST = 24 * 3600.0


class Throttle:
    """Learns what a provider lets through. Pure: no clock, no lock, no waiting.

    All times are monotonic seconds given by the caller; ``wall``: what to add to have the wall clock's time.
    """

    def __init__(self, limits: Limits | None = None, *, wall: float = 0.0) -> None:
        self.limits = limits or Limits()
        known = self.limits.per_second
        self.pace = PaceMeter(math.inf if known is None else known * _SAFE)
        self.cap = CapMeter(math.inf if self.limits.concurrency is None else self.limits.concurrency)
        self.scouts = Scouts(wall)
        self._witness = Witness()
        self._tally = Tally()
        self._first_start = -math.inf
        self._last_start = -math.inf
        self._reacted_before = 0
        # Since when the one or the other meter alone has held back a request that was asked for.
        self._paced_since: float | None = None
        self._capped_since: float | None = None

    @property
    def in_flight(self) -> int:
        """How many requests are out."""
        return self._tally.in_flight

    @property
    def sent(self) -> int:
        """How many requests it has let go."""
        return self._tally.sent

    def next_opening(self, now: float) -> float:
        """When a request may be sent: ``now``, a later moment, or ``inf`` until one in flight comes back."""
        self._look(now)
        closed = self.scouts.opening
        paced = capped = None
        if closed == math.inf:
            opening = self._tally.next_growth()
        elif closed > now:
            opening = closed
        elif self._tally.in_flight >= self.cap.limit(self._slack()):
            opening, capped = math.inf, now
        else:
            # A scout needs no slot of a pace that was learnt.
            learnt = self.scouts.closed_at is not None and self.pace.ceiling == math.inf
            slot = -math.inf if learnt else self.pace.opening
            opening = max(now, slot, self._last_start + self.limits.min_interval)
            if opening <= now:
                return now
            paced = now
        if paced is None or self._paced_since is None:
            self._paced_since = paced
        if capped is None or self._capped_since is None:
            self._capped_since = capped
        return opening

    def admit(self, now: float) -> Ticket:
        """Take a place; only after ``next_opening(now)`` gave ``now``."""
        ticket = self._tally.send(now)
        if ticket.number == 0:
            self._first_start = self._last_start = now
        pressed = 0.0 if self._paced_since is None else now - self._paced_since
        idle = now - self._last_start - pressed if self.scouts.closed_at is None else 0.0
        self.pace.admit(now, pressed, idle)
        capped = 0.0 if self._capped_since is None else now - self._capped_since
        if self._capped_since is not None:
            self.cap.held(capped)
        self._paced_since = self._capped_since = None
        self.scouts.admit(now, ticket.number, idle - capped)
        self._last_start = now
        return ticket

    def completed(self, ticket: Ticket, now: float, announced: Announced | None = None) -> None:
        """The provider took the request, whatever became of it; ``announced``: limits it told of."""
        self._look(now)
        young = self._tally.is_young(ticket)
        if self._tally.end(ticket) and young:
            self._admitted(ticket, now)
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
        slack = self._slack()
        self._tally.end(ticket)
        self._tally.miss(ticket)
        self._tally.refusal_took(now - ticket.sent)
        self._witness.note(now, ticket.ahead, admitted=False)
        self._heed(announced)
        if ticket.number < self._reacted_before:
            return  # sent before the last reaction: it says nothing new
        self._reacted_before = self._tally.sent
        blame = self._judge(ticket, now, kind, slack)
        if blame.pace:
            admitted = self._tally.admitted_before(ticket.number)
            self.pace.refused(ticket.sent, admitted, self._first_start, self._recent_rate())
        if blame.cap:
            self.cap.refused(now, ticket.ahead, slack)
        told = None
        if retry_after is not None and 0.0 <= retry_after < math.inf:
            told = min(retry_after, _LONGEST)
        self.scouts.refused(now, ticket.sent, told, sure_cap=blame.sure)

    def released(self, ticket: Ticket, now: float) -> None:
        """The request ended without telling anything about limits: cancelled, broken, never sent."""
        self._look(now)
        young = self._tally.is_young(ticket)
        if self._tally.end(ticket) and young:
            self._tally.miss(ticket)
        self.scouts.lost(ticket.number)

    def unsent(self, ticket: Ticket, now: float) -> None:
        """The request was not sent after all, so its slot is free again."""
        self.released(ticket, now)
        self.pace.give_back()

    def snapshot(self) -> dict[str, Any] | None:
        """What was learnt, as JSON values; None when nothing was."""
        if self.pace.rate is None and self.cap.level == math.inf:
            return None
        return {"pace": self.pace.snapshot(), "cap": self.cap.snapshot()}

    def restore(self, learnt: Mapping[str, Any]) -> bool:
        """Go on from a snapshot; false, and of no effect, for what is none and after the first request."""
        if self._tally.sent:
            return False
        with suppress(KeyError, TypeError, ValueError):
            pace, cap = PaceMeter(self.pace.ceiling), CapMeter(self.cap.most)
            pace.restore(learnt["pace"])
            cap.restore(learnt["cap"])
            self.pace, self.cap = pace, cap
            return True
        return False

    def _judge(self, ticket: Ticket, now: float, kind: str, slack: int) -> Blame:
        if kind == "concurrency":
            # With nothing of ours in flight the cap is used up by others: nothing that comes back makes room.
            return Blame(pace=False, cap=True, sure=ticket.ahead > 0)
        if kind == "pace" or ticket.ahead == 0:
            return PACE
        if self.cap.is_extra(ticket.ahead, slack):
            if self.cap.extras >= 3:
                return PACE
            return BOTH if self.cap.step > 1 else SURELY_CAP
        found = self._witness.judge(now, ticket.ahead, slack, in_a_row=self.scouts.row > 0)
        if found is BOTH and self.limits.profile is not None:
            return PACE if self.limits.profile == "pace" else Blame(pace=False, cap=True)
        return found

    def _look(self, now: float) -> None:
        """Count those as let in that have been out for long enough."""
        for ticket in self._tally.grown(now):
            self._admitted(ticket, now)

    def _admitted(self, ticket: Ticket, now: float) -> None:
        self._witness.note(now, ticket.ahead, admitted=True)
        self.cap.admitted(ticket.ahead, self._slack())
        if ticket.number < self._reacted_before:
            return
        found = self.scouts.admitted(ticket.sent, ticket.number)
        if found is not None:
            admitted = self._tally.admitted_before(ticket.number)
            count = admitted - self._tally.admitted_before(found.first)
            if count > 0 and self.pace.rate is not None:
                self.pace.reopened(count / found.cycle, found.cycle, found.blocked)
                self.pace.full_at(ticket.sent, admitted)

    def _heed(self, announced: Announced | None) -> None:
        if announced is None:
            return
        if announced.per_second is not None and announced.per_second > 0.0:
            self.pace.announce(min(announced.per_second, self.limits.per_second or math.inf) * _SAFE)
        if announced.concurrency is not None and announced.concurrency > 0:
            self.cap.most = min(announced.concurrency, self.limits.concurrency or math.inf)

    def _slack(self) -> int:
        """How many more may seem to be in flight than are: requests and answers on their way."""
        return 1 + round(0.8 * self._recent_rate() * self._tally.round_trip)

    def _recent_rate(self) -> float:
        """Requests a second let in lately."""
        since = max(self._last_start - max(5.0, 2.0 * self.pace.span), self._first_start)
        took = self._last_start - since
        return self._tally.admitted_since(since) / took if took > 0.0 else 0.0
