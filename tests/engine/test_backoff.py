"""Waits between attempts, and the clock they pass on."""

from __future__ import annotations

import random
import threading
from queue import SimpleQueue

from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.backoff import CAP, told_delay, transient_delay
from acp_action.engine.clock import SystemClock, VirtualClock


@given(st.integers(1, 10**6), st.integers())
def test_back_off_is_finite_and_within_its_cap(attempt: int, seed: int) -> None:
    """I26: whatever the attempt's number, between nothing and the cap."""
    assert 0.0 <= transient_delay(attempt, random.Random(seed)) <= CAP


@given(st.floats(0.0, 1e6), st.integers())
def test_the_servers_hint_is_kept_and_spread_upward(told: float, seed: int) -> None:
    """I26: never shorter than told, at most a second longer."""
    assert told <= told_delay(told, random.Random(seed)) <= told + 1.0


def test_two_workers_with_one_hint_wake_apart() -> None:
    """I26: those who were refused together do not return together."""
    rng = random.Random(5)
    assert told_delay(30.0, rng) != told_delay(30.0, rng)


def test_the_virtual_clock_moves_only_when_somebody_waits() -> None:
    """Waits pass at once; a set event does not; the wall clock goes along."""
    clock, event = VirtualClock(now=10.0, wall=1000.0), threading.Event()
    assert clock.wait(event, 5.0) is False
    event.set()
    assert clock.wait(event, 5.0) is True
    assert (clock.now(), clock.wall()) == (15.0, 1005.0)


def test_the_virtual_clock_never_goes_back() -> None:
    """Negative spans and earlier moments change nothing."""
    clock = VirtualClock(now=10.0)
    clock.advance(-3.0)
    clock.advance_to(4.0)
    assert clock.now() == 10.0


def test_both_clocks_hand_over_all_that_is_in_the_queue() -> None:
    """One wake-up takes every message that is there."""
    for clock in (SystemClock(), VirtualClock()):
        mail: SimpleQueue[int] = SimpleQueue()
        for number in range(3):
            mail.put(number)
        assert clock.receive(mail, 1.0) == [0, 1, 2]
        assert clock.receive(mail, 0.0) == []


def test_the_system_clock_waits_on_events() -> None:
    """A set event ends a wait at once."""
    event = threading.Event()
    event.set()
    assert SystemClock.wait(event, 60.0) is True
    assert SystemClock.wall() > 1e9
