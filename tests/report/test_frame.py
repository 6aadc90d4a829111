"""The axis has few round marks, and brackets of groups stay apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.report.frame import brackets, ticks
from acp_action.report.summarise import summarise
from tests.fakes import guide_run
from tests.report.runs import OUT


@given(st.floats(0, 1e9), st.integers(2, 12))
def test_marks_are_few_and_within_the_run(whole: float, most: int) -> None:
    """From 0 on, at equal distances, none beyond the end, no two of the same name."""
    found = ticks(whole, most)
    assert found[0].at == 0.0
    assert len(found) <= most
    assert found[-1].at <= whole * (1 + 1e-9) or len(found) == 1
    gaps = [b.at - a.at for a, b in pairwise(found)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps)) if gaps else True
    assert len({tick.label for tick in found}) == len(found)


@pytest.mark.parametrize(
    ("whole", "labels"),
    [
        (0.03, ["0", "0.005s", "0.01s", "0.015s", "0.02s", "0.025s", "0.03s"]),
        (12.9, ["0", "2s", "4s", "6s", "8s", "10s", "12s"]),
        (100.0, ["0", "15s", "30s", "45s", "1m", "1m15s", "1m30s"]),
        (3600.0, ["0", "10m", "20m", "30m", "40m", "50m", "1h"]),
        (30_000.0, ["0", "2h", "4h", "6h", "8h"]),
    ],
)
def test_marks_are_round(whole: float, labels: list[str]) -> None:
    """In the unit that a person would count in."""
    assert [tick.label for tick in ticks(whole)] == labels


@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10), st.integers(-1, 5), st.booleans()), max_size=12)
)
def test_brackets_of_a_row_never_overlap(drawn: list[tuple[float, float, int, bool]]) -> None:
    """Whatever groups there are, and a group stands below the one around it."""
    (group,) = summarise(guide_run(), OUT).groups
    groups = tuple(
        replace(group, name=f"g{i}", parent=f"g{parent}" if parent < i else "", started=start,
                duration=length, line="began" if began else "")
        for i, (start, length, parent, began) in enumerate(drawn)
    )  # fmt: skip
    found = brackets(replace(summarise(guide_run(), OUT), groups=groups))
    for level in {bracket.level for bracket in found}:
        row = sorted((b for b in found if b.level == level), key=lambda b: (b.start, b.end))
        assert all(a.end <= b.start for a, b in pairwise(row))
    assert {bracket.group for bracket in found} <= {group.name for group in groups if group.line}
