"""The summary tells what matters first, fits, and holds nothing from outside that acts (S21, G1)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from acp_action.errors import Position, Problem
from acp_action.github.sections import Detail, problems_section
from acp_action.github.summary import ArtifactLink, render_summary
from acp_action.report.summarise import summarise
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.golden import check
from tests.report.runs import EVIL, OUT, any_run, mixed_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from acp_action.engine.result import RunResult
    from acp_action.report.model import RunReport

PARSER = MarkdownIt("gfm-like", {"linkify": False})
LINK = ArtifactLink("media", "https://github.com/o/r/actions/runs/1/artifacts/2")
PROBLEM = Problem(
    "step 'a'", "unknown key 'promt'", "did you mean 'prompt'?", "p.yaml", Position(3, 5), "    promt: x"
)
HOSTILE = st.sampled_from(
    [
        EVIL,
        "@team. #1 x",
        "1. x",
        "www.e.example.",
        "a. [l](https://e.example)",
        "```mermaid\ngantt",
        "</details>",
        "---",
        "::error::x",
        "\ud800",
        "https://e.example/#x|y",
    ]
)


def blocks(text: str) -> list[Token]:
    """The blocks of a document."""
    return PARSER.parse(text)


def inline(text: str) -> list[Token]:
    """All tokens within the paragraphs, headings, cells and items of a document."""
    return [child for token in blocks(text) for child in token.children or []]


@cache
def large_report(count: int, name: str = "s", reason: str = "") -> RunReport:
    """A run of many steps that all failed."""
    steps = [a_step(i, f"{name}{i}") for i in range(count)]
    traces = [Trace((("fatal", 1.0),), reason=reason)] * count
    return summarise(carry_out(a_plan(steps), traces, workers=50), OUT)


def evil_summary(evil: str, *, several: bool = False) -> str:
    """A summary with an attack in every text that can come from outside."""
    report = summarise(replace(mixed_run(evil), stopped=evil), OUT)
    report = replace(report, status=evil, limit=f"limit {evil}", started=evil)
    problem = Problem(evil, evil, evil, evil, Position(3, 5), evil)
    return render_summary(
        [report, report] if several else [report],
        artifact=ArtifactLink(evil, evil if "x" in evil else LINK.url),
        problems=[problem, replace(problem, severity="warning")],
        notes=[evil, f"Kept {evil}. Yes."],
    )


def test_what_went_wrong_alike_is_told_once() -> None:
    """Fifty steps without credit are one line above the table, with the first names and the reason."""
    text = render_summary([large_report(50, reason="no credit: top it up")])
    lines = [line for line in text.partition("### Steps")[0].splitlines() if line.startswith("- ")]
    assert lines == ["- `s0`, `s1`, `s2` and 47 more failed: `no credit: top it up`"]


def test_a_good_run_reads_as_agreed() -> None:
    """Result, link, steps, chart."""
    check("github/summary_good.md", render_summary([summarise(guide_run(), OUT)], artifact=LINK))


def test_a_failed_run_reads_as_agreed() -> None:
    """What went wrong comes first, with its reason; then the same as for a good one."""
    run = replace(mixed_run(), stopped="interrupted by SIGTERM")
    notes = ["The artifact could not be handed in: 409. Files stay in 'out'."]
    check("github/summary_failed.md", render_summary([summarise(run, OUT)], notes=notes))


def test_a_broken_file_reads_as_agreed() -> None:
    """Every problem with its place, the line and how to mend it; beside it, pipelines that ran."""
    warning = Problem("settings", "'x' is old.", file="p.yaml", severity="warning")
    runs = [summarise(guide_run(), OUT), summarise(guide_run(preview=True), OUT)]
    check("github/summary_problems.md", render_summary([], problems=[PROBLEM]))
    check("github/summary_several.md", render_summary(runs, problems=[PROBLEM, warning]))


def test_nothing_to_tell_is_an_empty_line() -> None:
    """No runs and no problems are no error."""
    assert render_summary([]).strip() == ""


@given(HOSTILE, st.booleans())
def test_foreign_text_makes_no_link_image_mention_or_html(evil: str, several: bool) -> None:
    """Parsed, it is text, code, our emphasis and the artifact's link; no sign of a mention stands in text."""
    text = evil_summary(evil, several=several)
    kinds = {token.type for token in inline(text)}
    ours = {"text", "code_inline", "strong_open", "strong_close", "softbreak", "link_open", "link_close"}
    assert kinds <= ours
    assert {token.attrs["href"] for token in inline(text) if token.type == "link_open"} <= {LINK.url}
    outside = " ".join(token.content for token in inline(text) if token.type == "text")
    assert not set(outside) & set("@#[]<>!\\\x1b\u202e")


@given(HOSTILE, st.booleans())
def test_foreign_text_changes_no_structure(evil: str, several: bool) -> None:
    """The document has the same blocks with the attack as without; the only fences are our charts."""

    def shape(text: str) -> list[str]:
        return [f"{token.type} {token.info}" for token in blocks(text)]

    text = evil_summary(evil, several=several)
    assert shape(text) == shape(evil_summary("q", several=several))
    fences = [token for token in blocks(text) if token.type == "fence"]
    assert {fence.info for fence in fences} == {"mermaid"}
    assert all(fence.content.startswith("%%{init: {'gantt': ") for fence in fences)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://e.example/a b",
        "https://e.example/>x",
        "https://e.example/)\n",
        "//e.example",
        "",
        "https://u:p@e.example/",
    ],
)
def test_an_address_that_is_not_plain_is_no_link(url: str) -> None:
    """The artifact's address comes from a server; what is odd about it is shown, not linked."""
    text = render_summary([], artifact=ArtifactLink("media", url))
    assert "link_open" not in {token.type for token in inline(text)}
    assert "`media`" in text


@given(any_run())
def test_any_run_has_a_summary_with_a_row_for_each_step(run: RunResult) -> None:
    """However it went, each step has its row."""
    text = render_summary([summarise(run, OUT)])
    rows = [token for token in blocks(text) if token.type == "tr_open"]
    assert len(rows) == len(run.steps) + 1


@pytest.mark.parametrize("limit", [0, 500, 5_000, 1_000_000])
@pytest.mark.parametrize("size", [(10_000, "s", "x"), (300, "ü" * 3000, "\U000e0041" * 3000)])
def test_a_summary_fits_whatever_the_size(size: tuple[int, str, str], limit: int) -> None:
    """Never more bytes than the limit, and what is left out is counted or said."""
    text = render_summary([large_report(*size)], problems=[PROBLEM] * 2000, artifact=LINK, limit=limit)
    assert len(text.encode()) <= limit
    assert not text or "more " in text or "was cut" in text


def test_the_chart_goes_first_then_rows_then_texts() -> None:
    """With less room there is less of the same, in that order."""
    report = large_report(2000, reason="no credit " * 50)
    whole = render_summary([report])
    without_chart = render_summary([report], limit=len(whole.encode()) - 1)
    fewer_rows = render_summary([report], limit=len(without_chart.encode()) - 1)
    short = render_summary([report], limit=8_000)
    assert "```mermaid" in whole
    assert "```mermaid" not in without_chart
    assert without_chart.count("\n| ") == whole.count("\n| ")
    assert fewer_rows.count("\n| ") < without_chart.count("\n| ")
    assert "no credit " * 20 in fewer_rows
    assert "no credit " * 20 not in short


def test_many_pipelines_share_the_room() -> None:
    """Each is told of in the overview, and in short."""
    text = render_summary([large_report(100)] * 300)
    rows: Sequence[str] = [line for line in text.splitlines() if line.startswith("| `Test` |")]
    assert len(rows) == 300
    assert len(text.encode()) <= 1_000_000


def test_what_is_too_much_is_counted() -> None:
    """A reader learns how many problems are not shown."""
    lines = list(problems_section([PROBLEM] * 12, Detail(chart=False, rows=5, text=40, name=40)))
    assert lines[0] == "## ❌ 12 errors in the pipeline file"
    assert lines[-1] == "And 7 more in the log."


def test_of_several_pipelines_the_failed_come_first() -> None:
    """In the table and below it; those that ended alike keep their order."""
    good, bad = summarise(guide_run(), OUT), summarise(mixed_run(), OUT)
    names = ("a", "b", "c", "d")
    runs = [replace(run, pipeline=name) for run, name in zip((good, bad, good, bad), names, strict=True)]
    heads = [line for line in render_summary(runs).splitlines() if line.startswith("## ")][1:]
    assert [head.split("`")[1] for head in heads] == ["b", "d", "a", "c"]
