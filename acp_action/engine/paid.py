"""One attempt at work that costs money: what was paid for is used, what is under way is gone on with.

Only what is neither is ordered. The trail is written before each thing that cannot be undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from acp_action.catalogue.prices import usd
from acp_action.engine.outcome import Done, Doubt, Fatal, Stopped, Transient, Unmade
from acp_action.errors import FatalError, PolicyRefusal, StopWork, UnknownOutcome, Unrecorded, Unstored
from acp_action.plan.fingerprint import fingerprint
from acp_action.providers.base import Product
from acp_action.redaction import redact

if TYPE_CHECKING:
    from acp_action.artifacts import Output
    from acp_action.engine.cancel import CancelToken
    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Outcome
    from acp_action.engine.paper import Kept, Order, StepPaper
    from acp_action.engine.request import Origin
    from acp_action.errors import ProviderError
    from acp_action.plan.model import Step
    from acp_action.providers.base import Provider, Request

_ONLY_FRESH: Final = (
    "it may be paid for: another run asks for the same again, and orders it anew only with --fresh"
)

ONLY_RESUBMITTED: Final = (
    "look at the provider's own list, then run again with --resubmit-doubtful to order it once more"
)
# Of a single call: whoever has been told, and makes it again, orders again.
_LOOK_FIRST: Final = "look at the provider's own list before you order it again"


class Journal(Protocol):
    """Where the trails of paid steps are kept from one run to the next."""

    @property
    def made_before(self) -> frozenset[str]:
        """The steps for which an earlier run may have made what is asked for now."""
        ...

    def trail(self, step: str, key: str) -> StepPaper:
        """The trail of a step, as far as it was asked for the same; ``key``: the request's fingerprint."""
        ...


class Safe(Protocol):
    """Where results stay that were paid for, whatever becomes of the files with their final names."""

    def keep(self, stem: str, product: Product) -> Kept:
        """Put away what an attempt made. Raises FatalError when it cannot be kept."""
        ...

    def place(self, stem: str, kept: Kept, *, trusted: bool) -> Output | None:
        """Give a kept result its final names; None when its files are lost or were changed.

        ``trusted``: it was kept this moment, and need not be looked at again.
        """
        ...


class Books(NamedTuple):
    """What a run needs so that nothing is paid for twice: what is known of each step, and its results.

    ``origin``: what the unfinished run that this one takes up filled into its templates; None: nothing yet.
    """

    journal: Journal
    safe: Safe
    origin: Origin | None = None


def attempt_paid(step: Step, request: Request, job: Job, provider: Provider, books: Books) -> Outcome:
    """Make one attempt at a step whose provider may bill it. Raises what the provider raises."""
    safe = books.safe
    paper = books.journal.trail(step.name, fingerprint(request, _urls(provider)))
    if (kept := paper.kept) is not None:
        output = safe.place(step.stem, kept, trusted=False)
        if output is not None:
            paper.published()
            return Done(output, _product_of(kept), request.text, cached=True)
        if not paper.reopen():
            raise FatalError(_lost(kept, paper))
    if job.look_only:
        return Unmade()
    made = ordered(step, request._replace(trail=paper), job.token, provider, paper)
    if not isinstance(made, Product):
        return made
    before, kept = kept, safe.keep(step.stem, made)
    paper.fetched(kept)
    if job.token.abandoned:
        return Stopped("given up")
    output = safe.place(step.stem, kept, trusted=True)
    if output is None:
        raise FatalError(_lost(kept, paper))
    paper.published()
    # Fetched once more, it was paid for when it was fetched first.
    return Done(output, made if before is None else _product_of(before), request.text)


def ordered(
    step: Step, request: Request, token: CancelToken, provider: Provider, paper: StepPaper
) -> Product | Outcome:
    """What the provider makes of the request, unless an order is open of which nobody knows what became.

    The request has the paper as its trail.
    """
    doubtful = paper.doubtful
    if doubtful is not None and not may_repeat(step, doubtful):
        when = "in this run" if doubtful.here else f"by an earlier {'call' if paper.single else 'run'}"
        unknown = f"it was sent {when}, and what became of it is not known"
        return _doubt(unknown, step, doubtful, paper)._replace(earlier=not doubtful.here)
    try:
        return provider.run(request, token)
    except (FatalError, PolicyRefusal, UnknownOutcome) as error:
        reason = redact(str(error))
        if isinstance(error, Unrecorded | Unstored):
            raise
        if paper.answerable and paper.lasting:
            given_up = _led_nowhere(error, reason, paper)
            return given_up or ordered(step, request, token, provider, paper)
        if not isinstance(error, UnknownOutcome):
            raise
        order = paper.doubtful
        if order is not None and may_repeat(step, order):
            return Transient(f"{reason}; sent again, as max_duplicate_cost allows")
        return _doubt(reason, step, order, paper)
    except StopWork as stop:
        order = paper.doubtful
        if order is None:
            raise
        return _doubt(f"{redact(str(stop))}, when its request had been sent", step, order, paper)


def _led_nowhere(error: ProviderError, reason: str, paper: StepPaper) -> Outcome | None:
    """The outcome of an order that can be asked for, and of which nothing comes; None: order anew."""
    if paper.single:
        reason = _told(paper, f"{reason}; {_LOOK_FIRST}")
    elif paper.forsake(reason):
        return None
    else:
        reason = f"{reason}; {_ONLY_FRESH}"
    if isinstance(error, UnknownOutcome):
        return Doubt(reason)
    return Fatal(reason, policy=isinstance(error, PolicyRefusal))


def may_repeat(step: Step, order: Order) -> bool:
    """Whether the request may be sent again although nobody knows what became of it."""
    most = step.max_duplicate_cost
    return most is not None and order.cost is not None and order.cost <= most


def _doubt(reason: str, step: Step, order: Order | None, paper: StepPaper) -> Doubt:
    """The outcome, with what may have been billed and how to go on."""
    go_on = _LOOK_FIRST if paper.single or not paper.lasting else ONLY_RESUBMITTED
    return Doubt(_told(paper, in_doubt(reason, step, order, go_on)))


def in_doubt(reason: str, step: Step, order: Order | None, go_on: str) -> str:
    """The reason, with what may have been billed and how to go on."""
    cost = order.cost if order is not None else None
    price = "an unknown price" if cost is None else f"up to {usd(cost)}"
    cap = "" if step.max_duplicate_cost is None or cost is None else " (more than max_duplicate_cost)"
    billed = "it would be" if "be billed" in reason else "it may have been billed,"
    return f"{reason}; {billed} at {price}{cap}; {go_on}"


def _told(paper: StepPaper, reason: str) -> str:
    """The reason; a single call's trail ends with it, because the caller learns of it."""
    if paper.single:
        paper.withdrawn(reason)
    return reason


def _lost(kept: Kept, paper: StepPaper) -> str:
    price = "at an unknown price" if kept.cost is None else f"for {usd(kept.cost)}"
    when = f" on {kept.at[:10]}" if kept.at else ""
    lost = (
        f"it was paid for{when} {price}, but its files are gone or were changed, and there is nothing to "
        "fetch them from"
    )
    if paper.single:
        paper.published()
        return f"{lost}; the same call makes it anew, at about the same price"
    return f"{lost}; to make it anew, at about the same price, run again with --fresh"


def _product_of(kept: Kept) -> Product:
    """The product that a kept result was; what an earlier run paid for costs nothing now."""
    notes = {**kept.notes, "paid_earlier": {"cost": kept.cost, "at": kept.at}}
    return Product(kept.kind, text=kept.text, cost=0.0, seed=kept.seed, params=kept.params, notes=notes)


def _urls(provider: Provider) -> dict[str, str]:
    account = getattr(provider, "account", None)
    return dict(getattr(account, "urls", None) or {})
