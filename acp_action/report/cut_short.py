"""A step whose run was cut short while it was under way: attempts, waits, and what it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.engine.paid import ONLY_RESUBMITTED, in_doubt, may_repeat
from acp_action.engine.result import Attempt, Status, StepResult, Waits
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from acp_action.engine.paper import Sheet
    from acp_action.plan.model import Step
    from acp_action.report.full_scopes import FullScopes

_OUTCOMES: Final = {"rate limit": "refused", "retry": "transient"}
"""Of an attempt that will be made again, by what the event says of it."""


class LastWord(NamedTuple):
    """How such a step is shown; ``outcome``: of the attempt that was under way; ``cost`` in USD, or None."""

    status: Status
    reason: str
    outcome: str = "stopped"
    cost: float | None = None


class OpenStep:
    """A step of whose end no line tells, by what others tell; times in seconds since the run started.

    ``ready``: when its needs were settled. ``key``: the fingerprint of its page in the journal, empty when it
    never looked there.
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

    def attempts(self, at: float) -> list[Attempt]:
        """Those that were made by this moment, in order; the one that is under way has no outcome."""
        return [*self._ended, self._open._replace(finished=at)] if self._open is not None else self._ended

    def cut(self, step: Step, group: str, word: LastWord, at: float, full: FullScopes) -> StepResult:
        """The step as if it had been stopped at this moment; ``full``: when there was no room for it."""
        attempts = self.attempts(at)
        if self._open is not None:
            attempts[-1] = attempts[-1]._replace(outcome=word.outcome, reason=word.reason)
        return StepResult(
            step.name, step.type, step.model.key, step.provider, group, word.status, word.reason,
            attempts=tuple(attempts), waits=self._waits(step, attempts, at, full), settled=at, cost=word.cost,
        )  # fmt: skip

    def _waits(self, step: Step, attempts: list[Attempt], at: float, full: FullScopes) -> Waits:
        ready = min(self.ready, attempts[0].started)
        waited = {"worker": 0.0, "refused": 0.0, "transient": 0.0}
        spans = [("", ready, attempts[0].started)]
        begins = [attempt.started for attempt in attempts[1:]] + [at]
        spans += [(a.outcome, a.finished, begin) for a, begin in zip(attempts, begins, strict=True)]
        for outcome, begin, end in spans:
            length = max(end - begin, 0.0)
            if outcome in waited:
                waited[outcome] += length
            else:
                worker = length if step.provider == LOCAL else full.within(step.group, begin, end)
                waited["worker"] += worker
                waited["refused"] += length - worker
        return Waits(ready, waited["worker"], waited["refused"], waited["transient"])


def cut_short(step: Step, track: OpenStep, page: Sheet | None, what: str, since: str) -> LastWord:
    """What a step is that no later line tells of; ``what`` the run did, which began at ``since`` (ISO 8601).

    ``page``: what the journal has of it, None when it never looked there.
    """
    if track.waits:
        return LastWord(Status.CANCELLED, f"the run {what} while it waited to be tried again")
    cut = f"the run {what} while it was under way"
    order = page.order if page is not None else None
    if order is not None and order.unknown:
        sent = f"{cut}, when its request had been sent"
        if may_repeat(step, order):
            told = f"{sent}; the next run sends it again, as max_duplicate_cost allows"
        else:
            told = in_doubt(sent, step, order, ONLY_RESUBMITTED)
        return LastWord(Status.DOUBT, told, "doubt")
    if page is None:
        return LastWord(Status.CANCELLED, cut)
    cost = _cost(step, track, page, since)
    return LastWord(Status.CANCELLED, cut + _goes_on(step, page), cost=cost)


def _cost(step: Step, track: OpenStep, page: Sheet, since: str) -> float | None:
    """What the run paid for it, None where nobody knows."""
    if page.order is not None:
        return None
    if page.kept is not None:
        return page.kept.cost if page.kept.at >= since else 0.0
    # An attempt that may be made twice may have been billed although nothing came of it.
    twice = step.max_duplicate_cost is not None and any(a.outcome == "transient" for a in track.attempts(0.0))
    return None if twice else 0.0


def _goes_on(step: Step, page: Sheet) -> str:
    """What the next run finds of it."""
    order = page.order
    if order is None:
        made = page.kept is not None
        return "; it was made, and the next run uses it" if made else ", before it was ordered"
    if order.job is None or order.result is not None:
        return f"; {step.provider} has made it, and the next run fetches it"
    return f"; it is job {order.job.id} at {step.provider}, which the next run takes up"
