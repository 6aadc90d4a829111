"""The sentence on what limited a run is true: its seconds, and what it says of more workers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given

from acp_action.api.player import Trials
from acp_action.api.what_if import what_if
from acp_action.engine.outcome import Refused, Transient
from acp_action.report.critical import critical_path
from acp_action.report.limits import least_duration, limit_sentence
from acp_action.report.summarise import summarise
from tests.engine.harness import DONE
from tests.engine.plans import Spec, group_of, plan_of
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.report.runs import Played, any_play, any_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan

    Tries: TypeAlias = Sequence[tuple[float, Outcome]]

NO_HELP = "more workers would not help"
MOMENT = re.compile(r"(?:(\d+) min )?(\d+(?:\.\d+)?)( ?)s\b")


def sentence(run: RunResult) -> str:
    """What limited the run."""
    return limit_sentence(run, critical_path(run), least_duration(run))


def spans(text: str) -> list[float]:
    """The lengths of time that a sentence tells, in seconds."""
    return [60 * float(found[1] or 0) + float(found[2]) for found in MOMENT.finditer(text)]


def in_turn(answers: Mapping[str, Tries], **needs: Sequence[int]) -> Played:
    """These steps on one worker; ``needs``: those that come after others, and stand outside of the group."""
    specs = [Spec(name, data=needs.get(name, ()), group=-1 if name in needs else 0) for name in answers]
    members = [i for i, spec in enumerate(specs) if spec.group == 0]
    return Played(plan_of(specs, [group_of(0, members, max_workers=1)]), answers, limited=False)


def widened(plan: Plan) -> Plan:
    """The same with a worker for each step."""
    return replace(
        plan,
        settings=replace(plan.settings, max_workers=1000),
        groups=tuple(replace(group, max_workers=1000) for group in plan.groups),
    )


def test_back_off_that_others_worked_through_is_not_what_limited_the_run() -> None:
    """Each of eight steps waits 3 s to be tried again, and seven of those pass while others are at work."""
    again: Tries = [(1.0, Transient("broken", 3.0)), (1.0, DONE)]
    run = in_turn({f"s{i}": again for i in range(8)}).run()
    assert run.total_duration == pytest.approx(17.0, abs=0.3)
    assert sentence(run).startswith("the number of workers: steps waited up to ")
    assert sentence(run).endswith(f"; with more the run could take as little as {least_duration(run):.1f}s")
    assert least_duration(run) == pytest.approx(5.0, abs=0.3)


def test_where_back_off_cost_most_more_workers_are_still_spoken_of() -> None:
    """They save what was waited for them, 10 of 34 s."""
    again: Tries = [(1.0, Transient("broken", 12.0)), (1.0, DONE)]
    run = in_turn({"a": [(10.0, DONE)], "b": [(10.0, DONE)], "c": again}, c=(0, 1)).run()
    assert re.fullmatch(
        r"failed attempts: the critical path spent 12\.\ds in back-off after them; "
        r"with more workers the run could take as little as 24\.\ds",
        sentence(run),
    )


def test_a_rate_limit_counts_where_it_held_the_path() -> None:
    """Not what other steps waited for it meanwhile, nor what other providers held."""
    plan = a_plan([a_step(0, "a"), a_step(1, "b", provider="gemini"), a_step(2, "c", provider="gemini")])
    plan = replace(plan, graph=a_plan(plan.steps, [(), (0,), ()]).graph)
    traces = [Trace(throttle=1.0), Trace(throttle=4.0), Trace(throttle=5.0)]
    assert sentence(carry_out(plan, traces)) == (
        "rate limit of gemini: the critical path waited 4.0s for it; more workers would not help"
    )


def test_a_processor_is_not_blamed_on_workers() -> None:
    """More of them would wait for the same processors; that they would not help is said where it is so."""
    alone = carry_out(a_plan([a_step(0, "a")]), [Trace((("done", 4.0),))])
    held = alone.steps[0].attempts[0]._replace(held=1.0)
    waits = alone.steps[0].waits._replace(processor=1.0)
    alone = replace(alone, steps=(alone.steps[0]._replace(attempts=(held,), waits=waits),))
    told = "this machine: the critical path waited 1.0s for a processor"
    assert sentence(alone) == f"{told}; {NO_HELP}"
    crowded = alone.steps[0]._replace(waits=waits._replace(worker=0.9))
    assert sentence(replace(alone, total_duration=5.0)) == told
    assert sentence(replace(alone, total_duration=5.0, steps=(crowded,))) == told


@pytest.mark.parametrize(("waited", "told"), [(0.4, "8.0s of 8.4s is the critical path a"), (0.5, "failed")])
def test_a_twentieth_of_the_time_is_worth_a_sentence(waited: float, told: str) -> None:
    """Less is not; then the path alone is told."""
    trace = Trace((("transient", 4.0), ("done", 4.0)), backoff=waited)
    assert sentence(carry_out(a_plan([a_step(0, "a")]), [trace])).startswith(told)


def test_of_a_stopped_run_nobody_knows_what_more_workers_would_have_done() -> None:
    """It took as long as it was let, and what never began is not in its figures."""
    run = carry_out(a_plan([a_step(0, "a"), a_step(1, "b")]), [Trace((("stopped", 2.0),)), Trace(())])
    assert sentence(replace(run, stopped="interrupted")) == "2.0s of 2.0s is the critical path a"


def test_time_that_nobody_waited_for_a_worker_in_is_not_blamed_on_their_number() -> None:
    """A run that took longer than its steps, none of which waited, is told without advice."""
    run = carry_out(a_plan([a_step(0, "a")]), [Trace((("done", 2.0),))])
    assert sentence(replace(run, total_duration=3.0)) == "2.0s of 3.0s is the critical path a"


def test_what_an_attempt_waited_in_the_providers_queue_is_the_limits() -> None:
    """It is a wait for the provider, although a worker was busy with it."""
    run = carry_out(a_plan([a_step(0, "a")]), [Trace((("done", 4.0),))])
    attempt = run.steps[0].attempts[0]._replace(queued=3.0)
    waits = run.steps[0].waits._replace(throttle=3.0)
    run = replace(run, steps=(run.steps[0]._replace(attempts=(attempt,), waits=waits),))
    assert critical_path(run)[0].waited_for == "rate limit of fal"
    assert sentence(run).startswith("rate limit of fal: the critical path waited 3.0s for it")


def test_an_item_of_the_path_names_what_it_waited_for_itself() -> None:
    """Not the worker that its step had waited for before, which is the item before it."""
    again: Tries = [(1.0, Transient("broken", 3.0)), (1.0, DONE)]
    run = in_turn({"a": [(9.0, DONE)], "b": again}).run()
    first, second = critical_path(run)
    assert (first.step, first.waited_for, second.held_by) == ("a", "", "worker")
    assert second.waited_for == "back-off"
    assert second.waited == pytest.approx(3.0, abs=0.3)


@given(any_run())
def test_no_sentence_tells_more_seconds_than_the_run_took(run: RunResult) -> None:
    """Whatever its steps waited in sum."""
    assert max(spans(sentence(run)), default=0.0) <= run.total_duration + 0.05


@given(any_play())
def test_what_the_scheduler_made_of_a_run_is_told_so_that_it_is_true(played: Played) -> None:
    """No more seconds than there were; and no help from workers only where they could save nearly nothing."""
    run = played.run()
    text = sentence(run)
    assert max(spans(text), default=0.0) <= run.total_duration + 0.05
    if NO_HELP in text:
        assert least_duration(run) >= 0.95 * run.total_duration


@given(any_play(limited=False, fails=False))
def test_the_scheduler_agrees_on_more_workers(played: Played) -> None:
    """Where they would not help, the same run with a worker for each step takes as long.

    Within a tenth, by which back-off is spread. And never is it shorter than the sentence says.
    """
    run = played.run()
    wide = played.run(widened(played.plan))
    assert wide.total_duration >= least_duration(run) / 1.1
    if NO_HELP in sentence(run):
        assert wide.total_duration >= 0.95 * run.total_duration / 1.1


@pytest.mark.parametrize("workers", [1, 2, 6])
def test_a_limit_of_the_provider_leaves_room_for_workers_or_not(workers: int) -> None:
    """By what the run could take; a refusal alone says nothing of it."""
    turned: Tries = [(0.5, Refused("slow down", 2.0)), (2.0, DONE)]
    specs = [Spec(f"s{i}", group=0) for i in range(6)]
    plan = plan_of(specs, [group_of(0, range(6), max_workers=workers)])
    run = Played(plan, {"s0": turned, **{f"s{i}": [(2.0, DONE)] for i in range(1, 6)}}, limited=False).run()
    assert (NO_HELP in sentence(run)) == (least_duration(run) > 0.95 * run.total_duration)


@pytest.mark.parametrize(
    ("workers", "slow", "helps"), [(1, Transient("broken", 3.0), True), (8, Transient("broken", 9.0), False)]
)
def test_what_if_agrees_on_more_workers(tmp_path: Path, workers: int, slow: Transient, helps: bool) -> None:
    """The engine that tries other settings finds what the sentence says."""
    specs = [Spec(f"s{i}", group=0) for i in range(8)]
    plan = plan_of(specs, [group_of(0, range(8), max_workers=workers)])
    again: Tries = [(1.0, slow), (1.0, DONE)]
    run = Played(plan, {spec.name: again for spec in specs}, limited=False).run()
    (tmp_path / "report.json").write_text(json.dumps(summarise(run).to_dict()))
    (trial,) = what_if(tmp_path, Trials((64,), ("dataflow",))).trials
    assert (trial.duration < 0.95 * run.total_duration) is helps
    assert (NO_HELP in sentence(run)) is not helps
