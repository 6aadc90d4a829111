"""The scheduler's rules, on a virtual clock."""

from __future__ import annotations

import pytest

from acp_action.engine.outcome import Doubt, Expired, Fatal, Refused, Transient
from acp_action.engine.throttle import Lanes, Limits
from acp_action.engine.verdict import Patience
from acp_action.events import GroupFinished, GroupStarted, StepStarted, StopRequested
from tests.engine.harness import DONE, Script, Virtual, near, statuses
from tests.engine.plans import Spec, group_of, plan_of

FOUR = [Spec(f"image_{n}", group=0) for n in (1, 2, 3, 4)]
TIMES = {
    "image_1": [(2.3, DONE)],
    "image_2": [(2.7, DONE)],
    "image_3": [(2.5, DONE)],
    "image_4": [(2.8, DONE)],
}


def test_a_group_takes_as_long_as_its_longest_member() -> None:
    """The guide's example: four steps on four workers end with the longest one."""
    run = Virtual(plan_of(FOUR, [group_of(0, [0, 1, 2, 3])]), TIMES)
    result = run.run()
    assert result.total_duration == near(2.8)
    assert result.sequential_estimate == near(10.3)
    assert result.speedup == near(10.3 / 2.8)


def test_the_group_tells_of_its_start_and_of_both_its_durations() -> None:
    """A group's events carry what the guide's first and last line say."""
    run = Virtual(plan_of(FOUR, [group_of(0, [0, 1, 2, 3])]), TIMES)
    run.run()
    begun = next(e for e in run.recorder.events if isinstance(e, GroupStarted))
    ended = next(e for e in run.recorder.events if isinstance(e, GroupFinished))
    assert (begun.group, begun.steps) == ("group_0", 4)
    assert (ended.duration, ended.sequential) == (near(2.8), near(10.3))


def test_a_group_counts_its_disabled_steps_as_the_lines_of_its_steps_do() -> None:
    """``with 2 steps`` and ``[2/2]`` are of one count: a step that is left out keeps its number."""
    run = Virtual(plan_of([Spec("a", group=0, enabled=False), Spec("b", group=0)], [group_of(0, [0, 1])]))
    run.run()
    begun = next(e for e in run.recorder.events if isinstance(e, GroupStarted))
    started = next(e for e in run.recorder.events if isinstance(e, StepStarted))
    assert (begun.steps, started.number, started.total) == (2, 2, 2)


def test_max_workers_of_a_group_is_how_many_run_at_once() -> None:
    """Two workers take four steps of one second in two seconds."""
    plan = plan_of(FOUR, [group_of(0, [0, 1, 2, 3], max_workers=2)])
    assert Virtual(plan).run().total_duration == near(2.0)


def test_a_nested_group_obeys_the_group_around_it() -> None:
    """The inner group's four workers count for nothing where the outer one has two."""
    groups = [group_of(0, [], max_workers=2, groups=(1,)), group_of(1, [0, 1, 2, 3], parent=0)]
    specs = [Spec(s.name, group=1) for s in FOUR]
    assert Virtual(plan_of(specs, groups)).run().total_duration == near(2.0)


def test_a_sibling_uses_the_room_that_a_full_inner_group_leaves() -> None:
    """Steps blocked by the inner group do not keep the outer group's free worker from others."""
    groups = [group_of(0, [3], max_workers=2, groups=(1,)), group_of(1, [0, 1, 2], parent=0, max_workers=1)]
    specs = [Spec(n, group=1) for n in "abc"] + [Spec("d", group=0)]
    run = Virtual(plan_of(specs, groups))
    assert run.run().total_duration == near(3.0)
    assert set(run.recorder.started[:2]) == {"a", "d"}


def test_a_worker_cap_holds_for_the_whole_run() -> None:
    """A flag's max_workers caps groups that would take more."""
    plan = plan_of(FOUR, [group_of(0, [0, 1, 2, 3])], worker_cap=1)
    assert Virtual(plan).run().total_duration == near(4.0)


def test_without_parallelism_steps_run_one_after_another_in_file_order() -> None:
    """``parallel: false`` never has two under way, and keeps the order of the file."""
    plan = plan_of(FOUR, [group_of(0, [0, 1, 2, 3])], parallel=False)
    run = Virtual(plan, TIMES)
    assert run.run().total_duration == near(10.3)
    assert run.recorder.started == ["image_1", "image_2", "image_3", "image_4"]


def test_the_longest_remaining_path_goes_first() -> None:
    """With one worker, the step that most hangs on starts first, whatever the file's order."""
    specs = [
        Spec("short", expected=1.0),
        Spec("long", expected=1.0),
        Spec("after_long", data=[1], expected=5.0),
    ]
    run = Virtual(plan_of(specs, worker_cap=1))
    run.run()
    assert run.recorder.started == ["long", "after_long", "short"]


def test_durations_are_learnt_from_finished_steps_of_the_same_model() -> None:
    """An unknown kind seen to be long overtakes a known short one within the run."""
    specs = [Spec(f"s{n}", provider="slow") for n in range(3)] + [
        Spec(f"q{n}", expected=2.0) for n in range(3)
    ]
    run = Virtual(plan_of(specs, worker_cap=1), {f"s{n}": [(9.0, DONE)] for n in range(3)})
    run.run()
    assert run.recorder.started == ["s0", "s1", "s2", "q0", "q1", "q2"]


def test_fail_fast_starts_nothing_more_and_cancels_what_runs() -> None:
    """After the first failure siblings are cancelled, the rest is skipped, each with the cause."""
    specs = [Spec("bad", group=0), Spec("running", group=0), Spec("waiting", group=0), Spec("later")]
    plan = plan_of(specs, [group_of(0, [0, 1, 2], max_workers=2)])
    plan = plan_of([*specs[:3], Spec("later", after=[0, 1, 2])], plan.groups)
    run = Virtual(plan, {"bad": [(1.0, Fatal("boom"))], "running": [(60.0, DONE)]})
    result = run.run()
    assert statuses(result) == {
        "bad": "failed",
        "running": "cancelled",
        "waiting": "skipped",
        "later": "skipped",
    }
    assert result["later"].reason == "because 'bad' failed"
    assert result.total_duration == near(1.0)
    assert not result.success


def test_without_fail_fast_only_what_depends_on_the_failure_is_skipped() -> None:
    """Siblings and later entries run; the dependent step is skipped with the cause."""
    specs = [
        Spec("bad", group=0),
        Spec("good", group=0),
        Spec("child", data=[0]),
        Spec("later", after=[0, 1]),
    ]
    plan = plan_of(specs, [group_of(0, [0, 1], fail_fast=False)])
    result = Virtual(plan, {"bad": [(1.0, Fatal("boom"))]}).run()
    assert statuses(result) == {
        "bad": "failed",
        "good": "succeeded",
        "child": "skipped",
        "later": "succeeded",
    }
    assert result["child"].reason == "because 'bad' failed"


def test_a_group_that_carries_on_shields_what_stands_around_it() -> None:
    """fail_fast of an inner group stops that group; an outer one that carries on goes on."""
    groups = [group_of(0, [0], fail_fast=False, groups=(1,)), group_of(1, [1, 2], parent=0, max_workers=1)]
    specs = [Spec("sibling", group=0), Spec("bad", group=1), Spec("mate", group=1)]
    run = Virtual(plan_of(specs, groups), {"bad": [(0.5, Fatal("boom"))]})
    assert statuses(run.run()) == {"sibling": "succeeded", "bad": "failed", "mate": "skipped"}
    stop = next(e for e in run.recorder.events if isinstance(e, StopRequested))
    assert stop.scope == "group_1"


def test_the_cause_of_a_skip_is_the_step_that_failed_not_the_one_that_was_skipped() -> None:
    """A chain of skipped steps all name the root cause."""
    specs = [Spec("bad"), Spec("b", data=[0]), Spec("c", data=[1])]
    result = Virtual(plan_of(specs, fail_fast=False), {"bad": [(1.0, Fatal("x"))]}).run()
    assert result["c"].reason == "because 'bad' failed"


def test_a_disabled_step_is_skipped_and_the_run_succeeds() -> None:
    """``enabled: false`` is no failure; what needs it says so."""
    specs = [Spec("off", enabled=False), Spec("on"), Spec("child", data=[0])]
    result = Virtual(plan_of(specs)).run()
    assert statuses(result) == {"off": "skipped", "on": "succeeded", "child": "skipped"}
    assert result["child"].reason == "because 'off' is disabled"


def test_a_transient_failure_is_tried_again_within_its_retries() -> None:
    """Two transient failures and a success: three attempts, their service times added, back-off apart."""
    answers: Script = {"a": [(1.0, Transient("reset")), (1.0, Transient("reset")), (2.0, DONE)]}
    run = Virtual(plan_of([Spec("a", retries=2)]), answers)
    result = run.run()
    step = result["a"]
    assert (step.status.value, len(step.attempts), step.duration) == ("succeeded", 3, near(4.0))
    assert step.waits.backoff == near(sum(run.recorder.delays))
    assert 0.0 <= run.recorder.delays[0] <= 0.5
    assert result.sequential_estimate == near(4.0)


def test_the_last_retry_makes_a_failure_that_counts_the_attempts() -> None:
    """With one retry the second transient failure is final."""
    result = Virtual(plan_of([Spec("a", retries=1)]), {"a": [(1.0, Transient("reset"))]}).run()
    assert (result["a"].status.value, result["a"].reason) == ("failed", "reset (after 2 attempts)")


def test_a_refused_step_holds_no_worker_while_it_waits() -> None:
    """The one worker does another provider's step during the wait for a rate limit."""
    answers: Script = {"a": [(0.1, Refused("slow down", 5.0)), (1.0, DONE)]}
    specs = [Spec("a", expected=9.0), Spec("b", provider="other")]
    run = Virtual(plan_of(specs, worker_cap=1), answers)
    result = run.run()
    assert run.recorder.started == ["a", "b", "a"]
    assert 5.0 <= result["a"].waits.throttle <= 5.6
    assert result.total_duration == near(0.1 + result["a"].waits.throttle + 1.0)


def test_waiting_for_a_rate_limit_costs_no_retry_and_no_time_out() -> None:
    """Ten refusals of two seconds do not expire a step of three seconds, nor use its single retry."""
    answers: Script = {"a": [(0.01, Refused("429", 2.0))] * 10 + [(1.0, DONE)]}
    result = Virtual(plan_of([Spec("a", timeout=3.0, retries=0)]), answers).run()
    assert (result["a"].status.value, len(result["a"].attempts)) == ("succeeded", 11)


def test_waits_for_a_rate_limit_are_capped() -> None:
    """A limit that never opens fails the step, saying how long it waited."""
    patience = Patience(rate_limit=10.0)
    result = Virtual(plan_of([Spec("a")]), {"a": [(0.1, Refused("429", 4.0))]}, patience=patience).run()
    assert result["a"].status.value == "failed"
    assert result["a"].reason.startswith("rate limit: 429 (8 s waited")


def test_a_step_over_its_time_is_timed_out_and_says_after_how_long() -> None:
    """Expiry is a failure of its own kind."""
    result = Virtual(plan_of([Spec("a", timeout=5.0)]), {"a": [(60.0, DONE)]}).run()
    assert (result["a"].status.value, result.total_duration) == ("timed_out", near(5.0))


def test_no_attempt_is_begun_that_cannot_end_in_time() -> None:
    """A back-off that would pass the deadline ends the step instead."""
    answers: Script = {"a": [(1.0, Transient("busy", retry_after=30.0))]}
    result = Virtual(plan_of([Spec("a", timeout=5.0)]), answers).run()
    assert (result["a"].status.value, result.total_duration) == ("timed_out", near(1.0))
    assert "no time is left" in result["a"].reason


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Fatal("no", policy=True), "refused"),
        (Doubt("lost"), "doubt"),
        (Expired("late"), "timed_out"),
        (Fatal("no"), "failed"),
    ],
)
def test_each_bad_end_has_its_own_state(outcome: Fatal | Doubt | Expired, status: str) -> None:
    """An outcome becomes the state the contract names, and the reason is kept."""
    result = Virtual(plan_of([Spec("a")]), {"a": [(1.0, outcome)]}).run()
    assert (result["a"].status.value, result["a"].reason) == (status, outcome.reason)


def test_an_internal_error_keeps_its_traceback() -> None:
    """A bug's traceback goes into the step's metadata, for the report."""
    result = Virtual(plan_of([Spec("a")]), {"a": [(1.0, Fatal("internal error", traceback="Trace…"))]}).run()
    assert result["a"].metadata == {"traceback": "Trace…"}


def test_a_stop_keeps_what_is_done_and_settles_all_the_rest() -> None:
    """Stopped in the middle: done, cancelled, skipped; one result each; nothing starts after it."""
    specs = [Spec("done"), Spec("running"), Spec("never", data=[1])]
    run = Virtual(plan_of(specs), {"running": [(60.0, DONE)]})
    result = run.run(stop_at=2.0)
    assert statuses(result) == {"done": "succeeded", "running": "cancelled", "never": "skipped"}
    assert result.stopped == "interrupted"
    assert result["never"].reason == "the run was stopped: interrupted"
    assert result.total_duration == near(2.0)


def test_a_group_that_was_stopped_is_not_said_to_be_completed() -> None:
    """A group has succeeded when every enabled member has its output, and not before."""
    specs = [Spec("done", group=0), Spec("running", group=0), Spec("off", group=0, enabled=False)]
    run = Virtual(plan_of(specs, [group_of(0, [0, 1, 2])]), {"running": [(60.0, DONE)]})
    assert run.run(stop_at=2.0).groups[0].status == "skipped"
    ended = next(e for e in run.recorder.events if isinstance(e, GroupFinished))
    assert (ended.status, ended.succeeded, ended.cancelled, ended.skipped) == ("skipped", 1, 1, 1)
    without_the_disabled_one = Virtual(plan_of(specs[::2], [group_of(0, [0, 1])]))
    assert without_the_disabled_one.run().groups[0].status == "succeeded"


def test_a_stop_ends_a_back_off() -> None:
    """A parked step is cancelled at once, not after its wait."""
    answers: Script = {"a": [(1.0, Refused("429", 100.0))]}
    result = Virtual(plan_of([Spec("a")]), answers).run(stop_at=2.0)
    assert (statuses(result), result.total_duration) == ({"a": "cancelled"}, near(2.0))


def test_what_does_not_come_back_is_given_up() -> None:
    """An attempt that hears neither its deadline nor a stop is settled after the grace; the run ends."""
    run = Virtual(plan_of([Spec("deaf", timeout=5.0), Spec("next", after=[0])]), {"deaf": [(1e6, DONE)]})
    run.deaf = {"deaf"}
    result = run.run()
    assert statuses(result) == {"deaf": "timed_out", "next": "skipped"}
    assert result.total_duration == near(10.0)


def test_a_late_return_of_what_was_given_up_changes_nothing() -> None:
    """The result stays; the worker is used again."""
    specs = [Spec("deaf", timeout=5.0), Spec("long"), Spec("after", after=[1])]
    run = Virtual(plan_of(specs, fail_fast=False), {"deaf": [(20.0, DONE)], "long": [(30.0, DONE)]})
    run.deaf = {"deaf"}
    assert statuses(run.run()) == {"deaf": "timed_out", "long": "succeeded", "after": "succeeded"}


def test_a_rate_limit_delay_spaces_the_starts_at_one_provider() -> None:
    """Least seconds between two starts at a provider, over the whole run; other providers are not held."""
    specs = [Spec("a"), Spec("b"), Spec("c"), Spec("other", provider="other")]
    run = Virtual(plan_of(specs, rate_limit_delay=2.0))
    result = run.run()
    starts = sorted(result[n].attempts[0].started for n in "abc")
    assert starts == [0.0, near(2.0), near(4.0)]
    assert result["other"].attempts[0].started == 0.0
    assert result["c"].waits.throttle == near(4.0)
    assert result.sequential_estimate == near(4.0)


def test_a_provider_takes_no_more_at_once_than_its_limit() -> None:
    """Concurrency of a lane holds across groups; what waits for it is told as the throttle's."""
    lanes = Lanes(lambda _provider: Limits(concurrency=1))
    specs = [Spec("a"), Spec("b")]
    result = Virtual(plan_of(specs), lanes=lanes).run()
    assert result.total_duration == near(2.0)
    assert result["b"].waits.throttle == near(1.0)
    assert lanes.lane("fake").in_flight == 0


def test_the_split_of_a_steps_time_adds_up_to_its_end() -> None:
    """Inputs, worker, throttle, back-off and service are all there is."""
    answers: Script = {"b": [(1.0, Refused("429", 3.0)), (0.5, Transient("x")), (2.0, DONE)]}
    specs = [Spec("a"), Spec("b", data=[0]), Spec("c", data=[0])]
    result = Virtual(plan_of(specs, worker_cap=1, rate_limit_delay=0.5), answers).run()
    for step in result:
        assert sum(step.waits) + step.duration == near(step.settled)


def test_results_come_in_plan_order_and_are_found_by_name() -> None:
    """Whatever the order of ends."""
    run = Virtual(plan_of(FOUR, [group_of(0, [0, 1, 2, 3])]), TIMES)
    result = run.run()
    assert [s.name for s in result] == [s.name for s in FOUR]
    assert result["image_3"] is result[2]
    assert [name for name, _ in run.recorder.finished] == ["image_1", "image_3", "image_2", "image_4"]
    with pytest.raises(KeyError):
        result["nobody"]


def test_a_chain_of_ten_thousand_skips_needs_no_recursion() -> None:
    """The first failure of a long chain settles all of it."""
    specs = [Spec("s0"), *(Spec(f"s{n}", data=[n - 1]) for n in range(1, 10_000))]
    result = Virtual(plan_of(specs, fail_fast=False), {"s0": [(1.0, Fatal("x"))]}).run()
    assert sum(s.status.value == "skipped" for s in result) == 9_999


def test_an_empty_plan_is_over_at_once() -> None:
    """No steps, no work, a speed-up of one."""
    result = Virtual(plan_of([])).run()
    assert (len(result), result.speedup, result.success) == (0, 1.0, True)
