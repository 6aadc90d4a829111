"""What a busy machine, back-off and stops did to a run is in its replay."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.artifacts import Output
from acp_action.catalogue.limits import UsualLimits
from acp_action.engine.clock import VirtualClock
from acp_action.engine.outcome import Done, Fatal, Transient
from acp_action.engine.replay import Played, Recording, replay
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.engine.virtual_crew import VirtualCrew
from acp_action.providers.base import Product
from acp_action.report.recorded import recorded
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.plan.make import plan_text
from tests.report.test_recorded import any_pipeline, through_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan
    from acp_action.report.model import RunReport

NOWHERE: Any = None
LATE = 0.06
DONE = Done(Output("text", (), ""), Product("text"))


def on_a_busy_machine(plan: Plan, chance: random.Random, *, faults: float = 0.0) -> RunResult:
    """A run whose attempts begin up to ``LATE`` after they could, and fail by chance."""
    clock = VirtualClock()

    def answer(_job: Job) -> tuple[float, Outcome]:
        took, roll = chance.uniform(0.3, 1.0), chance.random()
        if roll < faults:
            return took, Fatal("no") if roll < faults / 4 else Transient("cut", chance.choice((None, 0.2)))
        return took, DONE

    crew = VirtualCrew(clock, answer, late=lambda _job: chance.uniform(0.0, LATE))
    return run_plan(
        plan, providers={}, publisher=NOWHERE, lanes=Lanes(lambda _provider: Limits(none=True)),
        crew=crew, clock=clock, rng=chance,
    )  # fmt: skip


def replayed(report: RunReport) -> float:
    """Seconds of the replay under the recorded settings."""
    found = recorded(report)
    recording = replace(found.recording, unlimited=frozenset(step.provider for step in report.steps))
    return replay(found.plan, recording).total_duration + found.apart


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.2]))
def test_a_replay_is_as_late_as_the_machine_was(seed: int, faults: float) -> None:
    """Starts that wait for processors, retries, failures and stops: within 2 % of the recorded time.

    Which of two steps took which place is not recorded, so that they may change their lateness.
    """
    chance = random.Random(seed)
    plan = plan_text(any_pipeline(chance))
    plan = replace(plan, settings=replace(plan.settings, rate_limit_delay=0.0))
    run = on_a_busy_machine(plan, chance, faults=faults)
    assert replayed(through_json(run)) == pytest.approx(run.total_duration, rel=0.02, abs=LATE)


@pytest.mark.parametrize("workers", [1, 3])
def test_all_lateness_of_a_row_of_steps_is_in_the_replay(workers: int) -> None:
    """Each begins late after the one before; without that the replay would be 4 % too short."""
    steps = ", ".join("{type: text_to_image, params: {prompt: a}}" for _ in range(24))
    plan = plan_text(f"settings: {{max_workers: {workers}, schedule: dataflow}}\nsteps: [{steps}]")
    run = on_a_busy_machine(plan, random.Random(3))
    assert replayed(through_json(run)) == pytest.approx(
        run.total_duration, abs=1e-3 if workers == 1 else LATE
    )


GROUP = """
settings: {{rate_limit_delay: {delay}, max_workers: 8}}
steps:
  - type: parallel_group
    name: all
    steps: [{steps}]
"""


def test_a_delay_that_the_machine_kept_late_is_as_late_in_the_replay() -> None:
    """Each start counts from the one before, so that all lateness adds up."""
    members = ", ".join(f"{{name: s{n}, type: text_to_image, params: {{prompt: a}}}}" for n in range(8))
    plan = plan_text(GROUP.format(delay=0.3, steps=members))
    report = through_json(on_a_busy_machine(plan, random.Random(1)))
    kept = replace(report, settings=tuple(
        replace(s, value=0.2) if s.name == "rate_limit_delay" else s for s in report.settings
    ))  # fmt: skip
    assert replayed(kept) == pytest.approx(report.total_duration, rel=0.02)


def test_the_machines_own_time_at_the_end_is_kept() -> None:
    """From the last end to the run's end."""
    report = through_json(carry_out(a_plan([a_step(0, "s")]), [Trace()]))
    found = recorded(replace(report, total_duration=report.total_duration + 0.75))
    assert found.apart == pytest.approx(0.75)


def the_first(trace: Trace, **changes: Any) -> tuple[Any, ...]:
    """What is played of a step of this trace."""
    report = through_json(
        carry_out(a_plan([a_step(0, "s"), a_step(1, "t")]), [trace, Trace((("done", 4.0),))])
    )
    line = replace(report.steps[0], **changes)
    return recorded(replace(report, steps=(line, *report.steps[1:]))).recording.attempts[0]


def test_a_step_that_was_stopped_in_its_back_off_would_have_been_tried_again() -> None:
    """After the rest of its wait; it is no failure that comes at once."""
    attempts = the_first(Trace((("transient", 0.5),)), status="cancelled", settled=0.6)
    assert [(a.outcome, a.service) for a in attempts] == [("transient", 0.5), ("done", 4.0)]
    assert attempts[0].pause > 0.1


def test_a_step_that_had_no_time_left_for_another_attempt_makes_none() -> None:
    """It ends as it did, and no attempt is made up."""
    attempts = the_first(Trace((("transient", 0.5),)), status="timed_out")
    assert [a.outcome for a in attempts] == ["expired"]


def test_what_was_there_already_goes_through_no_lane() -> None:
    """Nobody was asked for it, so no limit can have held it."""
    report = through_json(carry_out(a_plan([a_step(0, "s")]), [Trace()]))
    line = replace(report.steps[0], status="cached", provider="fal")
    found = recorded(replace(report, steps=(line,)))
    assert found.plan.steps[0].provider == "local"


def test_a_refusals_own_wait_is_played_with_its_jitter() -> None:
    """Told half a second, it waited a little more, as those it was told to do not come back together."""
    trace = Trace((("refused", 0.1), ("done", 1.0)))
    report = through_json(carry_out(a_plan([a_step(0, "s")]), [trace]))
    first, second = report.steps[0].attempts
    first = replace(first, kind="pace", told=0.5, pause=0.54)
    line = replace(report.steps[0], attempts=(first, second))
    assert recorded(replace(report, steps=(line,))).recording.attempts[0][0].told == 0.54


def test_what_the_scheduler_decided_to_wait_is_written_down() -> None:
    """Until it was to be tried again, as decided: when it was, is another matter."""
    plan = plan_text("steps: [{type: text_to_image, params: {prompt: a}}]")
    outcomes: Iterator[Outcome] = iter([Transient("cut", 0.25), DONE])
    clock = VirtualClock()
    crew = VirtualCrew(clock, lambda _job: (1.0, next(outcomes)), late=lambda _job: 0.5)
    run = run_plan(plan, providers={}, publisher=NOWHERE, lanes=Lanes(), crew=crew, clock=clock, seed=1)
    first, second = through_json(run).steps[0].attempts
    assert first.pause is not None
    assert 0.25 <= first.pause < 0.3 < second.started - first.finished
    assert second.pause is None


def test_models_are_those_of_the_catalogue() -> None:
    """Adapters know by their entries which limits they share; one that is not there has none."""
    plan = plan_text("steps: [{type: text_to_image, params: {prompt: a}}]")
    report = through_json(on_a_busy_machine(plan, random.Random(1)))
    assert recorded(report).plan.steps[0].model is plan.steps[0].model
    gone = replace(report, steps=(replace(report.steps[0], model="gone"),))
    assert recorded(gone).plan.steps[0].model.entry == {}


def test_with_half_the_company_a_step_begins_half_as_late() -> None:
    """Who shares the processors with fewer gets at them sooner."""
    plan = a_plan([a_step(0, "s")])
    once = Recording(((Played("done", 1.0, late=0.5),),))
    assert replay(plan, once).total_duration == pytest.approx(1.5)
    assert replay(plan, replace(once, crowd=[0.5])).total_duration == pytest.approx(1.25)


def test_a_provider_works_no_longer_on_what_ran_out_of_time() -> None:
    """With one at once, the next is let in when the one before has expired."""
    plan = a_plan([a_step(0, "long", timeout=1.0), a_step(1, "short")])
    plan = replace(plan, settings=replace(plan.settings, worker_cap=1, fail_fast=False))
    limits = {"fal": UsualLimits(concurrency=1, queues=True)}
    attempts = ((Played("done", 100.0),), (Played("done", 2.0),))
    result = replay(plan, Recording(attempts, limits=limits))
    assert [step.status.value for step in result.steps] == ["timed_out", "succeeded"]
    assert result.total_duration == pytest.approx(3.0)
