"""The critical path explains the whole time of a run, and the limit is named from it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from acp_action.config.cascade import Effective
from acp_action.plan.model import Graph
from acp_action.report.critical import critical_path
from acp_action.report.limits import least_duration, limit_sentence
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.runs import any_run

if TYPE_CHECKING:
    from acp_action.engine.result import RunResult


def run_of(
    durations: list[float],
    needs: list[tuple[int, ...]] | None = None,
    *,
    workers: int = 8,
    parallel: bool = True,
) -> RunResult:
    """A run of steps s0, s1, … that take so long."""
    steps = [a_step(i, f"s{i}") for i in range(len(durations))]
    settings = Effective(parallel=parallel, origins={})
    plan = a_plan(steps, needs, settings=settings)
    return carry_out(plan, [Trace((("done", d),)) for d in durations], workers=workers)


def names(run: RunResult) -> list[tuple[str, str]]:
    """The path as (step, what held it)."""
    return [(item.step, item.held_by) for item in critical_path(run)]


def sentence(run: RunResult) -> str:
    """What limited the run."""
    return limit_sentence(run, critical_path(run), least_duration(run))


def test_the_longest_of_a_group_is_the_path() -> None:
    """In the guide's example that is image_4 alone."""
    assert names(guide_run()) == [("image_4", "start")]
    assert sentence(guide_run()) == ("2.8s of 2.8s is the critical path image_4; more workers would not help")


def test_a_chain_is_followed_back_through_its_inputs() -> None:
    """Of two inputs the later one counts."""
    run = run_of([1.0, 3.0, 2.0], [(), (), (0, 1)])
    assert names(run) == [("s1", "start"), ("s2", "needs")]
    assert sentence(run).startswith("5.0s of 5.0s is the critical path s1 → s2;")


def test_a_step_that_waited_for_a_worker_came_after_the_one_that_made_room() -> None:
    """On one worker everything hangs together."""
    run = run_of([1.0, 2.0, 3.0], workers=1)
    assert names(run) == [("s0", "start"), ("s1", "worker"), ("s2", "worker")]
    assert sentence(run) == (
        "the number of workers: steps waited up to 3.0s for a free one; "
        "with more the run could take as little as 3.0s"
    )


def test_without_parallel_the_sentence_says_so() -> None:
    """Not more workers would help, but the setting."""
    run = run_of([1.0, 2.0], workers=1, parallel=False)
    assert sentence(run) == "steps ran one after another; in parallel the run could take as little as 2.0s"


def test_of_ends_at_one_moment_the_one_of_the_same_group_made_room() -> None:
    """A group's own limit is what holds its steps."""
    steps = [a_step(0, "other"), a_step(1, "mate", group=0), a_step(2, "late", group=0)]
    run = carry_out(a_plan(steps), [Trace(), Trace(), Trace()], workers=2)
    assert names(run) == [("mate", "start"), ("late", "worker")]


def test_a_rate_limit_is_named_with_its_provider() -> None:
    """The wait belongs to the step's own item, and more workers are not advised."""
    plan = a_plan([a_step(0, "a"), a_step(1, "b", provider="gemini")], [(), (0,)])
    run = carry_out(plan, [Trace(), Trace(throttle=4.0)])
    path = critical_path(run)
    assert [(i.step, i.waited, i.waited_for) for i in path] == [
        ("a", 0.0, ""),
        ("b", 4.0, "rate limit of gemini"),
    ]
    assert sentence(run) == (
        "rate limit of gemini: the critical path waited 4.0s for it; more workers would not help"
    )


def test_back_off_after_failed_attempts_is_named() -> None:
    """Also when it is what limited the run."""
    run = carry_out(a_plan([a_step(0, "a")]), [Trace((("transient", 1.0), ("done", 1.0)), backoff=3.0)])
    (item,) = critical_path(run)
    assert (item.service, item.waited, item.waited_for) == (2.0, 3.0, "back-off")
    assert sentence(run) == (
        "failed attempts: the critical path spent 3.0s in back-off after them; more workers would not help"
    )


def test_a_wait_that_nobody_feels_is_not_what_limited_a_run() -> None:
    """Of a run of hundredths of seconds no advice is to be had; a wait told as 0.0s is none."""
    assert sentence(run_of([0.01, 0.01, 0.02], workers=1)).startswith("0.0s of 0.0s is the critical path")


def test_gates_and_skipped_steps_are_seen_through() -> None:
    """A barrier is no item; what stands behind it is, and a step that never ran is none either."""
    run = run_of([1.0, 2.0, 0.0, 1.5])
    # s0 and s1 come before gate 4, the gate before s2 and that before s3; s2 is never carried out.
    graph = Graph(5, ((),) * 5, ((4,), (4,), (3,), (), (2,)), (0, 0, 1, 1, 2))
    run = replace(run, plan=replace(run.plan, graph=graph))
    first, second, _, last = run.steps
    moved = last._replace(
        attempts=(last.attempts[0]._replace(started=2.0, finished=3.5),),
        waits=last.waits._replace(inputs=2.0),
        settled=3.5,
    )
    run = replace(run, steps=(first, second, run.steps[2]._replace(attempts=()), moved), total_duration=3.5)
    assert names(run) == [("s1", "start"), ("s3", "needs")]
    assert least_duration(run) == 3.5


def test_a_long_path_is_named_by_its_ends() -> None:
    """A sentence stays one that people read."""
    run = run_of([1.0] * 9, [(), *((i,) for i in range(8))])
    assert "path s0 → s1 → … → s7 → s8;" in sentence(run)


def test_nothing_carried_out_has_no_path() -> None:
    """A run that was stopped before it began."""
    run = carry_out(a_plan([a_step(0, "a")]), [Trace(())])
    assert critical_path(run) == ()
    assert sentence(run) == "nothing was carried out"


def test_time_that_nobody_waited_for_is_the_engines() -> None:
    """A gap that no wait explains is not blamed on workers."""
    run = run_of([1.0, 1.0], [(), (0,)])
    late = run.steps[1].attempts[0]._replace(started=1.5, finished=2.5)
    run = replace(run, steps=(run.steps[0], run.steps[1]._replace(attempts=(late,), settled=2.5)))
    assert [(i.step, i.waited, i.waited_for) for i in critical_path(run)][1] == ("s1", 0.5, "the engine")


@given(any_run())
def test_the_path_explains_the_whole_time(run: RunResult) -> None:
    """From the run's start to its last end without a gap; service and waiting add up to it."""
    path = critical_path(run)
    if not path:
        assert not any(step.attempts for step in run.steps)
        return
    assert path[0].begin == 0.0
    assert all(a.end == b.begin for a, b in pairwise(path))
    assert path[-1].end == max(a.finished for s in run.steps for a in s.attempts)
    assert sum(item.service + item.waited for item in path) == pytest.approx(path[-1].end)
    assert len({item.step for item in path}) == len(path)


@given(any_run())
def test_no_run_is_shorter_than_the_least(run: RunResult) -> None:
    """The longest path bounds the run from below, and holds the longest step."""
    least = least_duration(run)
    assert least <= run.total_duration + 1e-9
    assert least >= max((step.duration for step in run.steps), default=0.0) - 1e-9


@given(any_run())
def test_with_a_worker_for_everyone_the_least_is_reached(run: RunResult) -> None:
    """A run in which nobody waited for a worker takes the longest path."""
    if not any(step.waits.worker for step in run.steps):
        assert least_duration(run) == pytest.approx(run.total_duration)
    assert sentence(run)
