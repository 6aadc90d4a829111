"""A run as bars of text: every step at its time, whatever its length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.simulation import UNLIMITED, Circumstances, simulate_run
from acp_action.report.bars import draw_bars
from acp_action.report.cells import cells
from acp_action.report.summarise import summarise
from tests.engine.plans import Spec, plan_of

EXACT = Circumstances(limits={"fake": UNLIMITED}, spread=0.0)


def bars(*seconds: float, cap: int = 1, width: int = 10, name: str = "s") -> list[str]:
    """The bars of steps of these lengths."""
    specs = [Spec(f"{name}{n}", expected=took) for n, took in enumerate(seconds)]
    run = simulate_run(plan_of(specs, worker_cap=cap), circumstances=EXACT)
    return draw_bars(summarise(run), width)


def test_work_and_waiting_stand_at_their_times() -> None:
    """The longer one goes first; the other is ready from the start and waits for the worker."""
    assert bars(4.0, 6.0) == ["  s0 |......====| 6.0s to 10.0s", "  s1 |======    | 0.0s to  6.0s"]


def test_a_line_is_as_long_as_was_asked_for() -> None:
    """On a terminal the bars take the room that names and times leave, within reason."""
    specs = [Spec(name, expected=12.0) for name in ("a", "灯塔", "longer")]
    run = simulate_run(plan_of(specs, worker_cap=1), circumstances=EXACT)
    for line in (60, 80):
        assert {cells(bar) for bar in draw_bars(summarise(run), line=line)} == {line}
    assert max(map(cells, draw_bars(summarise(run), line=30))) < 50
    assert max(map(cells, draw_bars(summarise(run), line=500))) < 130


def test_many_steps_are_cut() -> None:
    """What is not shown is counted."""
    drawn = bars(*[1.0] * 50, cap=50)
    assert (len(drawn), drawn[-1]) == (41, "  and 10 more steps")


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=8), st.integers(1, 4), st.integers(1, 60))
def test_no_bar_leaves_its_frame(seconds: list[float], cap: int, width: int) -> None:
    """Each is as wide as was asked for, and none is empty, however short."""
    for line in bars(*seconds, cap=cap, width=width):
        bar = line.split("|")[1]
        assert len(bar) == width
        assert "=" in bar


def test_foreign_names_stay_on_their_line() -> None:
    """A name that holds what a terminal obeys is shown letter by letter."""
    assert bars(1.0, name="\x1b[2J")[0].startswith("  \\u001b[2J0 |")
