"""What a step is, and what it cost, that was under way when its run was killed."""

from __future__ import annotations

from typing import Any

import pytest

from acp_action.engine.paper import Kept, Sheet, line_of
from acp_action.report.cut_short import OpenStep, cut_short
from tests.fakes import a_step

SINCE = "2025-01-01T12:00:00.000Z"
INTENDED = {"do": "intended", "cost": 0.05}
ACCEPTED = {"do": "accepted", "id": "7", "urls": {}, "begun": True}


def fetched(at: str) -> dict[str, Any]:
    """A result that is kept, for 4 cents."""
    return {**line_of(Kept("text", text="a", cost=0.04)), "at": at}


def cost_of(*lines: dict[str, Any], tried: bool = False, **changes: Any) -> float | None:
    """What is told of a step with these lines on its page."""
    step, sheet = a_step(0, "a", provider="fal")._replace(**changes), Sheet()
    for line in lines:
        sheet.apply(line, here=False)
    track = OpenStep()
    track.started(1, 0, 1.0)
    if tried:
        track.parked(1, "retry", "the line was cut", 2.0)
        track.started(2, 0, 3.0)
    return cut_short(step, track, sheet, "was killed", SINCE).cost


@pytest.mark.parametrize(
    ("lines", "cost"),
    [
        ([], 0.0),
        ([INTENDED, {"do": "withdrawn", "reason": "no"}], 0.0),
        ([INTENDED, ACCEPTED], None),
        ([INTENDED], None),
        ([INTENDED, ACCEPTED, fetched("2025-01-01T12:00:00.000Z")], 0.04),
        ([INTENDED, ACCEPTED, fetched("2025-01-01T11:59:59.999Z")], 0.0),
    ],
)
def test_what_it_cost_is_on_its_page(lines: list[dict[str, Any]], cost: float | None) -> None:
    """Nothing before it was ordered, the price of what was made; what an earlier run made was paid then."""
    assert cost_of(*lines) == cost


def test_what_may_be_made_twice_may_have_been_billed_before() -> None:
    """An attempt that broke off is nothing to be sure of then."""
    assert cost_of(tried=True) == 0.0
    assert cost_of(tried=True, max_duplicate_cost=0.1) is None
