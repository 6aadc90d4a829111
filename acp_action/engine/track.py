"""A step between the moment it is ready and its end: attempts, waits, permits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from acp_action.engine.result import Attempt, Waits

if TYPE_CHECKING:
    from acp_action.engine.cancel import CancelToken
    from acp_action.engine.scopes import Gate, Rank, Scope
    from acp_action.engine.throttle import Ticket

Phase = Literal["worker", "throttle", "backoff"]
WORKER: Final = "worker"
THROTTLE: Final = "throttle"
BACKOFF: Final = "backoff"


class Track:
    """What the scheduler knows of one step that is ready or further; times on the clock's scale.

    ``since`` and ``phase``: what it has been waiting for, and since when. ``origin``: the waiting list it was
    taken from last. ``deadline``: set at the first start, moved on by waits for rate limits.
    """

    __slots__ = (
        "attempts",
        "attempt",
        "backoff",
        "deadline",
        "origin",
        "phase",
        "ready",
        "refusals",
        "running",
        "since",
        "throttle",
        "tickets",
        "token",
        "transients",
        "worker",
    )

    def __init__(self, ready: float) -> None:
        self.ready = ready
        self.since = ready
        self.phase: Phase = WORKER
        self.attempt = 0
        self.refusals = 0
        self.transients = 0
        self.running = False
        self.deadline = math.inf
        self.worker = 0.0
        self.throttle = 0.0
        self.backoff = 0.0
        self.attempts: tuple[Attempt, ...] = ()
        self.token: CancelToken | None = None
        self.tickets: tuple[Ticket, ...] = ()
        self.origin: Scope | Gate | None = None

    def turn(self, phase: Phase, now: float) -> None:
        """Close the wait that was going on and begin another."""
        waited = now - self.since
        if waited > 0.0:
            if self.phase == WORKER:
                self.worker += waited
            elif self.phase == THROTTLE:
                self.throttle += waited
                self.deadline += waited
            else:
                self.backoff += waited
        self.phase = phase
        self.since = max(now, self.since)

    def waits(self, begin: float) -> Waits:
        """The split so far; ``begin`` is the run's start."""
        return Waits(self.ready - begin, self.worker, self.throttle, self.backoff)


def rank_of(remaining: float, index: int) -> Rank:
    """Longest remaining path first, then file order."""
    return (-remaining, index)
