"""What attempts tell while they last, and that time passes: in order, to nobody's cost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from acp_action.engine.crew import InlineCrew
from acp_action.engine.outcome import Transient, Word
from acp_action.events import Event, StepFinished, StepProgressed, StepStarted, TimePassed
from acp_action.redaction import SECRETS
from tests.engine.harness import DONE, Virtual
from tests.engine.plans import Spec, group_of, plan_of
from tests.engine.test_run import Doer, run

if TYPE_CHECKING:
    from acp_action.engine.crew import Crew, Job
    from acp_action.providers.base import Request, Token
    from tests.engine.harness import Script

MANY = 200


def word(virtual: Virtual, after: float, step: int = 0, attempt: int = 1, what: str = "begun") -> None:
    """Let an attempt tell something so many virtual seconds from now."""
    moment = virtual.clock.now() + after
    virtual.crew.post_at(moment, Word(step, attempt, moment, what, "", None))


def telling(virtual: Virtual, *words: tuple[float, int, int]) -> list[Event]:
    """The events of a run whose first start is followed by words: seconds after it, step, attempt."""

    def speak(job: Job) -> None:
        if job.step == 0 and job.attempt == 1:
            for after, step, attempt in words:
                word(virtual, after, step, attempt)

    virtual.on_start = speak
    virtual.run()
    return virtual.recorder.events


def names(events: list[Event], *kinds: type) -> list[str]:
    """The kinds of these events, in order."""
    return [type(event).__name__ for event in events if isinstance(event, kinds)]


def test_what_an_attempt_tells_is_an_event_with_its_place() -> None:
    """At its time, with the step's number in its group, between start and end."""
    plan = plan_of([Spec("a", group=0), Spec("b", group=0)], [group_of(0, [0, 1])])
    events = telling(Virtual(plan, {"a": [(5.0, DONE)]}), (2.0, 0, 1))
    told = [event for event in events if isinstance(event, StepProgressed)]
    assert told == [StepProgressed(2.0, "a", "group_0", 1, 2, 1, "fake", "begun", "", None)]
    of_a = [event for event in events if getattr(event, "step", "") == "a"]
    assert [type(event) for event in of_a] == [StepStarted, StepProgressed, StepFinished]


def test_a_word_of_an_attempt_that_is_over_is_not_told() -> None:
    """Neither after the step's end, nor between two attempts, nor of the one before this."""
    script: Script = {"a": [(1.0, Transient("reset", 2.0)), (10.0, DONE)], "b": [(60.0, DONE)]}
    virtual = Virtual(plan_of([Spec("a"), Spec("b")]), script)
    events = telling(virtual, (1.5, 0, 1), (6.0, 0, 1), (7.0, 0, 2), (40.0, 0, 2))
    told = [(event.at, event.attempt) for event in events if isinstance(event, StepProgressed)]
    assert told == [(7.0, 2)]


def test_nothing_is_told_of_a_step_after_its_end() -> None:
    """An attempt that hears no stop may go on telling; its step is settled."""
    virtual = Virtual(plan_of([Spec("a", timeout=10.0), Spec("b")]), {"b": [(90.0, DONE)]}, deaf={"a"})
    virtual.answers = {**virtual.answers, "a": [(80.0, DONE)]}
    events = telling(virtual, (30.0, 0, 1))
    assert names(events, StepProgressed) == []
    assert names(events, StepFinished) == ["StepFinished", "StepFinished"]


def test_a_quarter_of_a_minute_without_news_is_told() -> None:
    """Every 15 s while something runs, on the run's clock; a message begins the silence anew."""
    virtual = Virtual(plan_of([Spec("a"), Spec("b")]), {"a": [(70.0, DONE)], "b": [(20.0, DONE)]})
    events = telling(virtual, (40.0, 0, 1))
    passed = [(event.at, event.running) for event in events if isinstance(event, TimePassed)]
    assert passed == [(15.0, 2), (35.0, 1), (55.0, 1)]


def test_a_silence_in_which_nothing_runs_is_no_news() -> None:
    """A step that waits for another attempt has said how long."""
    script: Script = {"a": [(1.0, Transient("reset", 100.0)), (1.0, DONE)]}
    virtual = Virtual(plan_of([Spec("a")]), script)
    assert names(telling(virtual), TimePassed) == []
    assert virtual.clock.now() > 1100.0


def test_times_are_the_same_whether_they_are_told_or_not() -> None:
    """Waking up to tell that time passes moves nothing."""
    specs = [Spec(f"s{n}", data=(n - 1,) if n else (), retries=9) for n in range(5)]
    script: Script = {"s2": [(31.3, Transient("reset", 47.1)), (101.7, DONE)]}
    virtual = Virtual(plan_of(specs), script, usual=(77.7, DONE))
    result = virtual.run()
    waits = virtual.recorder.delays
    assert [round(step.settled, 6) for step in result] == [
        77.7,
        155.4,
        round(155.4 + 31.3 + waits[0] + 101.7, 6),
        round(155.4 + 31.3 + waits[0] + 101.7 + 77.7, 6),
        round(155.4 + 31.3 + waits[0] + 101.7 + 155.4, 6),
    ]


@pytest.mark.parametrize("crew", [None, InlineCrew()], ids=["threads", "inline"])
def test_a_start_that_was_not_told_yet_comes_before_its_news(crew: Crew | None) -> None:
    """Of a bundle starts are told when they have happened; what the step tells comes after that."""
    events: list[Event] = []

    def tell(request: Request, _: Token) -> None:
        request.tell("begun")

    plan = plan_of([Spec(f"s{n}") for n in range(MANY)], max_workers=2)
    assert run(plan, Doer(tell), listeners=[events.append], crew=crew).success
    order: dict[str, list[str]] = {}
    for event in events:
        if isinstance(event, StepStarted | StepProgressed | StepFinished):
            order.setdefault(event.step, []).append(type(event).__name__)
    assert set(map(tuple, order.values())) == {("StepStarted", "StepProgressed", "StepFinished")}
    assert len(order) == MANY


def test_telling_holds_no_worker() -> None:
    """A listener that takes its time holds up nobody's work: all is done before the first word is heard."""
    done, heard = threading.Event(), list[bool]()

    def work(request: Request, _: Token) -> None:
        for _number in range(100):
            request.tell("queued", "", 3)
        done.set()

    def listen(event: Event) -> None:
        if isinstance(event, StepProgressed):
            heard.append(done.wait(10.0))

    assert run(plan_of([Spec("a")]), Doer(work), listeners=[listen]).success
    assert heard == [True] * 100


def test_what_is_told_holds_no_key() -> None:
    """Foreign words are redacted where they leave the attempt."""
    events: list[Event] = []
    SECRETS.add("ksecret-for-tests-of-news")

    def work(request: Request, _: Token) -> None:
        request.tell("unclear", "HTTP 401: ksecret-for-tests-of-news is not known")

    assert run(plan_of([Spec("a")]), Doer(work), listeners=[events.append]).success
    (told,) = [event for event in events if isinstance(event, StepProgressed)]
    assert told.detail == "HTTP 401: *** is not known"
