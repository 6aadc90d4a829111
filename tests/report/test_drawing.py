"""Timelines can be drawn as they are, at five steps and at thousands."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from acp_action.report import drawing
from acp_action.report.summarise import summarise
from acp_action.report.svg import render_svg
from acp_action.report.views import draw_lanes, draw_rows
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.runs import OUT, any_forgery, any_run, mixed_run
from tests.report.showcase import failed_run

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.engine.result import RunResult
    from acp_action.report.drawing import Drawing
    from acp_action.report.model import RunReport

ROUNDING = 0.0011
"""Percent; three decimals are written."""


def number(percent: str) -> float:
    """Percent as a number."""
    return float(percent.removesuffix("%"))


def check_apart(found: Drawing) -> None:
    """No two marks of a lane or row overlap, and all lie within the drawing."""
    by_row: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for entry in found.entries:
        for mark in entry.marks:
            by_row[mark.y].append((number(mark.x), number(mark.x) + number(mark.width)))
            assert 0 < mark.y < mark.y + mark.height <= found.height
    for row in by_row.values():
        assert all(end <= 100 + ROUNDING for _, end in row)
        assert all(a[1] <= b[0] + 2 * ROUNDING for a, b in pairwise(sorted(row)))


@given(any_run())
def test_marks_never_overlap_and_lie_within_the_drawing(run: RunResult) -> None:
    """By worker and by step, with the bars too that are widened to be seen."""
    report = summarise(run, OUT)
    check_apart(draw_lanes(report))
    check_apart(draw_rows(report))


@given(any_forgery())
def test_forged_times_are_drawn_within_the_drawing(report: RunReport) -> None:
    """Whatever they are, and on a lane apart; rows are what a forger makes of them."""
    check_apart(draw_lanes(report))
    for found in (draw_lanes(report), draw_rows(report)):
        drawn = [(mark.x, mark.width) for entry in found.entries for mark in entry.marks]
        drawn += [(group.x, width) for group in found.groups for width in (group.width, group.room)]
        assert all(0 <= number(part) <= 100 for pair in drawn for part in pair)


def test_a_bar_says_what_happened() -> None:
    """Which attempt, when, and why it was not the last; the critical path is marked."""
    found = draw_lanes(summarise(mixed_run(), OUT))
    titles = [entry.title for entry in found.entries]
    assert titles[:2] == [
        "base, attempt 1 of 2: 0.0s to 0.5s, transient",
        "base, attempt 2 of 2: 0.8s to 1.8s, succeeded",
    ]
    assert "broken: 1.8s to 2.1s, failed: no credit: " in titles
    assert [entry.marks[0].kind for entry in found.entries] == ["again", "done", "bad", "done"]
    assert [entry.critical for entry in found.entries] == [True, True, False, True]


def test_a_row_says_what_was_waited_for() -> None:
    """In the order of the waits, with how it ended."""
    found = draw_rows(summarise(mixed_run(), OUT))
    assert [label.text for label in found.labels] == ["base", "look", "broken"]
    assert found.entries[0].title == "base: 1.5s of service, waited 0.2s in back-off; succeeded at 1.8s"
    assert [mark.kind for mark in found.entries[1].marks] == ["inputs", "throttle", "service"]
    assert found.entries[2].marks[-1].kind == "bad"


def test_a_row_tells_attempts_apart_as_a_lane_does() -> None:
    """One that was tried again, one that was stopped and one that failed are not shown as work."""
    traces = [Trace((("refused", 1.0), ("done", 1.0))), Trace((("stopped", 1.0),)), Trace((("fatal", 1.0),))]
    report = summarise(carry_out(a_plan([a_step(i, f"s{i}") for i in range(3)]), traces), OUT)
    rows = [[mark.kind for mark in entry.marks] for entry in draw_rows(report).entries]
    assert rows == [["again", "service"], ["stopped"], ["bad"]]


def test_no_key_of_a_legend_sticks_out(tmp_path: Path) -> None:
    """Of a run with every kind of mark it takes several lines, which lie within the picture."""
    text = render_svg(summarise(failed_run(tmp_path), tmp_path))
    height = float(re.findall(r'<svg [^>]*height="(\d+)"', text)[0])
    keys = re.findall(r'<svg x="(\d+)" y="(\d+)" width="240".*?<text[^>]*>([^<]*)<', text)
    assert len({y for _, y, _ in keys}) == 2
    assert all(int(y) + 16 < height and int(x) + 20 + 7 * len(words) <= 940 for x, y, words in keys)


def test_no_mark_of_the_axis_sticks_out() -> None:
    """The first stands behind its line, one at the end before it."""
    run = carry_out(a_plan([a_step(0, "a")]), [Trace((("done", 6.0),))])
    points = draw_lanes(summarise(run, OUT)).points
    assert [(p.label, p.anchor) for p in (points[0], points[1], points[-1])] == [
        ("0", "start"), ("1s", "middle"), ("6s", "end"),
    ]  # fmt: skip


def test_of_too_many_steps_those_that_matter_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures, then the longest; how many are missing is told."""
    monkeypatch.setattr(drawing, "MOST", 3)
    traces = [Trace((("done", 1.0 + i),)) for i in range(6)]
    traces[0] = Trace((("fatal", 0.5),))
    report = summarise(carry_out(a_plan([a_step(i, f"s{i}") for i in range(6)]), traces, workers=6), OUT)
    for found in (draw_lanes(report), draw_rows(report)):
        assert [entry.step for entry in found.entries] == [0, 4, 5]
        assert found.left_out == 3


def test_a_run_of_nothing_is_drawn() -> None:
    """No step, no length, no division by it."""
    report = summarise(carry_out(a_plan([]), []), OUT)
    assert draw_lanes(report).entries == draw_rows(report).entries == ()


@pytest.mark.parametrize("steps", [5, 100, 300, 1000])
def test_a_thousand_steps_fit_a_page(steps: int) -> None:
    """Rows get thinner, names go, and the bars stay."""
    run = carry_out(a_plan([a_step(i, f"s{i}") for i in range(steps)]), [Trace()] * steps, workers=8)
    found = draw_rows(summarise(run, OUT))
    assert len(found.entries) == steps
    assert found.height < 2100
    assert bool(found.labels) == (steps <= 60)
    check_apart(found)


def test_the_guides_group_is_four_lanes() -> None:
    """Four workers, a bracket over all of them."""
    found = draw_lanes(summarise(guide_run(), OUT))
    assert [label.text for label in found.labels] == ["worker 1", "worker 2", "worker 3", "worker 4"]
    assert [(group.label, group.x, group.width) for group in found.groups] == [("batch_images", "0%", "100%")]
    assert [entry.marks[0].width for entry in found.entries] == ["82.143%", "96.429%", "89.286%", "100%"]
