"""The timeline's bars can be drawn as they are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from acp_action.report.summarise import summarise
from acp_action.report.timeline import Bar, Lane, lanes, span
from tests.fakes import guide_run
from tests.report.runs import OUT, any_forgery, any_run

if TYPE_CHECKING:
    from acp_action.engine.result import RunResult
    from acp_action.report.model import RunReport


def test_the_guides_group_is_four_lanes() -> None:
    """One bar for each of four workers."""
    report = summarise(guide_run(), OUT)
    assert lanes(report)[3] == Lane(3, (Bar("image_4", 1, 0.0, 2.8, "done"),))
    assert span(report) == 2.8


@given(any_run())
def test_bars_never_overlap_and_lie_within_the_run(run: RunResult) -> None:
    """In a lane each bar begins where or after the one before ended, and ends within the run."""
    report = summarise(run, OUT)
    for lane in lanes(report):
        assert all(a.end <= b.start for a, b in pairwise(lane.bars))
        assert all(0 <= bar.start <= bar.end <= span(report) for bar in lane.bars)
    assert span(report) == report.total_duration


@given(any_forgery())
def test_bars_that_cannot_be_one_workers_are_on_lanes_of_their_own(report: RunReport) -> None:
    """However much they overlap, none is drawn over another, and none is left out."""
    found = lanes(report)
    assert all(a.end <= b.start for lane in found for a, b in pairwise(lane.bars))
    assert sum(len(lane.bars) for lane in found) == sum(len(step.attempts) for step in report.steps)


@given(any_run())
def test_bars_add_up_to_the_reported_service(run: RunResult) -> None:
    """Every attempt is one bar, on the lane of its worker."""
    report = summarise(run, OUT)
    drawn = [bar for lane in lanes(report) for bar in lane.bars]
    assert len(drawn) == sum(len(step.attempts) for step in report.steps)
    assert sum(bar.end - bar.start for bar in drawn) == pytest.approx(report.waits.service, abs=1e-4)
    assert len({lane.worker for lane in lanes(report)}) == len(lanes(report))


def test_attempts_that_were_given_up_get_lanes_of_their_own() -> None:
    """They have no worker, may overlap, and come last; the drawing reaches to the end of the last."""
    run = guide_run()
    steps = [s._replace(attempts=(s.attempts[0]._replace(worker=-1),)) for s in run.steps[:2]]
    report = summarise(replace(run, steps=(*steps, *run.steps[2:]), total_duration=2.0), OUT)
    assert [lane.worker for lane in lanes(report)] == [2, 3, -1, -1]
    assert span(report) == 2.8
