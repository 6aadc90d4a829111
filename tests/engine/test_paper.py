"""A step's paper trail, over attempts and runs that end anywhere: I13, I15, I17 for one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from acp_action.engine.paper import Kept, LooseJournal, Order, Sheet, StepPaper
from acp_action.providers.base import RemoteJob, Trail

if TYPE_CHECKING:
    from collections.abc import Mapping

JOB = RemoteJob("1", {"status": "https://queue/1"})


class Lines:
    """A journal in a list; ``lose`` the last of them, as a kill does."""

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def __call__(self, line: Mapping[str, Any], /, *, sync: bool) -> Mapping[str, Any]:
        self.lines.append({**line, "at": "then"})
        return self.lines[-1]

    def reopened(self, **wishes: bool) -> StepPaper:
        """The trail as a later run finds it."""
        sheet = Sheet()
        for line in self.lines:
            sheet.apply(line, here=False)
        return StepPaper(sheet, self, **wishes)


class PaidStep(RuleBasedStateMachine):
    """One attempt goes as far as the rules take it; a crash may come between any two of them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = Lines()
        self.paper = self.lines.reopened()
        self.orders = 0
        self.allowed = 0
        self.sent = False  # a request is under way, and its answer has not come
        self.made = False

    @property
    def idle(self) -> bool:
        return (
            self.paper.kept is None
            and self.paper.job is None
            and self.paper.result is None
            and self.paper.doubtful is None
        )

    @precondition(lambda self: self.idle and not self.sent)
    @rule()
    def order(self) -> None:
        """The intent is written, then the provider bills."""
        self.paper.intended(0.5)
        self.orders += 1
        self.sent = True

    @precondition(lambda self: self.sent)
    @rule()
    def refuse(self) -> None:
        """It made nothing after all, and says so."""
        self.paper.withdrawn("429")
        self.orders -= 1
        self.sent = False

    @precondition(lambda self: self.sent)
    @rule()
    def accept(self) -> None:
        self.paper.accepted(JOB)
        self.sent = False

    @precondition(lambda self: self.paper.job is not None and self.paper.result is None)
    @rule()
    def begin(self) -> None:
        self.paper.accepted(JOB._replace(begun=True))

    @precondition(lambda self: self.paper.job is not None)
    @rule()
    def settle(self) -> None:
        self.paper.settled({"url": "u"})

    @precondition(lambda self: self.paper.result is not None)
    @rule()
    def fetch(self) -> None:
        self.paper.fetched(Kept("text", text="it"))
        self.made = True

    @precondition(lambda self: self.paper.kept is not None)
    @rule()
    def publish(self) -> None:
        self.paper.published()

    @rule()
    def crash(self) -> None:
        """The process is gone, and a new run begins."""
        self.paper, self.sent = self.lines.reopened(), False

    @precondition(lambda self: self.paper.doubtful is not None and not self.sent)
    @rule()
    def allow(self) -> None:
        """A person says that the order may be sent again."""
        self.paper, self.sent = self.lines.reopened(resubmit=True), False
        self.allowed += 1
        self.order()

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        assert self.orders <= 1 + self.allowed

    @invariant()
    def what_was_made_stays(self) -> None:
        assert (self.paper.kept is not None) == self.made

    @invariant()
    def a_later_run_knows_as_much(self) -> None:
        later = self.lines.reopened()
        assert (later.job, later.result, later.kept) == (self.paper.job, self.paper.result, self.paper.kept)


TestPaidStep = PaidStep.TestCase
TestPaidStep.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_a_loose_trail_joins_the_attempts_of_a_step() -> None:
    """Without a journal a second attempt still goes on with the job of the first."""
    journal = LooseJournal()
    first: Trail = journal.trail("hero")
    first.intended(0.5)
    first.accepted(JOB)
    assert journal.trail("hero").job == JOB
    assert journal.trail("villain").job is None


def test_fresh_passes_over_what_an_earlier_run_made_and_not_over_its_own() -> None:
    """It is made anew once, not at every attempt."""
    lines = Lines()
    lines.reopened().fetched(Kept("text", text="old"))
    paper = lines.reopened(fresh=True)
    assert paper.kept is None
    paper.fetched(Kept("text", text="new"))
    assert paper.kept == Kept("text", text="new", at="then")


def test_fresh_goes_on_with_what_is_under_way() -> None:
    """It was ordered and never delivered; ordering it again would be paying twice."""
    lines = Lines()
    paper = lines.reopened()
    paper.intended(0.5)
    paper.accepted(JOB)
    assert lines.reopened(fresh=True).job == JOB


def test_resubmit_is_for_orders_of_earlier_runs() -> None:
    """What this run sends is in doubt all the same, or one word would allow any number of payments."""
    lines = Lines()
    lines.reopened().intended(0.5)
    paper = lines.reopened(resubmit=True)
    assert paper.doubtful is None
    paper.intended(0.5)
    assert paper.doubtful == Order(0.5, here=True)


def test_a_refused_order_leaves_the_earlier_result() -> None:
    """An order that made nothing takes nothing away."""
    lines = Lines()
    lines.reopened().fetched(Kept("text", text="old"))
    paper = lines.reopened(fresh=True)
    paper.intended(0.5)
    paper.withdrawn("refused")
    assert lines.reopened().kept == Kept("text", text="old", at="then")


def test_lost_files_are_fetched_by_the_answer_they_came_from() -> None:
    """With an answer there is a way back; a job alone might be gone, and be ordered anew unasked."""
    lines = Lines()
    paper = lines.reopened()
    paper.accepted(JOB)
    paper.settled({"url": "u"})
    paper.fetched(Kept("image"))
    later = lines.reopened()
    assert later.reopen()
    assert later.result == {"url": "u"}
    bare = Lines()
    bare.reopened().fetched(Kept("image"))
    assert not bare.reopened().reopen()


def test_withdrawing_nothing_writes_nothing() -> None:
    """Adapters may say it twice."""
    lines = Lines()
    lines.reopened().withdrawn("never sent")
    assert lines.lines == []
