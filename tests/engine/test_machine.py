"""A state machine drives the real scheduler: any order of answers, stops and time; rules always hold.

The numbers (I13 …) are those of the fault model: each names the promise it checks.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from acp_action.engine.clock import VirtualClock
from acp_action.engine.durations import Expectations
from acp_action.engine.gates import ways_of
from acp_action.engine.outcome import (
    Closed,
    Delivery,
    Doubt,
    Expired,
    Fatal,
    Refused,
    Stop,
    Stopped,
    Transient,
    Word,
)
from acp_action.engine.scheduler import Scheduler
from acp_action.engine.throttle import Lanes, Limits
from acp_action.engine.verdict import Patience
from acp_action.events import GroupFinished, StepFinished, StepParked, StepProgressed, StepStarted
from tests.engine.harness import DONE, Recorder
from tests.engine.plans import Spec, group_of, plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Message, Outcome
    from acp_action.plan.model import Plan

OUTCOMES: list[Outcome] = [
    DONE, DONE, DONE, Fatal("broken"), Fatal("unwanted", policy=True), Doubt("lost"), Expired("late"),
    Transient("reset"), Refused("slow down"), Refused("slow down", 3.0), Closed("no credit", "credit"),
]  # fmt: skip


class Hands:
    """A crew that does nothing by itself: the machine decides what comes back and when."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.out: dict[tuple[int, int], tuple[Job, int, float]] = {}
        self.news: list[Message] = []
        self.total: Counter[int] = Counter()

    def open(self, *_: Any) -> None: ...

    def start(self, jobs: Sequence[Job], worker: int) -> None:
        for job in jobs:
            self.out[job.step, job.attempt] = (job, worker, self.clock.now())
            self.total[job.step] += 1

    def collect(self, timeout: float | None) -> list[Message]:
        raise AssertionError("the machine hands messages over itself")

    def post(self, message: Message) -> None:
        self.news.append(message)

    def close(self) -> None: ...


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Small plans with groups in groups, data and order edges, two providers, any flags."""
    groups = [
        group_of(
            index, [], parent=draw(st.integers(-1, index - 1)),
            max_workers=draw(st.integers(1, 3)), fail_fast=draw(st.booleans()),
        )
        for index in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    specs = [
        Spec(
            f"s{index}",
            data=sorted(draw(st.sets(st.integers(0, index - 1), max_size=2))) if index else [],
            after=sorted(draw(st.sets(st.integers(0, index - 1), max_size=1))) if index else [],
            group=draw(st.integers(-1, len(groups) - 1)),
            provider=draw(st.sampled_from(["fake", "other"])),
            expected=draw(st.sampled_from([None, 1.0, 3.0])),
            retries=draw(st.integers(0, 2)),
            enabled=draw(st.sampled_from([True, True, True, False])),
            timeout=draw(st.sampled_from([5.0, 300.0])),
        )
        for index in range(draw(st.integers(1, 9)))
    ]
    members = {g.index: [i for i, s in enumerate(specs) if s.group == g.index] for g in groups}
    children = {g.index: tuple(c.index for c in groups if c.parent == g.index) for g in groups}
    whole = [
        group_of(g.index, members[g.index], parent=g.parent, max_workers=g.max_workers, fail_fast=g.fail_fast,
                 groups=children[g.index]) for g in groups
    ]  # fmt: skip
    return plan_of(
        specs, whole, fail_fast=draw(st.booleans()), parallel=draw(st.booleans()),
        worker_cap=draw(st.sampled_from([None, 1, 2])), rate_limit_delay=draw(st.sampled_from([0.0, 0.5])),
        max_workers=draw(st.integers(1, 4)),
    )  # fmt: skip


class SchedulerMachine(RuleBasedStateMachine):
    """Rules are what the world may do; invariants are what the scheduler promises."""

    @initialize(plan=plans(), limit=st.sampled_from([None, 1, 2]))
    def begin(self, plan: Plan, limit: int | None) -> None:
        self.plan, self.limit = plan, limit
        self.clock = VirtualClock(now=500.0)
        self.hands = Hands(self.clock)
        self.lanes = Lanes(lambda _provider: Limits(concurrency=limit))
        self.recorder = Recorder()
        self.stopped = False
        self.starts_at_stop = 0
        self.scheduler = Scheduler(
            plan, crew=self.hands, clock=self.clock, rng=random.Random(3), emit=self.recorder,
            ways=ways_of(plan, self.lanes, {}), patience=Patience(grace=5.0, rate_limit=30.0),
            expectations=Expectations(plan, by_file_order=not plan.settings.parallel),
        )  # fmt: skip
        self.scheduler.open(self.clock.now())

    def hand_over(self, *messages: Message) -> None:
        news, self.hands.news = self.hands.news, []
        self.scheduler.take([*messages, *news])
        while self.hands.news:
            news, self.hands.news = self.hands.news, []
            self.scheduler.take(news)

    def deliver(self, pick: int, outcome: Outcome, seconds: float) -> None:
        key = sorted(self.hands.out)[pick % len(self.hands.out)]
        job, worker, started = self.hands.out.pop(key)
        self.clock.advance(seconds)
        if job.token.cancelled and outcome is not DONE:
            outcome = Stopped("cancelled")
        finished = self.clock.now()
        self.hand_over(Delivery(job.step, job.attempt, outcome, started, finished, worker))

    @precondition(lambda self: self.hands.out)
    @rule(pick=st.integers(0, 99), outcome=st.sampled_from(OUTCOMES), seconds=st.floats(0.0, 4.0))
    def come_back(self, pick: int, outcome: Outcome, seconds: float) -> None:
        self.deliver(pick, outcome, seconds)

    @precondition(lambda self: self.hands.total)
    @rule(pick=st.integers(0, 99), attempt=st.integers(1, 4))
    def tell(self, pick: int, attempt: int) -> None:
        """Any attempt that there was, or was not, tells something, however late it is."""
        step = sorted(self.hands.total)[pick % len(self.hands.total)]
        self.hand_over(Word(step, attempt, self.clock.now(), "begun", "", None))

    @rule(seconds=st.floats(0.0, 40.0))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.hand_over()

    @precondition(lambda self: not self.stopped)
    @rule()
    def interrupt(self) -> None:
        self.stopped = True
        self.hand_over(Stop("interrupted"))
        self.starts_at_stop = sum(self.hands.total.values())

    def done(self) -> dict[int, Any]:
        return {i: r for i, r in enumerate(self.scheduler.board.results) if r is not None}

    @invariant()
    def nothing_starts_before_its_needs_nor_after_a_stop(self) -> None:
        """I14."""
        done = self.done()
        for index in self.hands.total:
            assert all(i in done and done[i].status.good for i in self.plan.steps[index].data)
        if self.stopped:
            assert sum(self.hands.total.values()) == self.starts_at_stop

    @invariant()
    def a_final_state_is_told_once_and_never_changes(self) -> None:
        """I15."""
        told = [e for e in self.recorder.events if isinstance(e, StepFinished)]
        assert len({e.step for e in told}) == len(told) == len(self.done())
        states = {e.step: e.status for e in told}
        assert all(states[r.name] == r.status for r in self.done().values())

    @invariant()
    def what_an_attempt_tells_is_told_while_it_runs(self) -> None:
        """After its start, before the step's end and before its next attempt."""
        running: dict[str, int] = {}
        for event in self.recorder.events:
            if isinstance(event, StepStarted):
                running[event.step] = event.attempt
            elif isinstance(event, StepFinished | StepParked):
                running.pop(event.step, None)
            elif isinstance(event, StepProgressed):
                assert running.get(event.step) == event.attempt

    @invariant()
    def no_scope_holds_more_than_its_cap(self) -> None:
        """I19; what was given up does not count, as nobody waits for it any more."""
        done = self.done()
        busy = [self.plan.steps[step] for step, _ in self.hands.out if step not in done]
        settings_ = self.plan.settings
        cap = 1 if not settings_.parallel else settings_.worker_cap or 99
        assert len(busy) <= cap
        for group in self.plan.groups:
            inside = [s for s in busy if group.index in self.lineage(s.group)]
            assert len(inside) <= group.max_workers
        for provider in {s.provider for s in busy}:
            assert sum(s.provider == provider for s in busy) <= (self.limit or 99)

    def lineage(self, group: int) -> list[int]:
        found = []
        while group >= 0:
            found.append(group)
            group = self.plan.groups[group].parent
        return found

    @invariant()
    def nobody_waits_where_there_is_room(self) -> None:
        """Work-conserving: with nothing running, something is timed, or all is settled."""
        if self.scheduler.board.unsettled and not self.hands.out:
            assert self.scheduler.patience_left() is not None

    def teardown(self) -> None:
        """I16, I21, I24: every run ends, with all permits back and each step told of."""
        for _ in range(2000):
            if not self.scheduler.board.unsettled:
                break
            if self.hands.out:
                self.deliver(0, DONE, 0.5)
            else:
                self.clock.advance((self.scheduler.patience_left() or 0.0) + 0.001)
                self.hand_over()
        assert self.scheduler.board.unsettled == 0
        while self.hands.out:
            self.deliver(0, DONE, 0.1)
        self.scheduler.close()
        assert all(self.lanes.lane(p).in_flight == 0 for p in ("fake", "other"))
        started = [e.step for e in self.recorder.events if isinstance(e, StepStarted)]
        assert Counter(started) == Counter({self.plan.steps[i].name: n for i, n in self.hands.total.items()})
        self.check_sums()

    def check_sums(self) -> None:
        for result in self.done().values():
            if result.attempts:
                assert abs(sum(result.waits) + result.duration - result.settled) < 1e-6
        for group in (e for e in self.recorder.events if isinstance(e, GroupFinished)):
            number = next(g.index for g in self.plan.groups if g.name == group.group)
            inside = [i for i, s in enumerate(self.plan.steps) if number in self.lineage(s.group)]
            total = sum(self.done()[i].duration for i in inside)
            assert abs(group.sequential - total) < 1e-6


SchedulerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestScheduler = SchedulerMachine.TestCase
