"""Two runs side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.report.compare import Comparison, Run, StepPair, compare_runs
from acp_action.report.compare_view import change_words, comparison_text, step_words
from acp_action.report.summarise import summarise
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.report.golden import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.report.model import RunReport


def report(*names: str, **traces: Trace) -> RunReport:
    """A run of images of these names, 2 s each unless a trace says otherwise."""
    steps = [a_step(i, name) for i, name in enumerate(names)]
    usual = Trace((("done", 2.0),), cost=0.025, changes={"seed": 7})
    run = carry_out(a_plan(steps, name="Show"), [traces.get(name, usual) for name in names])
    found = summarise(run)
    return replace(
        found,
        steps=tuple(
            replace(s, files=(f"{s.name}.png",) if s.status == "succeeded" else ()) for s in found.steps
        ),
    )


def run(place: str, found: RunReport, hashes: Mapping[str, str], **params: Any) -> Run:
    """A run with the manifest that says this of its files."""
    outputs: Sequence[Mapping[str, Any]] = [
        {
            "step": name,
            "file": f"{name}.png",
            "kind": "image",
            "sha256": sha,
            "params": {"prompt": "a cat", **params},
        }
        for name, sha in hashes.items()
    ]
    return Run(place, found, outputs)


def compared() -> Comparison:
    """The second run took another model for one step, lost one, has a new one, and failed at one."""
    a = report("same", "other", "gone", "works")
    other = Trace((("transient", 0.5), ("done", 5.0)), backoff=1.0, cost=0.04, changes={"model": "flux_pro"})
    works = Trace((("fatal", 0.4),), reason="no credit")
    b = report("same", "other", "works", "new", other=other, works=works)
    hashes = {"same": "1" * 64, "other": "2" * 64, "gone": "3" * 64, "works": "4" * 64}
    return compare_runs(
        run("out/monday", a, hashes),
        run("out/tuesday", b, {**hashes, "other": "5" * 64, "new": "6" * 64}, steps=30),
    )


def pair(name: str, found: Comparison | None = None) -> StepPair:
    """One step of both."""
    return next(step for step in (found or compared()).steps if step.name == name)


def test_the_text_is_as_it_was() -> None:
    """Figures of both, then the steps that differ and in what."""
    check("compare.txt", comparison_text(compared()) + "\n")


def test_steps_are_paired_by_name_and_missing_ones_are_told() -> None:
    """What only one run has is a difference of its own."""
    assert [step.name for step in compared().steps] == ["same", "other", "gone", "works", "new"]
    assert step_words(pair("gone")) == "only in A (succeeded)"
    assert step_words(pair("new")) == "only in B (succeeded)"
    assert (pair("gone").output, pair("new").output) == ("only_a", "only_b")


def test_each_difference_of_a_step_has_its_name() -> None:
    """Model, attempts, times, cost, parameters and content."""
    assert [change.what for change in pair("other").changes] == [
        "model", "attempts", "service", "waited", "cost", "seed", "steps", "output",
    ]  # fmt: skip
    first = pair("works").changes[0]
    assert (first.what, first.a, first.b) == ("status", "succeeded", "failed")


def test_a_run_against_itself_differs_in_nothing() -> None:
    """No time, no parameter, no output."""
    one = run("x", report("a", "b"), {"a": "1" * 64, "b": "2" * 64})
    found = compare_runs(one, one)
    assert found.changed == ()
    assert "All 2 steps are alike." in comparison_text(found)


def test_small_differences_in_time_are_noise() -> None:
    """A tenth, and a tenth of a second, are told; less is not."""
    a, b, c = (report("s", s=Trace((("done", took),))) for took in (1.0, 1.05, 1.2))
    hashes = {"s": "1" * 64}
    changes = [
        compare_runs(run("x", a, hashes), run("y", other, hashes)).steps[0].changes for other in (b, c)
    ]
    assert [[change.what for change in found] for found in changes] == [[], ["service"]]


def test_without_a_manifest_nothing_is_said_of_content_and_parameters() -> None:
    """Unknown is not the same, and not different."""
    found = compare_runs(Run("x", report("s"), []), run("y", report("s"), {"s": "1" * 64}))
    assert found.steps[0].output == "unknown"
    assert found.steps[0].changes == ()


@pytest.mark.parametrize("value", [["a"] * 999, {"k": "v" * 1999}, "x" * 1999])
def test_long_parameters_are_cut(value: Any) -> None:
    """A line stays a line, and a comparison has a length."""
    one = run("x", report("s"), {"s": "1" * 64}, odd=value)
    other = run("y", report("s"), {"s": "1" * 64}, odd=1)
    (change,) = compare_runs(one, other).steps[0].changes
    assert (len(change.a), change.b) == (1000, "1")
    assert len(change_words(change)) == len("odd ") + 60 + len(" -> 1")
