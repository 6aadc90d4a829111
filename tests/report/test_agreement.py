"""report.md, the job summary and report.html tell the same figures, letter by letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from acp_action.github.summary import render_summary
from acp_action.report.html.page import render_html
from acp_action.report.markdown import render_markdown
from acp_action.report.summarise import summarise
from tests.fakes import guide_run
from tests.report.pages import Page
from tests.report.runs import OUT, any_run, mixed_run
from tests.report.showcase import failed_run

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.engine.result import RunResult
    from acp_action.report.model import RunReport

PARSER = MarkdownIt("gfm-like", {"linkify": False})


def seen(markdown: str) -> str:
    """What a reader of Markdown sees, white space made one space."""
    parts = [
        child.content if child.type in ("text", "code_inline") else " "
        for token in PARSER.parse(markdown)
        for child in (*(token.children or []), token)
        if child.type in ("text", "code_inline") or child is token
    ]
    return re.sub(r"\s+", " ", "".join(parts))


def table(markdown: str, head: str) -> list[list[str]]:
    """The cells of the first table under these words, without their dress."""
    lines = iter(markdown.partition(head)[2].splitlines())
    rows = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
        elif rows:
            break
    return rows[2:]


def disagreements(report: RunReport) -> list[str]:
    """What the Markdown says and page or summary do not, in the same letters."""
    markdown, summary = render_markdown(report), seen(render_summary([report]))
    page, text = Page(render_html(report)).text, seen(markdown)
    figures = table(markdown, "What limited it")
    assert len(figures) == 14
    counts = text.partition("): ")[2].partition(". What limited")[0]
    headline = re.search(r"\*\*(.*?)\*\* \(vs (.*?) sequential, \*\*(.*?)\*\*\)", markdown)
    assert headline
    total, sequential, speedup = headline.groups()
    limit = text.partition("What limited it: ")[2].partition(" Figure ")[0].strip()
    cost = next(value for name, value in figures if name == "Cost")
    lines = [group.line for group in report.groups if group.line]
    on_page = [
        *(f"{name} {value}" for name, value in figures),
        *(counts, f"Total time {total} vs {sequential} sequential", f"Speedup {speedup} "),
        *(f"What limited it {limit}", cost, *lines),
    ]
    in_summary = [counts, total, sequential, speedup, cost, *lines]
    return [
        *(f"page: {words}" for words in on_page if words not in page),
        *(f"summary: {words}" for words in in_summary if words not in summary),
        *(f"Markdown: {line}" for line in lines if line not in text),
    ]


@pytest.mark.parametrize("name", ["guide", "mixed", "preview", "failed"])
def test_the_same_figures_are_told_everywhere(name: str, tmp_path: Path) -> None:
    """Totals, waits, cost, counts, groups and what limited the run."""
    runs = {
        "guide": guide_run(),
        "mixed": mixed_run(),
        "preview": guide_run(preview=True),
        "failed": failed_run(tmp_path),
    }
    assert disagreements(summarise(runs[name], OUT)) == []


@settings(max_examples=15)
@given(any_run())
def test_the_same_figures_are_told_of_any_run(run: RunResult) -> None:
    """Also of one that failed, waited or did nothing."""
    assert disagreements(summarise(run, OUT)) == []


def test_steps_are_told_alike(tmp_path: Path) -> None:
    """Status, seconds of service and files of every step."""
    report = summarise(failed_run(tmp_path), tmp_path)
    cards = Page(render_html(report, None, tmp_path)).cards
    rows = {row[0]: row for row in table(render_markdown(report), "## Steps")}
    for place, step in enumerate(report.steps):
        name, status, model, provider, service, *_, outcome = rows[step.name]
        card = cards[f"s{place}"]
        assert all(text in card for text in (name, model, provider, outcome))
        assert status in card or status == "succeeded"
        assert service in card or not step.attempts
