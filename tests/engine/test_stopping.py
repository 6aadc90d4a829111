"""What a stop means for work that is paid for (X1, X8, X12, F2), and the grace for results on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action.engine.outcome import Doubt, Fatal, Stop, Unmade
from acp_action.events import StopRequested
from tests.engine.harness import CACHED, DONE, Script, Virtual, near, statuses
from tests.engine.plans import Spec, plan_of

if TYPE_CHECKING:
    from acp_action.engine.cancel import CancelToken
    from acp_action.engine.crew import Job

BROKEN = Fatal("bad")
LOST = Doubt("the connection was lost")


def tokens_of(run: Virtual) -> dict[str, CancelToken]:
    """The token of each step's last attempt, filled in as they start."""
    found: dict[str, CancelToken] = {}

    def note(job: Job) -> None:
        found[run.plan.steps[job.step].name] = job.token

    run.on_start = note
    return found


@pytest.mark.parametrize("resumable", [True, False])
def test_a_stop_from_outside_says_whether_the_run_can_be_taken_up_again(resumable: bool) -> None:
    """Then jobs that have begun go on at the provider; else nobody would ever fetch them."""
    run = Virtual(plan_of([Spec("a")]), {"a": [(60.0, DONE)]})
    tokens = tokens_of(run)
    run.run(stop_at=1.0, stop=Stop("interrupted", resumable=resumable))
    assert (tokens["a"].cancelled, tokens["a"].resumable) == (True, resumable)


def test_a_failure_that_stops_its_siblings_is_no_interruption() -> None:
    """X8: what they would make, nobody wants any more."""
    run = Virtual(plan_of([Spec("a"), Spec("b")]), {"a": [(1.0, BROKEN)], "b": [(60.0, DONE)]})
    tokens = tokens_of(run)
    run.run()
    assert (tokens["b"].cancelled, tokens["b"].resumable) == (True, False)


def test_a_result_that_comes_within_the_grace_counts() -> None:
    """P11: a cancel that came too late leaves what is paid for; it is kept, and the run is stopped."""
    run = Virtual(plan_of([Spec("a"), Spec("next", data=[0])]), {"a": [(3.0, DONE)]}, deaf={"a"})
    result = run.run(stop_at=1.0)
    assert statuses(result) == {"a": "succeeded", "next": "skipped"}
    assert (result.stopped, result.total_duration) == ("interrupted", near(3.0))


def test_a_result_just_over_its_time_counts() -> None:
    """The same for a deadline."""
    run = Virtual(plan_of([Spec("a", timeout=2.0)]), {"a": [(4.0, DONE)]}, deaf={"a"})
    assert statuses(run.run()) == {"a": "succeeded"}


def test_a_result_after_the_grace_does_not() -> None:
    """The report is written by then."""
    run = Virtual(plan_of([Spec("a", timeout=2.0)]), {"a": [(8.0, DONE)]}, deaf={"a"})
    assert statuses(run.run()) == {"a": "timed_out"}


def test_what_was_sent_when_the_stop_came_is_in_doubt_not_cancelled() -> None:
    """It may have been billed, which "cancelled" would hide; and its end stops nothing a second time."""
    run = Virtual(plan_of([Spec("a"), Spec("b")]), {"a": [(3.0, LOST)], "b": [(60.0, DONE)]}, deaf={"a"})
    assert statuses(run.run(stop_at=1.0)) == {"a": "doubt", "b": "cancelled"}
    assert [e.reason for e in run.recorder.events if isinstance(e, StopRequested)] == ["interrupted"]


def test_a_journal_that_cannot_be_written_stops_the_run() -> None:
    """F2: nothing is sent any more, the step that noticed is no failure, and others may be taken up again."""
    answers: Script = {"a": [(1.0, Fatal("no room", halt=True))], "b": [(60.0, DONE)]}
    run = Virtual(plan_of([Spec("a"), Spec("b"), Spec("c", after=[0])], fail_fast=False), answers)
    tokens = tokens_of(run)
    result = run.run()
    assert statuses(result) == {"a": "cancelled", "b": "cancelled", "c": "skipped"}
    assert (result.stopped, tokens["b"].resumable) == ("no room", True)


def test_a_step_that_was_there_already_is_cached() -> None:
    """It has its output like any other, and what needs it starts."""
    run = Virtual(plan_of([Spec("a"), Spec("b", data=[0])]), {"a": [(0.1, CACHED)]})
    result = run.run()
    assert statuses(result) == {"a": "cached", "b": "succeeded"}
    assert result.success
    assert result.sequential_estimate == near(1.1)


def test_what_was_there_already_teaches_no_durations() -> None:
    """Else a minute of work would be taken for a millisecond, and queued behind another in one worker."""
    specs = [Spec(f"old_{n}") for n in range(20)] + [Spec("new_1"), Spec("new_2")]
    answers: Script = {s.name: [(60.0, DONE) if s.name.startswith("new") else (0.0, CACHED)] for s in specs}
    run = Virtual(plan_of(specs, max_workers=2), answers)
    assert run.run().total_duration == near(60.0)


def test_what_was_paid_for_is_picked_up_behind_a_failure() -> None:
    """Fail fast starts nothing more, but what an earlier run has made is not left out of the results."""
    specs = [Spec("bad"), Spec("there", after=[0]), Spec("new", after=[0]), Spec("on_it", data=[1])]
    run = Virtual(plan_of(specs), {"bad": [(1.0, LOST)]}, made_before=frozenset({"there"}))
    assert statuses(run.run()) == {"bad": "doubt", "there": "cached", "new": "skipped", "on_it": "skipped"}
    assert len([e for e in run.recorder.events if isinstance(e, StopRequested)]) == 1


def test_what_is_not_there_after_all_is_skipped_behind_a_failure() -> None:
    """It is looked for, not asked for: nothing is ordered once the run fails."""
    specs = [Spec("bad"), Spec("gone", after=[0])]
    looked: list[bool] = []
    run = Virtual(
        plan_of(specs), {"bad": [(1.0, LOST)]}, made_before=frozenset({"gone"}), look=(0.0, Unmade())
    )
    run.on_start = lambda job: looked.append(job.look_only)
    assert statuses(run.run()) == {"bad": "doubt", "gone": "skipped"}
    assert looked == [False, True]


def test_an_interrupted_run_looks_for_nothing() -> None:
    """It has seconds to end in; what is there stays there for the next run."""
    specs = [Spec("slow"), Spec("there", after=[0])]
    run = Virtual(plan_of(specs), {"slow": [(60.0, DONE)]}, made_before=frozenset({"there"}))
    assert statuses(run.run(stop_at=1.0)) == {"slow": "cancelled", "there": "skipped"}
