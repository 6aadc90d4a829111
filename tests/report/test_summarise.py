"""The report's figures are right, and say so when they are not known (contract rules 7 and 9, I21)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from acp_action.artifacts import Output
from acp_action.config.cascade import Effective
from acp_action.engine.result import RunResult, Status
from acp_action.report.model import RunReport
from acp_action.report.summarise import summarise
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.runs import EVIL, OUT, any_run, mixed_run


def report_of(*traces: Trace, **changes: Any) -> RunReport:
    """The report of independent steps."""
    steps = [a_step(i, f"s{i}", **changes) for i in range(len(traces))]
    return summarise(carry_out(a_plan(steps), traces), OUT)


def test_the_guides_example_gives_the_guides_figures() -> None:
    """2.8 s instead of 10.3 s, and the group's own line."""
    report = summarise(guide_run(), OUT)
    assert (report.status, report.total_duration, report.sequential_estimate) == ("succeeded", 2.8, 10.3)
    assert (report.speedup, report.efficiency, report.peak) == (3.6786, 0.9196, 4)
    assert [g.line for g in report.groups] == ["Parallel group completed in 2.8s (vs 10.3s sequential)"]
    assert report.counts == {"succeeded": 4}


def test_waiting_is_never_counted_as_work_saved() -> None:
    """The estimate holds the service of every attempt and no wait."""
    report = report_of(Trace((("refused", 0.5), ("done", 1.0)), throttle=3.0, backoff=2.0))
    assert report.sequential_estimate == 1.5
    assert (report.waits.throttle, report.waits.backoff, report.waits.service) == (3.0, 2.0, 1.5)


@pytest.mark.parametrize("ends", [("closed",), ("refused", "closed"), ("transient", "transient")])
def test_what_was_turned_away_cost_nothing(ends: tuple[str, ...]) -> None:
    """A refused key, a limit, a host that is not there: no price is unknown, because nothing was made."""
    report = report_of(Trace([(end, 0.1) for end in ends], status=Status.FAILED), Trace(cost=0.04))
    assert (report.cost, report.cost_unknown) == (0.04, 0)


def test_what_may_be_billed_twice_is_no_certain_price() -> None:
    """With max_duplicate_cost, a try that is made again may have been billed."""
    step = a_step(0, "s0", max_duplicate_cost=1.0)
    run = carry_out(a_plan([step]), [Trace([("transient", 0.1)], status=Status.FAILED)])
    assert summarise(run, OUT).cost_unknown == 1


def test_an_unknown_price_is_never_nothing() -> None:
    """No known price is None; known prices are added and the others counted."""
    assert (report_of(Trace(), Trace()).cost, report_of(Trace(), Trace()).cost_unknown) == (None, 2)
    some = report_of(Trace(cost=0.04), Trace(cost=0.0), Trace(), Trace(()))
    assert (some.cost, some.cost_unknown) == (0.04, 1)


def test_the_embedded_provider_costs_nothing() -> None:
    """Its steps are not called unknown."""
    report = report_of(Trace(), provider="local")
    assert (report.cost, report.cost_unknown) == (None, 0)


def test_a_preview_marks_the_report_when_something_was_made() -> None:
    """By the plan's word or the provider's; a preview step that never ran marks nothing."""
    assert summarise(guide_run(preview=True), OUT).preview
    assert report_of(Trace(changes={"metadata": {"preview": True}})).preview
    assert not report_of(Trace(()), preview=True).preview
    assert not summarise(guide_run(), OUT).preview


def test_settings_tell_where_their_values_came_from() -> None:
    """Every setting has its origin; a cap or provider nobody set is left out (rule 1)."""
    settings = Effective(
        worker_cap=2, origins={"worker_cap": "flag --max-workers", "parallel": "environment"}
    )
    run = guide_run()
    report = summarise(replace(run, plan=replace(run.plan, settings=settings)), OUT)
    told = {s.name: (s.value, s.origin) for s in report.settings}
    assert told["worker_cap"] == (2, "flag --max-workers")
    assert told["parallel"] == (True, "environment")
    assert told["timeout"] == (300.0, "default")
    assert "provider" not in told


@pytest.mark.parametrize(
    ("status", "stopped", "word"),
    [
        (Status.SUCCEEDED, "", "succeeded"),
        (Status.FAILED, "", "failed"),
        (Status.SKIPPED, "", "failed"),
        (Status.CANCELLED, "interrupted", "stopped"),
    ],
)
def test_the_run_has_one_status(status: Status, stopped: str, word: str) -> None:
    """A stopped run says so even when steps failed; a disabled step fails nothing."""
    plan = a_plan([a_step(0, "a"), a_step(1, "b", enabled=False)])
    run = carry_out(plan, [Trace(status=status), Trace(())])
    assert summarise(replace(run, stopped=stopped), OUT).status == word


def test_groups_count_all_steps_in_them_at_any_depth() -> None:
    """A nested group's steps are the outer group's too; one that never began has no line."""
    steps = [a_step(0, "a", group=0), a_step(1, "b", group=1), a_step(2, "c", group=2)]
    plan = a_plan(steps)
    outer, inner, late = plan.groups
    plan = replace(plan, groups=(outer, replace(inner, parent=0), late))
    report = summarise(carry_out(plan, [Trace(), Trace((("fatal", 1.0),)), Trace(())]), OUT)
    told = [(g.name, g.parent, g.steps, g.succeeded, g.failed, g.skipped) for g in report.groups]
    assert told == [
        ("batch_images", "", 2, 1, 1, 0),
        ("group_1", "batch_images", 1, 0, 1, 0),
        ("group_2", "", 1, 0, 0, 1),
    ]
    assert report.groups[1].line.startswith("Parallel group 'group_1' failed after 1.0s")
    assert report.groups[2].line == ""


def test_warnings_and_detached_listeners_are_told() -> None:
    """Nothing that went wrong on the way is lost."""
    assert summarise(mixed_run(), OUT).warnings == (
        "p.yaml:3:5: step 'base': model 'flux_dev' is retiring",
        "a listener failed and was detached: Listener",
    )


def test_a_long_text_is_shown_by_its_beginning() -> None:
    """The report holds an excerpt; the file holds the text."""
    output = Output("text", (), "x" * 5000)
    assert report_of(Trace(changes={"output": output})).steps[0].text == "x" * 600


def test_a_run_of_nothing_is_a_report() -> None:
    """No step and no time make no division by nothing."""
    report = summarise(carry_out(a_plan([]), []), OUT)
    assert (report.speedup, report.efficiency, report.peak, report.limit) == (
        1.0, 1.0, 0, "nothing was carried out",
    )  # fmt: skip


def test_the_output_folder_is_that_of_the_settings_unless_told() -> None:
    """File names are seen from there."""
    assert summarise(guide_run(OUT)).steps[0].files == ("/out/image_1.png",)
    assert summarise(guide_run(OUT), OUT).steps[0].files == ("image_1.png",)


@given(any_run())
def test_a_steps_time_is_split_without_remainder(run: RunResult) -> None:
    """The waits and the service add up to the moment the step was settled."""
    for step in summarise(run, OUT).steps:
        if step.attempts:
            assert step.split.inputs + step.split.waited + step.split.service == pytest.approx(step.settled)


@given(any_run())
def test_a_report_survives_the_round_trip(run: RunResult) -> None:
    """What ``to_dict`` says, ``from_dict`` understands."""
    report = summarise(run, OUT)
    assert RunReport.from_dict(report.to_dict()) == report


@given(any_run())
def test_counts_are_the_steps(run: RunResult) -> None:
    """Every planned step is counted once, in plan order."""
    report = summarise(run, OUT)
    assert sum(report.counts.values()) == len(report.steps) == len(run.plan.steps)
    assert [step.name for step in report.steps] == [step.name for step in run.plan.steps]
    assert 0 <= report.efficiency <= 1.0001
    assert report.peak <= report.workers


def test_text_that_cannot_be_encoded_does_not_stop_the_report() -> None:
    """Lone surrogates from a model or a file name are replaced."""
    report = summarise(mixed_run("\ud800" + EVIL), OUT)
    assert RunReport.from_dict(report.to_dict()) == report
    assert "\ud800" not in repr(report.to_dict())


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "not a report"),
        ([], "not a report"),
        ({"schema": "acp-manifest/1"}, "not a report"),
        ({"schema": "acp-report/2"}, "acp-report/2, and this version reads acp-report/1"),
        ({"schema": "acp-report/1"}, "pipeline: Field required"),
    ],
)
def test_what_is_no_report_is_refused_in_few_words(value: Any, word: str) -> None:
    """Another file, another version and a torn report are told apart."""
    with pytest.raises(ValueError, match=word):
        RunReport.from_dict(value)
