"""Two runs side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.report.compare import compare_runs
from acp_action.report.compare_view import change_words, comparison_text, figures, step_words
from acp_action.report.comparison import Comparison, Run, StepPair
from acp_action.report.summarise import summarise
from acp_action.store.manifest import build_manifest, records_of
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.report.golden import check
from tests.report.runs import OUT

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
    found = compare_runs(Run("x", report("s"), None), run("y", report("s"), {"s": "1" * 64}))
    assert found.steps[0].output == "unknown"
    assert found.steps[0].changes == ()


def test_what_could_not_be_compared_is_told() -> None:
    """All that can be seen is alike; what lay in the files and was asked for, nobody knows."""
    there, gone = run("x", report("s"), {"s": "1" * 64}), Run("y", report("s"), None)
    text = comparison_text(compare_runs(there, gone))
    assert "All 1 step are alike" not in text
    assert "Its 1 step is alike, as far as can be told." in text
    told = "Parameters and the content of outputs could not be compared: {} no manifest.json of that run."
    assert told.format("B has") in text
    assert told.format("A and B have") in comparison_text(compare_runs(gone, gone))
    assert "could not be compared" not in comparison_text(compare_runs(there, there))


@pytest.mark.parametrize("without", ["a", "b"])
def test_content_is_known_where_both_runs_have_a_hash(without: str) -> None:
    """A hash in one of them alone says nothing."""
    known, unknown = run("x", report("s"), {"s": "1" * 64}), run("y", report("s"), {"s": ""})
    sides = (unknown, known) if without == "a" else (known, unknown)
    assert compare_runs(*sides).steps[0].output == "unknown"


def test_a_run_that_did_not_come_to_its_end_says_so() -> None:
    """Its figures are those of a part."""
    a = replace(
        report("s"), status="stopped", stopped="the run is still at work; this is how it stood at 2.0s"
    )
    text = comparison_text(compare_runs(Run("x", a, []), Run("y", report("s"), [])))
    assert "UTC, stopped: the run is still at work; this is how it stood at 2.0s)\nB: y" in text


def test_two_failures_of_different_causes_differ() -> None:
    """Whoever compares failed runs asks why each failed."""
    a, b = (report("s", s=Trace((("fatal", 0.4),), reason=why)) for why in ("no credit", "bad prompt"))
    found = compare_runs(Run("x", a, []), Run("y", b, []))
    assert step_words(found.steps[0]) == "reason no credit -> bad prompt"
    assert compare_runs(Run("x", a, []), Run("y", a, [])).changed == ()


def test_a_seed_is_told_once() -> None:
    """Also where a manifest has it among the parameters."""
    a = report("s")
    b = replace(a, steps=(replace(a.steps[0], seed=8),))
    found = compare_runs(run("x", a, {"s": "1" * 64}, seed=7), run("y", b, {"s": "1" * 64}, seed=8))
    assert step_words(found.steps[0]) == "seed 7 -> 8"


@pytest.mark.parametrize(("took", "told"), [(10.5, []), (10.9, []), (11.2, ["service"]), (9.0, ["service"])])
def test_a_difference_of_less_than_a_tenth_is_noise_however_long(took: float, told: list[str]) -> None:
    """Half a second of ten is what a service takes now more, now less."""
    a, b = (report("s", s=Trace((("done", each),))) for each in (10.0, took))
    assert [c.what for c in compare_runs(Run("x", a, []), Run("y", b, [])).steps[0].changes] == told


def test_a_step_that_does_the_same_under_another_name_is_named() -> None:
    """Each once, in order; without a manifest, or for another model, nothing is guessed."""
    a, b = report("one", "two", "odd"), report("eins", "zwei", "drei")
    b = replace(b, steps=(*b.steps[:2], replace(b.steps[2], model="flux_pro")))
    ours = dict.fromkeys(("one", "two", "odd"), "1" * 64)
    theirs = dict.fromkeys(("eins", "zwei", "drei"), "2" * 64)
    found = compare_runs(run("x", a, ours), run("y", b, theirs, seed=3))
    assert {pair.name: pair.like for pair in found.steps} == {
        "one": "eins", "two": "zwei", "odd": "", "eins": "one", "zwei": "two", "drei": "",
    }  # fmt: skip
    assert step_words(found.steps[0]) == "only in A (succeeded); perhaps eins of B, which does the same"
    assert step_words(found.steps[3]) == "only in B (succeeded); perhaps one of A, which does the same"
    assert {pair.like for pair in compare_runs(run("x", a, ours), Run("y", b, None)).steps} == {""}


def lines_of(a: RunReport, b: RunReport) -> dict[str, list[str]]:
    """The words of each figure of two runs."""
    rows = figures(compare_runs(Run("x", a, []), Run("y", b, [])))
    return {name: [one, other, change] for name, one, other, change in rows}


def test_cents_are_money_too() -> None:
    """Prices have as many decimals as they need, and a percentage; with an unknown price there is none."""
    a, b = replace(report("s"), cost=0.0011), replace(report("s"), cost=0.0022)
    assert lines_of(a, b)["Cost"] == ["0.0011 USD", "0.0022 USD", "+100%"]
    assert lines_of(a, replace(b, cost_unknown=1))["Cost"] == ["0.0011 USD", "over 0.0022 USD", ""]
    assert lines_of(a, a)["Cost"][2] == ""


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (2.0, 2.5, "+25%"),
        (2.0, 1.0, "-50%"),
        (0.04, 0.9, ""),
        (100.0, 100.2, ""),
        (0.3, 0.32, ""),
        (0.5, 11.0, "22 times"),
        (2.0, 0.0, "-100%"),
        (0.0, 3.0, ""),
    ],
)
def test_a_part_is_told_where_it_says_something(a: float, b: float, told: str) -> None:
    """Not of next to nothing, not for less than half a percent, and in times where it is many."""
    one, other = (replace(report("s"), total_duration=each) for each in (a, b))
    assert lines_of(one, other)["Time"][2] == told


def test_parameters_of_steps_without_output_are_compared() -> None:
    """A manifest has them too, and they may be why one run failed."""
    broken = Trace((("fatal", 0.4),), reason="bad")
    outcome = carry_out(a_plan([a_step(0, "s")]), [broken])
    manifest = build_manifest(outcome, OUT)
    other = {"schema": "x", "without_output": [{**manifest["without_output"][0], "params": {"n": 1}}, 3]}
    a, b = (Run("x", summarise(outcome), records_of(found)) for found in (manifest, other))
    assert [change.what for change in compare_runs(a, b).steps[0].changes] == ["n"]


@pytest.mark.parametrize("value", [["a"] * 999, {"k": "v" * 1999}, "x" * 1999])
def test_long_parameters_are_cut(value: Any) -> None:
    """A line stays a line, and a comparison has a length."""
    one = run("x", report("s"), {"s": "1" * 64}, odd=value)
    other = run("y", report("s"), {"s": "1" * 64}, odd=1)
    (change,) = compare_runs(one, other).steps[0].changes
    assert (len(change.a), change.b) == (1000, "1")
    assert len(change_words(change)) == len("odd ") + 60 + len(" -> 1")
