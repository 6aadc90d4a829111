"""A step between the moment it is ready and its end: attempts, waits, permits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from acp_action.engine.outcome import ENDS, Closed, Done, Expired, Refused, Stopped
from acp_action.engine.result import Attempt, Waits, as_tuple

if TYPE_CHECKING:
    from acp_action.engine.cancel import CancelToken
    from acp_action.engine.outcome import Delivery
    from acp_action.engine.scopes import Rank
    from acp_action.engine.throttle import Ticket

Phase = Literal["worker", "throttle", "backoff"]
WORKER: Final = "worker"
THROTTLE: Final = "throttle"
BACKOFF: Final = "backoff"
MODEL: Final = "model"
"""The kind of an attempt that found its model closed, and not the whole account."""


class Track:
    """What the scheduler knows of one step that is ready or further; times on the clock's scale.

    ``since`` and ``phase``: what it has been waiting for, and since when. ``deadline``: set at the first
    start, moved on by waits that are not the step's own.
    ``refused``: seconds of ``throttle`` that came after a refusal.
    ``announced``: whether this attempt's start was told (in a bundle it is told when it has happened).
    ``look_only``: the attempt only looks for what an earlier run made; ``looked``: in vain.
    """

    __slots__ = (
        "announced",
        "attempt",
        "attempts",
        "backoff",
        "deadline",
        "desk",
        "look_only",
        "looked",
        "phase",
        "processor",
        "ready",
        "refusals",
        "refused",
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
        self.announced = False
        self.look_only = False
        self.looked = False
        self.deadline = math.inf
        self.desk = -1
        self.worker = 0.0
        self.throttle = 0.0
        self.backoff = 0.0
        self.processor = 0.0
        self.refused = 0.0
        self.attempts: tuple[Attempt, ...] = ()
        self.token: CancelToken | None = None
        self.tickets: tuple[Ticket, ...] = ()

    @property
    def told_to_stop(self) -> bool:
        """Whether its attempt was cancelled."""
        return self.token is not None and self.token.cancelled

    def turn(self, phase: Phase, now: float) -> None:
        """Close the wait that was going on and begin another."""
        waited = now - self.since
        if waited > 0.0:
            if self.phase == BACKOFF:
                self.backoff += waited
            else:
                self.deadline += waited
                if self.phase == WORKER:
                    self.worker += waited
                else:
                    self.throttle += waited
                    if self.refusals:
                        self.refused += waited
            self.since = now
        self.phase = phase

    def end_attempt(self, delivery: Delivery, begin: float) -> None:
        """Note how an attempt ended; ``begin`` is the run's start. Waits inside of it are no service."""
        _, number, outcome, started, finished, worker = delivery
        self.turn(WORKER, started)
        self.since = finished
        self.running = False
        reason, held, queued, kind, told, announced = "", 0.0, 0.0, "", None, None
        if isinstance(outcome, Done):
            announced = outcome.product.announced
            if outcome.held > 0.0 or outcome.product.queued > 0.0:
                held = min(outcome.held, finished - started)
                queued = min(max(outcome.product.queued, 0.0), finished - started - held)
                self.processor += held
                self.throttle += queued
        else:
            reason = outcome.reason
            if isinstance(outcome, Refused):
                kind, told, announced = outcome.kind, outcome.retry_after, outcome.announced
            elif isinstance(outcome, Closed) and outcome.model_only:
                kind = MODEL
        fields = (
            number,
            started - begin,
            finished - begin,
            worker,
            ENDS[type(outcome)],
            reason,
            held,
            queued,
            kind,
            told,
            announced,
            None,
        )
        ended = as_tuple(Attempt, fields)
        self.attempts = (*self.attempts, ended) if self.attempts else (ended,)

    def park(self, phase: Phase, delay: float, now: float) -> None:
        """Begin the wait after an attempt that is to be made again in so many seconds."""
        self.turn(phase, now)
        *before, last = self.attempts
        self.attempts = (*before, last._replace(pause=delay))

    def given_up(self) -> Stopped | Expired:
        """What became of an attempt that should have come back long ago."""
        if self.told_to_stop:
            return Stopped("it did not stop when told to")
        return Expired("it did not come back in time")

    def waits(self, begin: float) -> Waits:
        """The split so far; ``begin`` is the run's start."""
        split = (self.ready - begin, self.worker, self.throttle, self.backoff, self.processor)
        return as_tuple(Waits, split)


def rank_of(remaining: float, index: int) -> Rank:
    """Longest remaining path first, then file order."""
    return (-remaining, index)
