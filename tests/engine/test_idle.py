"""Waiting costs nothing and ends at once: for a lane, and for a provider's answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from acp_action.engine.cancel import StopSwitch
from acp_action.engine.clock import SystemClock, VirtualClock
from acp_action.engine.crew import ThreadCrew
from acp_action.engine.outcome import Refused
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.errors import RateLimited
from acp_action.events import LaneHeld, StepFinished
from tests.engine.harness import DONE, Virtual, statuses
from tests.engine.plans import Spec, plan_of
from tests.engine.test_run import Doer, run

if TYPE_CHECKING:
    from queue import SimpleQueue

    from acp_action.engine.outcome import Message
    from acp_action.events import Event
    from acp_action.providers.base import Request, Token
    from tests.engine.harness import Script

MANY = 256


def many() -> list[Spec]:
    """So many steps of one provider."""
    return [Spec(f"s{n}") for n in range(MANY)]


class Watched(SystemClock):
    """The machine's clock; counts how often an attempt begins to wait, and the engine wakes up."""

    def __init__(self) -> None:
        self.waits = 0
        self.wakes = 0
        self.all_wait = threading.Event()
        self._lock = threading.Lock()

    def wait(self, event: threading.Event, seconds: float | None) -> bool:  # type: ignore[override]
        """Count it."""
        with self._lock:
            self.waits += 1
            if self.waits == MANY:
                self.all_wait.set()
        return super().wait(event, seconds)

    def receive(self, mail: SimpleQueue[Message], seconds: float | None) -> list[Message]:  # type: ignore[override]
        """Count it."""
        self.wakes += 1
        return super().receive(mail, seconds)


class Moving(VirtualClock):
    """Remembers every moment at which time stopped for something to be done."""

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self.stops: list[float] = []

    def advance(self, seconds: float) -> None:
        """Note the moment."""
        super().advance(seconds)
        self.stops.append(self.now())

    def advance_to(self, moment: float) -> None:
        """Note the moment."""
        super().advance_to(moment)
        self.stops.append(self.now())


def test_the_engine_sleeps_while_a_lane_is_closed() -> None:
    """A hundred seconds with 256 steps waiting: it wakes up for their end, and for nothing else."""
    answers: Script = {f"s{n}": [(0.1, Refused("429", 100.0)), (1.0, DONE)] for n in range(4)}
    virtual = Virtual(plan_of(many()), answers, clock=(clock := Moving(1000.0)))
    assert virtual.run().success
    closed = [moment for moment in clock.stops if 1000.5 < moment < 1100.0]
    assert len(closed) <= 1


def test_a_stop_settles_all_steps_that_wait_for_a_lane_at_the_same_moment() -> None:
    """None of them holds a worker, so nobody has to be told."""
    virtual = Virtual(plan_of(many()), usual=(0.1, Refused("429", 100.0)))
    result = virtual.run(stop_at=10.0)
    assert set(statuses(result).values()) <= {"cancelled", "skipped"}
    assert result.total_duration == 10.0
    assert {step.settled for step in result if step.attempts} == {10.0}


def test_a_stop_from_another_thread_ends_the_wait_for_a_lane() -> None:
    """On the machine's clock too: the lane is closed for minutes, and no step has a thread that waits."""
    clock, switch, crew = Watched(), StopSwitch(), ThreadCrew()

    def refuse(_request: Request, _token: Token) -> None:
        raise RateLimited("429", retry_after=200.0)

    def stop(event: Event) -> None:
        if isinstance(event, LaneHeld):
            threading.Thread(target=switch.stop, args=("enough",)).start()

    result = run(
        plan_of(many()), Doer(refuse), lanes=Lanes(), clock=clock, crew=crew, stop=switch, listeners=[stop]
    )
    assert result.stopped == "enough"
    assert clock.waits == 0
    assert clock.wakes <= 20
    assert sum(len(step.attempts) for step in result) < 20


def test_one_stop_wakes_every_attempt_that_waits_and_none_had_polled() -> None:
    """256 threads that wait for their provider: each began to wait once, and was woken by the stop."""
    clock, switch = Watched(), StopSwitch()

    def stop() -> None:
        clock.all_wait.wait(60.0)
        switch.stop("enough")

    threading.Thread(target=stop).start()
    doer = Doer(lambda _request, token: token.wait(600.0, "the provider"))
    result = run(plan_of(many()), doer, clock=clock, stop=switch, lanes=Lanes(lambda _: Limits(none=True)))
    assert set(statuses(result).values()) == {"cancelled"}
    assert clock.waits == MANY


def test_a_provider_in_its_cool_down_leaves_every_worker_to_the_others() -> None:
    """Real threads: a minute is to be waited by one, and all steps of the other are done long before."""
    switch, left = StopSwitch(), {f"quick{n}" for n in range(40)}

    def refuse(request: Request, _token: Token) -> None:
        if request.step.startswith("slow"):
            raise RateLimited("429", retry_after=60.0)

    def stop(event: Event) -> None:
        if isinstance(event, StepFinished):
            left.discard(event.step)
            if not left:
                switch.stop("the others are done")

    specs = [*(Spec(f"slow{n}") for n in range(8)), *(Spec(name, provider="other") for name in sorted(left))]
    doer = Doer(refuse)
    providers = {"fake": doer, "other": doer}
    result = run_plan(
        plan_of(specs, worker_cap=2), providers=providers, publisher=doer, lanes=Lanes(), stop=switch,
        listeners=[stop],
    )  # fmt: skip
    ended = statuses(result)
    assert {ended[spec.name] for spec in specs if spec.provider == "other"} == {"succeeded"}
    assert {ended[spec.name] for spec in specs if spec.provider == "fake"} <= {"cancelled", "skipped"}
    assert result.total_duration < 30.0
