"""How much longer a run takes, from what is known so far."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from acp_action.config.cascade import Effective
from acp_action.progress.outlook import Outlook
from tests.fakes import a_plan, a_step


def outlook(expected: list[float | None], needs: Any = None, group: int = 0, **settings: Any) -> Outlook:
    """Steps of a group of four workers (or at top level), named ``s0``, ``s1`` and so on."""
    steps = [a_step(i, f"s{i}", expected=seconds, group=group) for i, seconds in enumerate(expected)]
    return Outlook(a_plan(steps, needs, settings=Effective(**settings)))


def waiting(_name: str) -> tuple[str, float]:
    """Nothing has begun."""
    return "waiting", 0.0


def test_a_group_takes_its_work_shared_by_its_workers() -> None:
    """Eight steps of 3 s on four workers: 6 s."""
    assert outlook([3.0] * 8).left(waiting) == pytest.approx(6.0)


def test_a_chain_takes_as_long_as_all_its_steps() -> None:
    """No number of workers makes steps faster that need each other."""
    assert outlook([3.0] * 3, [(), (0,), (1,)]).left(waiting) == pytest.approx(9.0)


def test_in_file_order_entries_add_up() -> None:
    """Steps at top level run one after another."""
    assert outlook([3.0] * 3, group=-1).left(waiting) == pytest.approx(9.0)
    assert outlook([3.0] * 3, group=-1, schedule="dataflow").left(waiting) == pytest.approx(3.0)


def test_a_cap_on_the_run_counts() -> None:
    """With --max-workers 2 a group of four has two."""
    assert outlook([3.0] * 8, worker_cap=2).left(waiting) == pytest.approx(12.0)


def test_to_look_changes_nothing() -> None:
    """Another thread looks while this one takes notes: what it puts in could overwrite them."""
    found = outlook([3.0] * 2)
    before = {name: copy.copy(value) for name, value in vars(found).items()}
    assert found.left(waiting, 5.0) is not None
    assert vars(found) == before


def test_while_nothing_is_known_nothing_is_said() -> None:
    """Of unknown models there is no guess until one step of any kind has finished."""
    found = outlook([None] * 4)
    assert found.left(waiting) is None
    found.learn("s0", 2.0)
    assert found.left(waiting) == pytest.approx(2.0)


def test_what_runs_counts_for_what_is_left_of_it() -> None:
    """A step near its end still counts for a tenth of its time, and one that is late for more and more."""
    found = outlook([10.0])
    assert found.left(lambda _: ("running", 4.0)) == pytest.approx(6.0)
    assert found.left(lambda _: ("running", 11.0)) == pytest.approx(1.0)
    assert found.left(lambda _: ("running", 40.0)) == pytest.approx(15.0)
    assert found.left(lambda _: ("failed", 40.0)) == 0.0


def test_what_others_of_its_kind_took_corrects_what_is_expected() -> None:
    """The more of them, the more it counts: the catalogue's figure is one voice."""
    found = outlook([10.0] * 5)
    assert found.expected("s4") == pytest.approx(10.0)
    found.learn("s0", 2.0)
    assert found.expected("s4") == pytest.approx(6.0)
    for name in ("s1", "s2", "s3"):
        found.learn(name, 2.0)
    assert found.expected("s4") == pytest.approx((10.0 + 4 * 2.0) / 5)


def test_steps_that_differ_are_corrected_in_proportion() -> None:
    """Where one takes half of what was expected of it, another of its kind may, too."""
    found = outlook([10.0, 40.0])
    found.learn("s0", 5.0)
    assert found.expected("s1") == pytest.approx(40.0 * 45 / 50)


def test_what_is_tried_again_later_takes_longer() -> None:
    """A parked step begins anew, and not before its time."""
    assert outlook([3.0]).left(lambda _: ("parked", 8.0)) == pytest.approx(11.0)


def test_the_pace_of_a_limit_counts_once_it_has_held_steps() -> None:
    """Two steps in ten seconds, twenty to go: a hundred seconds, whatever the workers could do."""
    found = outlook([1.0] * 20)
    for at in (0.0, 1.0, 2.0):
        found.began("fal", at)
    found.refused("fal")
    assert found.left(waiting, 10.0) == pytest.approx(5.0)
    found.held("fal")
    assert found.left(waiting, 10.0) == pytest.approx(100.0)


def test_a_queue_at_the_provider_counts_once_steps_wait_there() -> None:
    """It works on two at once: ten seconds for twenty steps of one, though all of them are under way."""
    found = outlook([1.0] * 20)
    assert found.left(lambda _: ("running", 0.0)) == pytest.approx(5.0)
    found.queued("fal", 1)
    found.queued("fal", 2)
    assert found.left(lambda _: ("running", 0.0)) == pytest.approx(10.0)
