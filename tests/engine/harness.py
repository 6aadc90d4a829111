"""Runs plans on a virtual clock: scripted answers, no threads, no waiting; records what the engine told."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from acp_action.artifacts import Output
from acp_action.engine.clock import VirtualClock
from acp_action.engine.durations import Expectations
from acp_action.engine.gates import ways_of
from acp_action.engine.outcome import Done, Stop
from acp_action.engine.run import Announcer, _finish
from acp_action.engine.scheduler import Scheduler
from acp_action.engine.scopes import capacity
from acp_action.engine.throttle import Lanes
from acp_action.engine.verdict import Patience
from acp_action.engine.virtual_crew import VirtualCrew
from acp_action.events import StepFinished, StepParked, StepStarted
from acp_action.providers.base import Product

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.events import Event
    from acp_action.plan.model import Plan

DONE = Done(Output("image", ()), Product("image"))
CACHED = DONE._replace(cached=True)


Script: TypeAlias = "Mapping[str, Sequence[tuple[float, Outcome]]]"


@dataclass
class Recorder:
    """Every event, and the few views of them that tests ask for."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def started(self) -> list[str]:
        """Names in the order of their starts."""
        return [e.step for e in self.events if isinstance(e, StepStarted)]

    @property
    def finished(self) -> list[tuple[str, str]]:
        """Names and states in the order of their ends."""
        return [(e.step, e.status) for e in self.events if isinstance(e, StepFinished)]

    @property
    def delays(self) -> list[float]:
        """The waits between attempts."""
        return [e.delay for e in self.events if isinstance(e, StepParked)]


@dataclass
class Virtual:
    """One run on a virtual clock.

    ``answers``: step name to a list of (seconds, outcome), the last one repeated. ``look``: the answer for
    steps of ``made_before`` when they are looked for.
    """

    plan: Plan
    answers: Script = field(default_factory=dict)
    usual: tuple[float, Outcome] = (1.0, DONE)
    lanes: Lanes = field(default_factory=Lanes)
    providers: Mapping[str, Any] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    look: tuple[float, Outcome] = (0.0, CACHED)
    seed: int = 7
    on_start: Callable[[Job], None] | None = None
    made_before: frozenset[str] = frozenset()
    deaf: set[str] = field(default_factory=set)
    recorder: Recorder = field(default_factory=Recorder)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(now=1000.0))

    def run(self, stop_at: float | None = None, stop: Stop = Stop("interrupted")) -> RunResult:  # noqa: B008
        """Carry the plan out; ``stop_at``: virtual seconds after which the run is asked to stop."""
        self.crew = VirtualCrew(
            self.clock, self._answer, lambda job: self.plan.steps[job.step].name in self.deaf
        )
        if stop_at is not None:
            self.crew.post_at(self.clock.now() + stop_at, stop)
        announce = Announcer([self.recorder])
        scheduler = Scheduler(
            self.plan, crew=self.crew, clock=self.clock, rng=random.Random(self.seed),
            ways=ways_of(self.plan, self.lanes, self.providers), emit=announce, patience=self.patience,
            made_before=self.made_before,
            expectations=Expectations(self.plan, by_file_order=not self.plan.settings.parallel),
        )  # fmt: skip
        begin = self.clock.now()
        scheduler.run(begin)
        duration = self.clock.now() - begin
        workers = capacity(self.plan)
        return _finish(self.plan, scheduler, announce, duration=duration, wall=0.0, workers=workers)

    def _answer(self, job: Job) -> tuple[float, Outcome]:
        if self.on_start is not None:
            self.on_start(job)
        if job.look_only:
            return self.look
        script = self.answers.get(self.plan.steps[job.step].name, [self.usual])
        return script[min(job.attempt, len(script)) - 1]


def statuses(result: RunResult) -> dict[str, str]:
    """Step name to final state."""
    return {step.name: step.status.value for step in result}


def near(value: float) -> Any:
    """As pytest.approx, in a form that may stand in a tuple."""
    return pytest.approx(value)
