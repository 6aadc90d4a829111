"""The last words of a run, and the code it ends with."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from acp_action.api.codes import exit_code
from acp_action.api.run import PipelineResult
from acp_action.cli.summary import headline, summary
from acp_action.engine.result import RunResult, Status
from acp_action.errors import Position
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run


def a_result(run: RunResult, **changes: Any) -> PipelineResult:
    """The run as the API gives it."""
    values = {field.name: getattr(run, field.name) for field in fields(RunResult)}
    return PipelineResult(**{**values, "output_dir": Path("/out"), **changes})


def ended(*statuses: Status, stopped: str = "", unwritten: tuple[str, ...] = ()) -> PipelineResult:
    """A run whose steps ended like this."""
    steps = [a_step(i, f"s{i}") for i in range(len(statuses))]
    run = carry_out(a_plan(steps), [Trace(status=status, reason="why") for status in statuses])
    return a_result(run, stopped=stopped, unwritten=unwritten)


def closed(*whys: str) -> PipelineResult:
    """A run whose steps failed because an account was closed; an empty text for another reason."""
    result = ended(*[Status.FAILED] * len(whys))
    steps = tuple(step._replace(closed=why) for step, why in zip(result.steps, whys, strict=True))
    return replace(result, steps=steps)


def test_the_guides_run_has_the_headline() -> None:
    """The time taken, the time saved and the ratio, in one line."""
    assert headline(guide_run()) == "Done: 4 steps in 2.8s instead of 10.3s one after another: 3.7x"


def test_without_a_gain_there_is_no_claim() -> None:
    """A run that saved nothing says how long it took and no more."""
    assert headline(ended(Status.SUCCEEDED)) == "Done: 1 step in 1.0s"


def test_what_an_earlier_run_made_is_counted() -> None:
    """A run that took a minute because most was there says so."""
    result = ended(Status.SUCCEEDED, Status.CACHED, Status.CACHED)
    assert headline(result).startswith("Done: 3 steps (2 of them by an earlier run) in ")


def test_a_failure_counts_what_happened() -> None:
    """Everything that is not done is counted by its status."""
    result = ended(Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.SKIPPED, stopped="Ctrl-C\n")
    assert headline(result).startswith(
        "Stopped: Ctrl-C⏎; 1 of 4 steps done, 1 failed, 1 timed out, 1 skipped, in "
    )


def test_the_files_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary says which file each step made, that previews are previews, and where the rest is."""
    monkeypatch.chdir("/")
    assert summary(a_result(guide_run(preview=True))).splitlines() == [
        "  out/image_1.png",
        "  out/image_2.png",
        "  out/image_3.png",
        "  out/image_4.png",
        "Done: 4 steps in 2.8s instead of 10.3s one after another: 3.7x",
        "These are previews by the embedded provider 'local', not the models' own work.",
        "Report: out/report.html",
    ]


def test_what_went_wrong_is_told_once_for_all_it_happened_to() -> None:
    """The reason is read where the run ends, without looking for it in the log."""
    lines = summary(ended(*[Status.FAILED] * 5, Status.SKIPPED, Status.DOUBT)).splitlines()
    assert lines[:2] == ["  s0, s1, s2 and 2 more failed: why", "  s6 in doubt: why"]


def test_what_went_wrong_is_told_with_its_place_in_the_file() -> None:
    """As problems of the file are, so that an editor can go there; of several, where the first stands."""
    ends = [Status.FAILED, Status.TIMED_OUT, Status.TIMED_OUT, Status.SKIPPED]
    steps = [a_step(i, f"s{i}", position=Position(10 + i, 7)) for i in range(4)]
    traces = [Trace(status=status, reason="params.seed: no") for status in ends]
    lines = summary(a_result(carry_out(a_plan(steps), traces))).splitlines()
    assert lines[:2] == [
        "  pipeline.yaml:10:7: step 's0': failed: params.seed: no",
        "  pipeline.yaml:11:7: steps s1, s2: timed out: params.seed: no",
    ]


def test_many_files_are_counted() -> None:
    """A thousand files do not push the headline off the screen."""
    lines = summary(ended(*[Status.SUCCEEDED] * 1000)).splitlines()
    assert len(lines) == 12
    assert lines[8] == "  and 992 more files, see /out/manifest.json"


def test_a_file_that_is_not_called_like_its_step_is_told_with_it() -> None:
    """Two names that a file system cannot hold apart are told apart here."""
    result = ended(Status.SUCCEEDED)
    steps = tuple(step._replace(name="a/b") for step in result.steps)
    assert summary(replace(result, steps=steps)).startswith("  a/b: /out/")


def test_what_is_to_be_done_and_what_it_cost_is_said() -> None:
    """After a failure the next thing to do, in the report's words; for work of services what it cost."""
    steps = [a_step(0, "s0"), a_step(1, "s1")]
    traces = [Trace(cost=0.04), Trace(status=Status.REFUSED, reason="no")]
    lines = summary(a_result(carry_out(a_plan(steps), traces))).splitlines()
    assert lines[-3].startswith("Next: the provider's content policy forbids it: change the prompt")
    assert lines[-2:] == ["Cost: 0.04 USD, and 1 step at an unknown price", "Report: /out/report.html"]
    assert not any(line.startswith("Next") for line in summary(ended(Status.SUCCEEDED)).splitlines())


def test_a_report_that_could_not_be_written_is_not_passed_over() -> None:
    """Who goes there finds an old one, or none."""
    result = ended(Status.SUCCEEDED, unwritten=("cannot write report.json: No space left on device",))
    assert "Not written: cannot write report.json: No space left on device" in summary(result).splitlines()


@pytest.mark.parametrize(
    ("result", "signal_number", "code"),
    [
        (ended(Status.SUCCEEDED, Status.CACHED), 0, 0),
        (ended(Status.SUCCEEDED, Status.FAILED), 0, 1),
        (ended(Status.TIMED_OUT), 0, 1),
        (ended(Status.REFUSED), 0, 1),
        (ended(Status.DOUBT), 0, 3),
        (closed("credit", "day"), 0, 3),
        (closed("key"), 0, 1),
        (closed("credit", ""), 0, 1),
        (ended(Status.CANCELLED, stopped="interrupted"), 2, 130),
        (ended(Status.CANCELLED, stopped="ended"), 15, 143),
        (ended(Status.FAILED, stopped="interrupted"), 2, 130),
        (ended(Status.SUCCEEDED, stopped="the budget is used up"), 0, 3),
        (ended(Status.SUCCEEDED), 2, 0),
        (ended(Status.SUCCEEDED, unwritten=("cannot write report.json",)), 0, 1),
    ],
)
def test_the_exit_code_is_a_function_of_the_end(
    result: PipelineResult, signal_number: int, code: int
) -> None:
    """The table of docs/exit-codes.md: a signal counts where it ended the run, a failure before a limit."""
    assert exit_code(result, signal_number) == code


def test_disabled_steps_are_no_failure() -> None:
    """A step that was switched off does not fail the run."""
    result = ended(Status.SKIPPED)
    plan = replace(result.plan, steps=tuple(s._replace(enabled=False) for s in result.plan.steps))
    assert exit_code(replace(result, plan=plan)) == 0
