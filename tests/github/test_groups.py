"""Every line of the guide is there, in order, and no fold is left open."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from acp_action.events import (
    Event,
    GroupFinished,
    GroupStarted,
    RunFinished,
    StepFinished,
    StepProgressed,
    StepStarted,
    StopRequested,
    TimePassed,
)
from acp_action.github.commands import Log
from acp_action.github.groups import GroupedLines
from acp_action.report.lines import log_line
from tests.github.runner_port import runner_commands, split_lines

NAMES = st.sampled_from(["a", "b", "::endgroup::", "##[group]x"])
EVENTS = st.lists(
    NAMES.map(lambda name: GroupStarted(0.0, name, 2, ""))
    | NAMES.map(lambda name: started(name))
    | NAMES.map(lambda name: finished(name))
    | st.sampled_from([StopRequested(0.0, "", "x"), StopRequested(0.0, "a", "x")])
)


def started(step: str) -> StepStarted:
    """A step that starts."""
    return StepStarted(0.0, step, "a", 1, 2, 1, 0, "m", "p", None)


def ended(step: str, status: str = "succeeded") -> StepFinished:
    """A step that is settled."""
    return StepFinished(0.0, step, "a", 1, 2, status, 1.5, "", 1, (), None)


def finished(group: str) -> GroupFinished:
    """A group that is settled."""
    return GroupFinished(0.0, group, "succeeded", 2.8, 10.3, 2, 0, 0)


def told(*events: Event, level: str = "INFO") -> list[str]:
    """What is written about events."""
    stream = io.StringIO()
    lines = GroupedLines(Log(stream), level)
    for event in events:
        lines(event)
    return stream.getvalue().splitlines()


def test_a_group_is_folded_between_its_start_and_its_result() -> None:
    """Start and result are read without unfolding, the steps are inside."""
    assert told(GroupStarted(0.0, "batch", 2, ""), started("x"), ended("x"), finished("batch")) == [
        "[INFO] Starting parallel group 'batch' with 2 steps",
        "::group::batch: 2 steps",
        "[INFO] [1/2] Started: x",
        "[INFO] [1/2] Completed: x (1.5s)",
        "::endgroup::",
        "[INFO] Parallel group completed in 2.8s (vs 10.3s sequential)",
    ]


def test_where_a_step_stands_is_told_within_its_group() -> None:
    """Whoever looks at the log of a long job sees its place in the queue, and that it runs on."""
    lines = told(
        GroupStarted(0.0, "batch", 2, ""),
        started("x"),
        StepProgressed(1.0, "x", "a", 1, 2, 1, "fal", "queued", "", 7),
        TimePassed(62.0, 1),
    )
    assert lines[1:] == [
        "::group::batch: 2 steps",
        "[INFO] [1/2] Started: x",
        "[INFO] [1/2] Queued: x (at fal, place 7)",
        "[INFO] [1/2] Still running: x (1 min 2 s, in fal's queue, place 7)",
    ]


def test_a_group_within_a_group_is_told_in_the_open_fold() -> None:
    """The viewer does not nest, so the fold belongs to the group that opened it."""
    lines = told(
        GroupStarted(0.0, "outer", 2, ""),
        GroupStarted(0.0, "inner", 2, "outer"),
        started("x"),
        finished("inner"),
        started("y"),
        finished("outer"),
    )
    assert [line for line in lines if line.startswith("::")] == ["::group::outer: 2 steps", "::endgroup::"]
    assert lines.index("::endgroup::") == len(lines) - 2


def test_the_next_group_gets_a_fold_of_its_own() -> None:
    """One after the other, each is folded."""
    one: list[Event] = [GroupStarted(0.0, "a", 1, ""), started("x"), finished("a")]
    two: list[Event] = [GroupStarted(0.0, "b", 1, ""), started("y"), finished("b")]
    folds = [line for line in told(*one, *two) if line.startswith("::")]
    assert folds == ["::group::a: 1 step", "::endgroup::", "::group::b: 1 step", "::endgroup::"]


def test_a_stop_of_the_run_is_told_outside_of_the_fold() -> None:
    """Who looks at the log of a stopped run sees why; a group's own stop stays with its steps."""
    begin: list[Event] = [GroupStarted(0.0, "a", 2, ""), started("x")]
    lines = told(*begin, StopRequested(0.0, "", "interrupted"), ended("x", "cancelled"))
    assert lines[3:5] == ["::endgroup::", "[WARNING] Stopping: interrupted"]
    assert "::endgroup::" not in told(*begin, StopRequested(0.0, "a", "a step failed"))


def test_the_end_of_the_run_closes_the_fold() -> None:
    """Whatever the order of events was."""
    lines = told(GroupStarted(0.0, "a", 2, ""), started("x"), RunFinished(0.0, "failed", 1.0, 1.0, 1.0))
    assert lines[-1] == "::endgroup::"


def test_a_fold_with_nothing_to_tell_is_not_opened() -> None:
    """With ``level`` ERROR a group without errors leaves no line."""
    assert told(GroupStarted(0.0, "a", 2, ""), started("x"), finished("a"), level="ERROR") == []


@given(EVENTS)
def test_every_line_of_the_guide_is_there_in_order(events: list[Event]) -> None:
    """Whatever happens, what is not a fold is the guide's lines, each once; folds open and close in turn."""
    lines = told(*events, RunFinished(0.0, "failed", 1.0, 1.0, 1.0))
    folds = runner_commands("\n".join(lines))
    assert [fold.name for fold in folds] == ["group", "endgroup"] * (len(folds) // 2)
    plain = [line for line in lines if line != "::endgroup::" and not line.startswith("::group::")]
    wanted = [str(line).replace("##[", "## [") for event in events if (line := log_line(event))]
    assert split_lines("\n".join(plain)) == wanted
