"""A step that was under way when its run ended without a word: attempts, waits, and what it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.engine.paid import ONLY_RESUBMITTED, in_doubt, may_repeat
from acp_action.engine.result import Attempt, Status, StepResult, Waits

if TYPE_CHECKING:
    from acp_action.engine.paper import Sheet
    from acp_action.plan.model import Step

_OUTCOMES: Final = {"rate limit": "refused", "retry": "transient"}
"""Of an attempt that will be made again, by what the event says of it."""


class End(NamedTuple):
    """How such a step is shown; ``outcome``: of the attempt that was under way."""

    status: Status
    reason: str
    outcome: str = "stopped"


class UnderWay:
    """The attempts that a log tells of; times in seconds since the run started.

    ``ready``: when the step's needs were settled. ``key``: the fingerprint of its page in the journal, empty
    when it never looked there.
    """

    def __init__(self, ready: float = 0.0) -> None:
        self.ready = ready
        self.key = ""
        self._ended: list[Attempt] = []
        self._open: Attempt | None = None

    @property
    def began(self) -> bool:
        """Whether an attempt was made."""
        return bool(self._ended) or self._open is not None

    @property
    def waits(self) -> bool:
        """Whether it waited for another attempt at the end."""
        return self._open is None

    def started(self, number: int, worker: int, at: float) -> None:
        """An attempt began. One before it that nothing more is told of only looked for what there was."""
        if self._open is not None:
            self._ended.append(self._open._replace(outcome="unmade"))
        self._open = Attempt(number, at, at, worker, "")

    def parked(self, number: int, why: str, reason: str, at: float) -> None:
        """The attempt ended, and another one was to be made."""
        begun = self._open
        if begun is not None and begun.number == number and at >= begun.started:
            outcome = _OUTCOMES.get(why, "transient")
            self._ended.append(begun._replace(finished=at, outcome=outcome, reason=reason))
            self._open = None

    def cut(self, step: Step, group: str, end: End, at: float) -> StepResult:
        """The step as if it had been stopped at this moment."""
        attempts = self._ended
        if self._open is not None:
            attempts = [*attempts, self._open._replace(finished=at, outcome=end.outcome, reason=end.reason)]
        return StepResult(
            step.name, step.type, step.model.key, step.provider, group, end.status, end.reason,
            attempts=tuple(attempts), waits=self._waits(attempts, at), settled=at,
        )  # fmt: skip

    def _waits(self, attempts: list[Attempt], at: float) -> Waits:
        ready = min(self.ready, attempts[0].started)
        waited = {"worker": attempts[0].started - ready, "refused": 0.0, "transient": 0.0}
        begins = [attempt.started for attempt in attempts[1:]] + [at]
        for attempt, after in zip(attempts, begins, strict=True):
            kind = attempt.outcome if attempt.outcome in waited else "worker"
            waited[kind] += max(after - attempt.finished, 0.0)
        return Waits(ready, waited["worker"], waited["refused"], waited["transient"])


def cut_short(step: Step, track: UnderWay, page: Sheet | None, what: str) -> End:
    """What a step is that no later line tells of; ``what`` the run did.

    ``page``: what the journal has of it, None when it never looked there.
    """
    if track.waits:
        return End(Status.CANCELLED, f"the run {what} while it waited to be tried again")
    cut = f"the run {what} while it was under way"
    order = page.order if page is not None else None
    if order is not None and order.unknown:
        sent = f"{cut}, when its request had been sent"
        if may_repeat(step, order):
            told = f"{sent}; the next run sends it again, as max_duplicate_cost allows"
        else:
            told = in_doubt(sent, step, order, ONLY_RESUBMITTED)
        return End(Status.DOUBT, told, "doubt")
    return End(Status.CANCELLED, cut + (_goes_on(step, page) if page is not None else ""))


def _goes_on(step: Step, page: Sheet) -> str:
    """What the next run finds of it."""
    order = page.order
    if order is None:
        made = page.kept is not None
        return "; it was made, and the next run uses it" if made else ", before it was ordered"
    if order.job is None or order.result is not None:
        return f"; {step.provider} has made it, and the next run fetches it"
    return f"; it is job {order.job.id} at {step.provider}, which the next run takes up"
