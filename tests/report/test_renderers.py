"""Reports read well, and hold nothing from outside that acts (S19, S21, S23, I31)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from acp_action.report import markdown
from acp_action.report.markdown import render_markdown
from acp_action.report.summarise import summarise
from acp_action.report.text import render_text
from acp_action.report.wording import mend_words, setting_words
from acp_action.store.strict_json import to_json
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.golden import check
from tests.report.runs import EVIL, OUT, mixed_run

if TYPE_CHECKING:
    from markdown_it.token import Token

    from acp_action.report.model import RunReport, SettingValue

PARSER = MarkdownIt("gfm-like", {"linkify": False})


def evil_report() -> RunReport:
    """A report with an attack in every text that can come from outside."""
    report = summarise(replace(mixed_run(EVIL), stopped=EVIL), OUT)
    return replace(report, started=EVIL, status=EVIL, limit=f"limit {EVIL}")


def inline(text: str) -> list[Token]:
    """All tokens within the paragraphs, headings, cells and items of a document."""
    return [child for token in PARSER.parse(text) for child in token.children or []]


@pytest.mark.parametrize("name", ["guide", "mixed", "preview"])
def test_reports_read_as_agreed(name: str) -> None:
    """Markdown, JSON and the terminal's text are as in ``tests/golden``."""
    run = {"guide": guide_run(), "mixed": mixed_run(), "preview": guide_run(preview=True)}[name]
    report = summarise(run, OUT)
    check(f"{name}.md", render_markdown(report))
    check(f"{name}.txt", render_text(report))
    check(f"{name}.json", to_json(report.to_dict()).decode())


def test_foreign_text_makes_no_link_image_or_html() -> None:
    """The parsed report holds text and code, our own emphasis, and nothing else."""
    kinds = {token.type for token in inline(render_markdown(evil_report()))}
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    blocks = {token.type for token in PARSER.parse(render_markdown(evil_report()))}
    assert blocks.isdisjoint({"html_block", "fence", "code_block", "hr", "reference"})


def test_foreign_text_mentions_nobody() -> None:
    """Whatever GitHub would make a mention or reference of stands in code."""
    outside = " ".join(t.content for t in inline(render_markdown(evil_report())) if t.type == "text")
    assert not set(outside) & set("@#[]<>!\\\x1b\u202e")


def test_foreign_text_breaks_no_table() -> None:
    """Every row has as many cells with the attack as without, and so have the lists."""

    def shape(report: RunReport) -> list[str]:
        return [t.type for t in PARSER.parse(render_markdown(report)) if t.type != "inline"]

    quiet = summarise(replace(mixed_run("q"), stopped="q"), OUT)
    assert shape(evil_report()) == shape(quiet)


def test_foreign_text_is_shown_not_obeyed_on_a_terminal() -> None:
    """No escape sequence, no bidi, and no line that another text began."""
    text = render_text(evil_report())
    assert all(line.isprintable() for line in text.splitlines())
    assert text.count("\n") == render_text(replace(evil_report(), pipeline="x")).count("\n")


def test_the_json_is_strict() -> None:
    """Every parser takes it, with the attack in it as it was."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    value = json.loads(to_json(evil_report().to_dict()), parse_constant=refuse)
    assert value["schema"] == "acp-report/1"
    assert value["steps"][0]["name"] == "base" + EVIL


def test_failures_come_first() -> None:
    """In the table of steps what went wrong is on top, then what never ran."""
    rows = render_markdown(summarise(mixed_run(), OUT)).partition("## Steps")[2].splitlines()
    assert [row.split("`")[1] for row in rows[4:9]] == ["broken", "follower", "off", "base", "look"]


def test_a_long_table_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the report points to report.json."""
    monkeypatch.setattr(markdown, "ROWS", 2)
    text = render_markdown(summarise(guide_run(), OUT))
    assert "And 2 more in report.json." in text
    assert "`image_3`" not in text.partition("## Steps")[2]
    chain = carry_out(a_plan([a_step(i, f"s{i}") for i in range(3)], [(), (0,), (1,)]), [Trace()] * 3)
    assert "And 1 more in report.json." in render_markdown(summarise(chain, OUT)).partition("## Critical")[2]


def test_many_troubles_are_counted_on_a_terminal() -> None:
    """Twenty reasons are told, the rest are a number."""
    steps = [a_step(i, f"s{i}") for i in range(23)]
    traces = [Trace((("fatal", 1.0),), reason=f"why {i}") for i in range(23)]
    report = summarise(carry_out(a_plan(steps), traces), OUT)
    assert render_text(report).count("\n  s") == 20
    assert "  and 3 more\n" in render_text(report)


def test_what_went_wrong_alike_is_told_once_on_a_terminal() -> None:
    """Fifty steps with a refused key are one line, with the first names and the reason."""
    steps = [a_step(i, f"s{i}") for i in range(50)]
    report = summarise(carry_out(a_plan(steps), [Trace((("closed", 0.1),), reason="key refused")] * 50), OUT)
    assert "\n  s0, s1, s2 and 47 more failed: key refused\n" in render_text(report)


def test_a_run_of_nothing_can_be_shown() -> None:
    """Neither renderer needs a step."""
    report = summarise(carry_out(a_plan([], name=""), []), OUT)
    assert render_markdown(report).startswith("# Pipeline succeeded\n")
    assert "no steps" in render_text(report)


@pytest.mark.parametrize(
    ("value", "words"), [(None, "null"), (True, "true"), (0.5, "0.5"), (300.0, "300"), (4, "4"), ("x", "x")]
)
def test_settings_are_told_as_the_file_says_them(value: SettingValue, words: str) -> None:
    """No Python words for YAML values."""
    assert setting_words(value) == words


def test_money_is_told_with_what_is_not_known() -> None:
    """A known sum, an unknown one, and both at once are told apart."""

    def cost(*costs: float | None) -> str:
        run = carry_out(
            a_plan([a_step(i, f"s{i}") for i in range(len(costs))]), [Trace(cost=c) for c in costs]
        )
        return render_text(summarise(run, OUT)).partition("Cost: ")[2].partition("\n")[0]

    assert cost(0.5, 0.25) == "0.75 USD"
    assert cost(0.5, 0.0125) == "0.5125 USD"
    assert cost(0.5, None) == "0.50 USD, and 1 step at an unknown price"
    assert cost(None, None) == "unknown"
    assert cost(0.0, 0.0) == "nothing was paid for"


def test_more_than_a_minute_is_not_counted_in_seconds() -> None:
    """A run of hours is told in hours; moments of a path stay seconds, to be told apart."""
    run = carry_out(a_plan([a_step(0, "a"), a_step(1, "b")]), [Trace((("done", 4000.0),))] * 2, workers=1)
    report = summarise(run, OUT)
    for text in (render_text(report), render_markdown(report)):
        assert "2 h 13 min" in text
        assert "8000.0s" not in text.partition("## Critical path")[0]


def test_a_doubtful_step_is_counted_in_words() -> None:
    """It is in doubt: nobody counts a doubt."""
    run = carry_out(a_plan([a_step(0, "a")]), [Trace((("doubt", 1.0),))])
    assert "1 in doubt" in render_text(summarise(run, OUT))
    assert "| in doubt |" in render_markdown(summarise(run, OUT))


def test_a_stop_is_not_mended_at_what_was_waited_for() -> None:
    """A step that a stop kept from running has only to be run; one whose input failed needs that first."""
    report = summarise(mixed_run(), OUT)
    skipped = report.steps[3]
    assert mend_words(skipped) == "mend what it waited for and run again"
    stopped = replace(skipped, reason="because the run was stopped: SIGTERM")
    assert mend_words(stopped).startswith("run again;")
