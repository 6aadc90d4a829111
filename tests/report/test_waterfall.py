"""What a step waited for is where it can have been, and adds up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.result import Attempt, Waits
from acp_action.report.summarise import summarise
from acp_action.report.timeline import span
from acp_action.report.waterfall import Piece, rows
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.runs import OUT, any_run

if TYPE_CHECKING:
    from acp_action.engine.result import RunResult

KINDS = ("inputs", "worker", "throttle", "backoff", "processor", "service")


@given(any_run())
def test_pieces_never_overlap_and_lie_within_the_run(run: RunResult) -> None:
    """In a row each piece begins where the one before ended, the first at the start of the run."""
    report = summarise(run, OUT)
    for row in rows(report):
        assert all(0 <= piece.start < piece.end <= span(report) + 1e-6 for piece in row.pieces)
        assert not row.pieces or row.pieces[0].start == 0.0
        assert all(b.start == pytest.approx(a.end, abs=1e-5) for a, b in pairwise(row.pieces))


@given(any_run())
def test_pieces_add_up_to_the_reported_waits_and_service(run: RunResult) -> None:
    """For each step and each kind; a step that was not carried out has none."""
    for row in rows(summarise(run, OUT)):
        for kind in KINDS:
            drawn = sum(piece.end - piece.start for piece in row.pieces if piece.kind == kind)
            told = getattr(row.step.split, kind) if row.step.attempts else 0.0
            assert drawn == pytest.approx(told, abs=1e-5)


def test_a_retry_waits_where_it_happened() -> None:
    """Limit, attempt, back-off, attempt."""
    trace = Trace((("transient", 1.0), ("done", 2.0)), throttle=0.5, backoff=0.25)
    (row,) = rows(summarise(carry_out(a_plan([a_step(0, "a")]), [trace]), OUT))
    assert row.pieces == (
        Piece("throttle", 0.0, 0.5),
        Piece("service", 0.5, 1.5, "transient"),
        Piece("backoff", 1.5, 1.75),
        Piece("service", 1.75, 3.75, "done"),
    )


@given(st.floats(0, 2), st.floats(0, 2))
def test_waits_for_a_processor_lie_within_attempts(first: float, second: float) -> None:
    """They are taken from each attempt by its length."""
    run = guide_run()
    attempts = (Attempt(1, 0.0, 3.0, 0, "transient", "", first), Attempt(2, 3.0, 5.0, 0, "done", "", second))
    step = run.steps[0]._replace(attempts=attempts, waits=Waits(processor=first + second), settled=5.0)
    report = summarise(replace(run, steps=(step, *run.steps[1:]), total_duration=5.0), OUT)
    pieces = rows(report)[0].pieces
    held = sum(piece.end - piece.start for piece in pieces if piece.kind == "processor")
    assert held == pytest.approx(first + second, abs=1e-5)
    assert pieces[-1].end == 5.0


@given(st.floats(0, 3), st.floats(0, 2))
def test_what_an_attempt_waited_in_a_queue_is_drawn_in_it(first: float, before: float) -> None:
    """As a wait for the provider's limit, before the service, besides what was waited for it here."""
    run = guide_run()
    attempt = Attempt(1, before, before + 3.0, 0, "done", queued=first)
    step = run.steps[0]._replace(
        attempts=(attempt,), waits=Waits(throttle=before + first), settled=before + 3.0
    )
    report = summarise(replace(run, steps=(step, *run.steps[1:]), total_duration=before + 3.0), OUT)
    pieces = rows(report)[0].pieces
    for kind in KINDS:
        drawn = sum(piece.end - piece.start for piece in pieces if piece.kind == kind)
        assert drawn == pytest.approx(getattr(report.steps[0].split, kind), abs=1e-5)
    assert all(a.end <= b.start for a, b in pairwise(pieces))
