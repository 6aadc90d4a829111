"""Annotations point at the place in the file, and there are never more than the runner keeps."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.result import Status
from acp_action.errors import Position, Problem
from acp_action.github.annotations import Annotations, notes_of_problems, notes_of_result, relative_file
from acp_action.github.commands import Level, Log, Note
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.github.runner_port import runner_commands

WORKSPACE = Path("/w/s")


def test_a_problem_is_noted_where_it_stands() -> None:
    """What and how to mend it, at line and column; the place within the pipeline is the title."""
    problem = Problem("step 'a'", "no model 'x'", "try 'y'", "/w/s/dir/p.yaml", Position(3, 5))
    assert notes_of_problems([problem], WORKSPACE) == [
        Note("error", "no model 'x'; try 'y'", "step 'a'", "dir/p.yaml", 3, 5)
    ]


def test_a_warning_is_noted_as_one_and_a_text_without_file_without_place() -> None:
    """A pipeline given as text has no file to point into."""
    problem = Problem("settings", "odd", position=Position(3, 5), severity="warning")
    assert notes_of_problems([problem], WORKSPACE) == [Note("warning", "odd", "settings")]


def test_steps_that_went_wrong_are_noted_and_no_others() -> None:
    """Failed, timed out, refused and in doubt; not what was only skipped or cancelled."""
    statuses = list(Status)
    steps = [a_step(i, f"s_{status.value}", position=Position(i + 1, 5)) for i, status in enumerate(statuses)]
    traces = [Trace(status=status, reason="why") for status in statuses]
    notes = notes_of_result(carry_out(a_plan(steps), traces), file="/w/s/p.yaml", workspace=WORKSPACE)
    assert {note.title: note.message for note in notes} == {
        "s_failed": "failed: why",
        "s_timed_out": "timed out: why",
        "s_refused": "was refused: why",
        "s_doubt": "is in doubt: why",
    }
    assert notes[0] == Note(
        "error", "failed: why", "s_failed", "p.yaml", statuses.index(Status.FAILED) + 1, 5
    )


def test_a_refused_key_is_one_annotation() -> None:
    """Fifty steps that were turned away leave room for what else went wrong."""
    steps = [a_step(i, f"s{i}", position=Position(i + 1, 5)) for i in range(51)]
    run = carry_out(a_plan(steps), [Trace(status=Status.FAILED, reason="why")] * 51)
    closed = replace(
        run, steps=tuple(step._replace(closed="key") for step in run.steps[:50]) + run.steps[50:]
    )
    first, other = notes_of_result(closed, file="/w/s/p.yaml", workspace=WORKSPACE)
    assert (first.title, first.message, first.line) == ("s0", "failed: why (and so have 49 more steps)", 1)
    assert (other.title, other.message, other.line) == ("s50", "failed: why", 51)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("p.yaml", "p.yaml"),
        ("./a/p.yaml", "a/p.yaml"),
        ("/w/s/a/p.yaml", "a/p.yaml"),
        ("/w/other/p.yaml", ""),
        ("../p.yaml", ""),
        ("/w/s/../x/p.yaml", ""),
        ("pipeline", ""),
        ("", ""),
    ],
)
def test_files_are_shown_as_seen_from_the_workspace(name: str, shown: str) -> None:
    """What lies elsewhere has no place on GitHub."""
    assert relative_file(name, WORKSPACE) == shown


LEVELS = st.sampled_from(["error", "warning", "notice"])


def note(level: Level, message: str) -> Note:
    """A note without a place."""
    return Note(level, message)


@given(st.lists(st.builds(note, LEVELS, st.text("xyz", min_size=1))))
def test_at_most_nine_of_a_level_then_one_that_counts_the_rest(notes: list[Note]) -> None:
    """No level has more than ten, the first nine in order; the rest are lines of the log, and counted."""
    stream = StringIO()
    annotations = Annotations(Log(stream))
    annotations.add(*notes)
    annotations.close()
    kept = runner_commands(stream.getvalue())
    for level in ("error", "warning", "notice"):
        told = [note.message for note in notes if note.level == level]
        shown = [command.data for command in kept if command.name == level]
        assert shown[:9] == told[:9]
        assert len(shown) == min(len(told), 10)
        if len(told) > 9:
            assert shown[-1].startswith(f"and {len(told) - 9} more {level}")
        lines = [line for line in stream.getvalue().splitlines() if line.startswith(f"[{level.upper()}] ")]
        assert [line.partition(" ")[2] for line in lines] == told[9:]
