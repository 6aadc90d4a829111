"""What an attempt that made nothing means for its step: another attempt after a wait, or the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from acp_action.engine.backoff import told_delay, transient_delay
from acp_action.engine.outcome import (
    Closed,
    Done,
    Doubt,
    Expired,
    Fatal,
    Refused,
    Stopped,
    Transient,
    Unmade,
)
from acp_action.engine.result import Status
from acp_action.engine.throttle.scouts import JOB_ONLY
from acp_action.engine.track import BACKOFF, THROTTLE

if TYPE_CHECKING:
    import random

    from acp_action.engine.budget import RetryBudget
    from acp_action.engine.outcome import Outcome
    from acp_action.engine.track import Phase, Track
    from acp_action.plan.model import Step


class Patience(NamedTuple):
    """How long the engine puts up with what, in seconds.

    ``grace``: for an attempt that was told to stop, or is over its deadline, to come back; then it is given
    up. ``rate_limit``: for the sum of a step's waits after refusals.
    """

    grace: float = 5.0
    rate_limit: float = 300.0


class Again(NamedTuple):
    """Another attempt, ``delay`` seconds after the last one ended; the wait counts as ``phase``."""

    phase: Phase
    delay: float
    reason: str


class End(NamedTuple):
    """The step is over. ``closed``: why the provider takes nothing more, where that is the reason.

    ``alone``: it stops nothing but what needs the step, whatever ``fail_fast`` says.
    """

    status: Status
    reason: str
    traceback: str = ""
    closed: str = ""
    alone: bool = False


Verdict: TypeAlias = Again | End

_ENDS: Final[dict[type, Status]] = {
    Closed: Status.FAILED,
    Expired: Status.TIMED_OUT,
    Stopped: Status.CANCELLED,
}


def verdict_on(
    outcome: Outcome,
    step: Step,
    track: Track,
    now: float,
    patience: Patience,
    rng: random.Random,
    budget: RetryBudget,
) -> Verdict:
    """Judge an outcome other than Done; ``now`` is the attempt's end.

    Counts refusals and retries in ``track``, and pays for retries from the provider's ``budget``.
    """
    if track.token is not None and track.token.cancelled and not isinstance(outcome, Doubt):
        return End(Status.CANCELLED, outcome.reason if isinstance(outcome, Stopped) else "cancelled")
    match outcome:
        case Refused():
            track.refusals += 1
            return _on_refusal(outcome, track, patience, rng)
        case Transient():
            track.transients += 1
            return _on_transient(outcome, step, track, now, rng, budget)
        case Fatal() if outcome.halt:
            return End(Status.CANCELLED, outcome.reason)
        case Fatal():
            return End(Status.REFUSED if outcome.policy else Status.FAILED, outcome.reason, outcome.traceback)
        case Doubt():
            return End(Status.DOUBT, outcome.reason, alone=outcome.earlier)
        case Done() | Unmade():
            raise TypeError("neither a success nor a look needs a verdict")
    return End(
        _ENDS[type(outcome)], outcome.reason, closed=outcome.why if isinstance(outcome, Closed) else ""
    )


def _on_refusal(outcome: Refused, track: Track, patience: Patience, rng: random.Random) -> Verdict:
    """Back to the lane, which knows when it goes on; only a short first wait is the step's own."""
    told = outcome.retry_after
    # Too many at once is over when one of them comes back, whatever time was named.
    if told is None or not 0.0 <= told < math.inf or outcome.kind == "concurrency":
        told = 0.0
    if track.refused + told > patience.rate_limit:
        waited = f"{track.refused:.0f} s waited, {told:.0f} s more asked for"
        return End(Status.FAILED, f"rate limit: {outcome.reason} ({waited})")
    own = 0.0 < told <= JOB_ONLY and track.refusals == 1
    return Again(THROTTLE, told_delay(told, rng) if own else 0.0, outcome.reason)


def _on_transient(
    outcome: Transient, step: Step, track: Track, now: float, rng: random.Random, budget: RetryBudget
) -> Verdict:
    if track.transients > step.retries:
        tries = f" (after {track.attempt} attempts)" if track.attempt > 1 else ""
        return End(Status.FAILED, outcome.reason + tries)
    delay = _delay(outcome.retry_after, track.transients, rng)
    if now + delay >= track.deadline:
        left = f"no time is left for another attempt within {step.timeout:g} s"
        return End(Status.TIMED_OUT, f"{left}: {outcome.reason}")
    if not budget.take(now):
        many = f"not tried again, because too many steps of {step.provider} failed lately"
        return End(Status.FAILED, f"{outcome.reason} ({many})")
    return Again(BACKOFF, delay, outcome.reason)


def _delay(told: float | None, count: int, rng: random.Random) -> float:
    """The server's wait where it named a sensible one, else our own back-off."""
    if told is not None and 0.0 <= told < math.inf:
        return told_delay(told, rng)
    return transient_delay(count, rng)
