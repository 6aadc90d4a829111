"""The chart is one that Mermaid reads, whatever the run was (S21)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from acp_action.github.gantt import BARS, clean_name, render_gantt
from acp_action.report.summarise import summarise
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.runs import EVIL, OUT, any_run, mixed_run

if TYPE_CHECKING:
    from acp_action.engine.result import RunResult
    from acp_action.report.model import RunReport

NAME = r"[^:;#%\n\r`{}<>\"@|\[\]\\]{1,40}"
LINE = re.compile(
    rf"  section (?P<section>{NAME})|    (?P<name>[✓✗↻■] {NAME}) :(?P<tags>(?:crit, |active, )*)"
    r"(?P<start>\d+), (?P<end>\d+)"
)


def bars(chart: str) -> list[re.Match[str]]:
    """The bars of a chart, after a look that it holds sections and bars and nothing else."""
    init, head, zone, axis, *lines = chart.splitlines()
    assert re.fullmatch(r"%%\{init: \{'gantt': \{'leftPadding': \d{2,3}\}\}\}%%", init)
    assert (head, zone) == ("gantt", "  dateFormat x")
    assert axis in ("  axisFormat %-S.%Ls", "  axisFormat %H:%M:%S")
    found = [match for line in lines if (match := LINE.fullmatch(line))]
    assert len(found) == len(lines)
    assert found[0]["section"]
    return [match for match in found if match["name"]]


def report_of(count: int, name: str = "step", seconds: float = 1.0) -> RunReport:
    """A run of many steps, one of which failed."""
    steps = [a_step(i, f"{name}_{i}", group=0, number=i + 1, total=count) for i in range(count)]
    traces = [Trace((("fatal" if i == count - 1 else "done", seconds),)) for i in range(count)]
    return summarise(carry_out(a_plan(steps), traces), OUT)


def test_the_guides_run_reads_as_agreed() -> None:
    """Four bars at once; the longest is the critical path."""
    assert render_gantt(summarise(guide_run(), OUT)) == (
        "%%{init: {'gantt': {'leftPadding': 126}}}%%\n"
        "gantt\n  dateFormat x\n  axisFormat %-S.%Ls\n  section batch_images\n"
        "    ✓ image_1 :0, 2300\n    ✓ image_3 :0, 2500\n    ✓ image_2 :0, 2700\n"
        "    ✓ image_4 :crit, 0, 2800\n"
    )


def test_failures_and_further_attempts_are_marked() -> None:
    """Each attempt is a bar of its own with a sign that says how it ended."""
    names = [bar["name"] for bar in bars(render_gantt(summarise(mixed_run(), OUT)))]
    assert names == ["↻ base (attempt 1)", "✓ base (attempt 2)", "✗ broken", "✓ look"]


@given(any_run())
def test_any_run_is_a_chart_mermaid_reads(run: RunResult) -> None:
    """A bar for each attempt, none without width; nothing tried, no chart."""
    report = summarise(run, OUT)
    attempts = [attempt for step in report.steps for attempt in step.attempts]
    chart = render_gantt(report)
    assert len(bars(chart)) == len(attempts) if attempts else chart == ""
    assert all(int(bar["end"]) > int(bar["start"]) for bar in (bars(chart) if chart else []))


@given(st.text() | st.lists(st.sampled_from([*":;#%{}`\n\r <>", "gantt", "section ", "a"])).map("".join))
@example("gantt")
@example("title x")
@example("2024-01-02")
@example(EVIL)
@example("\0")
def test_a_name_holds_nothing_of_the_language(text: str) -> None:
    """Never empty, at most 40 characters, and doing it again changes nothing."""
    name = clean_name(text)
    assert re.fullmatch(NAME, name)
    assert name == name.strip()
    assert clean_name(name.rstrip("…")) == name.rstrip("…") or name.endswith("…")


def test_hostile_names_leave_a_chart() -> None:
    """Attack in names of steps, groups and the pipeline; the chart has as many bars as without."""
    report = summarise(mixed_run(EVIL), OUT)
    assert len(bars(render_gantt(report))) == 4


def test_of_many_bars_those_that_matter_are_kept() -> None:
    """The failure is there although it came last, and the chart stays within what can be looked at."""
    found = bars(render_gantt(report_of(5000)))
    assert len(found) == BARS
    assert any(bar["name"].startswith("✗") for bar in found)


def test_a_chart_stays_within_its_limit() -> None:
    """Counted as JavaScript counts, where a character beyond the basic plane is two."""
    report = report_of(200, "𝔄" * 60)
    for limit in (50_000, 3_000, 400):
        chart = render_gantt(report, limit)
        assert 0 < len(chart.encode("utf-16-le")) // 2 <= limit
        assert any(bar["name"].startswith("✗") for bar in bars(chart))
    assert render_gantt(report, 50) == ""


def test_a_long_run_is_drawn_by_the_time_of_day() -> None:
    """From a minute on; a time that cannot be read, from midnight."""
    report = report_of(2, seconds=90.0)
    assert bars(render_gantt(report))[0]["start"] == "1760000000000"
    assert bars(render_gantt(replace(report, started=EVIL)))[0]["start"] == "0"
