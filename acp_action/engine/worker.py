"""One attempt: render, ask the provider, publish. The one place where exceptions become outcomes."""

from __future__ import annotations

import time
import traceback
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from acp_action.engine.outcome import Closed, Done, Doubt, Expired, Fatal, Refused, Stopped, Transient, Word
from acp_action.engine.paid import attempt_paid, ordered
from acp_action.engine.paper import LooseJournal
from acp_action.engine.request import build_request
from acp_action.errors import (
    AccountClosed,
    AcpError,
    Cancelled,
    DeadlineExpired,
    PolicyRefusal,
    RateLimited,
    TransientError,
    UnknownOutcome,
    Unrecorded,
    Unstored,
)
from acp_action.providers.base import Product, untold
from acp_action.providers.registry import LOCAL
from acp_action.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acp_action.artifacts import Output
    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Message, Outcome
    from acp_action.engine.paid import Books
    from acp_action.engine.request import RunContext
    from acp_action.errors import FatalError
    from acp_action.plan.model import Step
    from acp_action.providers.base import Provider, Stage, Tell


class Publisher(Protocol):
    """Where outputs go: temporary files beside their final names, renamed once they are whole."""

    def stage_for(self, stem: str) -> Stage:
        """Gives the step's temporary files."""
        ...

    def publish(self, stem: str, product: Product) -> Output:
        """Give the product its final names. Raises FatalError when it cannot be kept."""
        ...

    def fault(self, stem: str, error: OSError) -> FatalError | None:
        """What an error while the step's files were written means; None when it is about something else."""
        ...

    def discard(self, stem: str) -> None:
        """Remove what a failed attempt left behind."""
        ...


def make_performer(
    context: RunContext,
    providers: Mapping[str, Provider],
    publisher: Publisher,
    books: Books | None = None,
    post: Callable[[Message], None] | None = None,
) -> Callable[[Job], Outcome]:
    """The function that workers call for each job.

    ``books``: where paid work is written down; without them, each step's attempts know of each other, and
    nothing is known to the next run. ``post``: takes what attempts tell while they last (default: nobody).
    """
    steps = context.plan.steps
    desk = _Desk(context, providers, publisher, books, LooseJournal(), post)

    def perform(job: Job) -> Outcome:
        step, begun, own = steps[job.step], time.monotonic(), time.thread_time()
        outcome = attempt_step(step, job, desk)
        if isinstance(outcome, Done):
            return _measured(outcome, begun, own)
        # What is left behind is swept later; a worker that died of it would leave the run waiting.
        with suppress(Exception):
            publisher.discard(step.stem)
        return outcome

    return perform


class _Desk(NamedTuple):
    """What attempts are made with, besides their job."""

    context: RunContext
    providers: Mapping[str, Provider]
    publisher: Publisher
    books: Books | None
    loose: LooseJournal
    post: Callable[[Message], None] | None


def attempt_step(step: Step, job: Job, desk: _Desk) -> Outcome:
    """Make one attempt at a step; raises nothing but KeyboardInterrupt."""
    publisher, token = desk.publisher, job.token
    try:
        token.check()
        stage, provider = publisher.stage_for(step.stem), desk.providers[step.provider]
        made: Product | Outcome
        if step.provider == LOCAL:
            request = build_request(step, job, desk.context, stage)
            made = provider.run(request, token)
        elif desk.books is not None:
            request = build_request(step, job, desk.context, stage, tell=_teller(job, desk.post))
            return attempt_paid(step, request, job, provider, desk.books)
        else:
            paper = desk.loose.trail(step.name)
            request = build_request(step, job, desk.context, stage, paper, _teller(job, desk.post))
            made = ordered(step, request, token, provider, paper)
        if not isinstance(made, Product):
            return made
        if token.abandoned:
            return Stopped("given up")
        return Done(publisher.publish(step.stem, made), made, request.text)
    except KeyboardInterrupt:
        raise
    except OSError as error:
        return outcome_of(publisher.fault(step.stem, error) or error)
    except BaseException as error:  # noqa: BLE001 - a worker must come back, whatever was raised
        return outcome_of(error)


def _teller(job: Job, post: Callable[[Message], None] | None) -> Tell:
    """What the attempt tells with; it returns at once, because nobody is waited for."""
    return untold if post is None else partial(_tell, job, post)


def _tell(
    job: Job, post: Callable[[Message], None], what: str, detail: str = "", place: int | None = None
) -> None:
    post(Word(job.step, job.attempt, job.token.now(), what, redact(detail), place))


def _measured(done: Done, begun: float, own: float) -> Done:
    """A success of this machine's own work: what it took beyond that work, others held it up."""
    if done.product.awaited is None:
        return done
    worked = time.thread_time() - own + done.product.awaited
    return done._replace(held=max(time.monotonic() - begun - worked, 0.0))


def outcome_of(error: BaseException) -> Outcome:
    """What an exception means for the step."""
    reason = redact(str(error) or type(error).__name__)
    match error:
        case Cancelled():
            return Stopped(reason)
        case DeadlineExpired():
            return Expired(reason)
        case RateLimited():
            return Refused(reason, error.retry_after, error.kind, error.announced)
        case AccountClosed():
            return Closed(reason, error.why, error.reopens_in, error.model_only)
        case TransientError():
            return Transient(reason, error.retry_after)
        case UnknownOutcome():
            return Doubt(reason)
        case Unrecorded():
            return Fatal(reason, halt=True)
        case Unstored():
            return Fatal(reason, unstored=True)
        case AcpError():
            return Fatal(reason, policy=isinstance(error, PolicyRefusal))
    text = redact("".join(traceback.format_exception(error)))
    return Fatal(f"internal error: {type(error).__name__}: {redact(str(error))}", traceback=text)
