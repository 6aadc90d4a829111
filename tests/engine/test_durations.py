"""Expected durations: what is known, what is learnt, and what hangs on each step."""

from __future__ import annotations

from acp_action.engine.durations import Expectations
from acp_action.engine.forecast import forecast
from acp_action.engine.scopes import capacity
from tests.engine.plans import Spec, group_of, plan_of


def test_remaining_is_the_longest_way_to_the_end() -> None:
    """Own time plus the longest of what follows, by data or by order."""
    specs = [Spec("a", expected=1.0), Spec("b", data=[0], expected=2.0), Spec("c", after=[0], expected=5.0)]
    assert Expectations(plan_of(specs)).remaining == [6.0, 2.0, 5.0]


def test_in_file_order_nothing_is_ranked() -> None:
    """Without parallelism the file decides."""
    specs = [Spec("a", expected=1.0), Spec("b", data=[0], expected=2.0)]
    assert Expectations(plan_of(specs), by_file_order=True).remaining == [0.0, 0.0]


def test_the_first_word_on_a_model_ranks_anew() -> None:
    """One finished step tells of all of its kind."""
    specs = [Spec("a", provider="x"), Spec("b", provider="x"), Spec("c", expected=3.0)]
    expectations = Expectations(plan_of(specs))
    assert expectations.learn(0, 9.0)
    assert (expectations.expected(1), expectations.remaining[1]) == (9.0, 9.0)


def test_a_known_duration_is_not_unlearnt() -> None:
    """What the plan says of a step stays."""
    expectations = Expectations(plan_of([Spec("a", expected=3.0), Spec("b")]))
    assert not expectations.learn(0, 9.0)
    assert expectations.expected(0) == 3.0


def test_small_changes_do_not_rank_anew() -> None:
    """Under a fifth the order is left alone."""
    specs = [Spec(f"s{n}") for n in range(9)] + [Spec("known", expected=1.0)]
    expectations = Expectations(plan_of(specs))
    assert expectations.learn(0, 2.0)
    assert not any(expectations.learn(n, 2.1) for n in range(1, 9))
    assert expectations.expected(8) == 2.0


def test_one_kind_alone_is_never_ranked_anew() -> None:
    """With all alike no estimate changes who goes first."""
    expectations = Expectations(plan_of([Spec("a"), Spec("b")]))
    assert not expectations.learn(0, 9.0)


def test_very_short_steps_are_handed_out_several_at_a_time() -> None:
    """Only after four of them, and never for what takes as long as a call over a network."""
    expectations = Expectations(plan_of([Spec(f"s{n}") for n in range(9)]))
    for number in range(3):
        expectations.learn(number, 0.00001)
    assert (expectations.at_hand, expectations.brief) == ([1], [False])
    expectations.learn(3, 0.00001)
    assert (expectations.at_hand, expectations.brief) == ([64], [True])
    slow = Expectations(plan_of([Spec(f"s{n}") for n in range(9)]))
    for number in range(8):
        slow.learn(number, 0.05)
    assert (slow.at_hand, slow.brief) == ([1], [False])


def test_capacity_is_what_caps_and_order_make_possible() -> None:
    """Groups of an ordered file never overlap; in dataflow they add up; a cap is a cap."""
    groups = [group_of(0, [0, 1], max_workers=2), group_of(1, [2, 3, 4], max_workers=2)]
    specs = [
        *[Spec(f"a{n}", group=0) for n in range(2)],
        *[Spec(f"b{n}", group=1) for n in range(3)],
        Spec("x"),
    ]
    assert capacity(plan_of(specs, groups, schedule="ordered")) == 2
    assert capacity(plan_of(specs, groups)) == 5
    assert capacity(plan_of(specs, groups, worker_cap=3)) == 3
    assert capacity(plan_of(specs, groups, parallel=False)) == 1
    assert capacity(plan_of([])) == 1


def test_a_forecast_plays_the_real_scheduler() -> None:
    """Order, starts and times come out as a run of these durations would give them."""
    specs = [Spec("short", expected=1.0), Spec("long", expected=4.0), Spec("after", data=[0])]
    expected = forecast(plan_of(specs, worker_cap=1))
    assert expected.order == ("long", "short", "after")
    assert (expected.starts["after"], expected.duration, expected.sequential) == (5.0, 6.0, 6.0)
    assert expected.unknown == 1
