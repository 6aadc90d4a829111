"""Stopping: the token of an attempt and the switch of a run."""

from __future__ import annotations

import math
import threading
import time

import pytest

from acp_action.engine.cancel import CancelToken, StopSwitch
from acp_action.engine.clock import SystemClock, VirtualClock
from acp_action.errors import Cancelled, DeadlineExpired


def test_a_fresh_token_lets_everything_go_on() -> None:
    """No deadline, no stop: check passes and time remains."""
    token = CancelToken(VirtualClock(5.0))
    token.check()
    assert (token.remaining(), token.now(), token.cancelled) == (math.inf, 5.0, False)


def test_waiting_takes_the_time_it_says() -> None:
    """A wait within the deadline returns after it."""
    clock = VirtualClock()
    CancelToken(clock, deadline=10.0).wait(3.0)
    assert clock.now() == 3.0


def test_a_wait_over_the_deadline_ends_at_it_and_says_what_it_was_for() -> None:
    """Expiry names the time allowed and what was waited for."""
    clock = VirtualClock()
    token = CancelToken(clock, deadline=2.0, patience=2.0)
    with pytest.raises(DeadlineExpired, match="no result within 2 s, waiting for the queue"):
        token.wait(30.0, "the queue")
    assert clock.now() == 2.0
    with pytest.raises(DeadlineExpired):
        token.check()
    assert token.remaining() == 0.0


def test_the_first_reason_of_a_cancel_stays() -> None:
    """What stopped it first is what it says."""
    token = CancelToken(VirtualClock())
    token.cancel("first")
    token.cancel("second")
    with pytest.raises(Cancelled, match="first"):
        token.check()
    with pytest.raises(Cancelled, match="first"):
        token.wait(1.0)


def test_a_cancel_ends_a_wait_in_another_thread_at_once() -> None:
    """X6: a waiter of a minute is awake long before it; the event, not the time, ends it."""
    token, ended = CancelToken(SystemClock()), []
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        with pytest.raises(Cancelled):
            token.wait(60.0)
        ended.append(time.monotonic())

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    begun = time.monotonic()
    token.cancel("stop")
    thread.join(30.0)
    assert ended[0] - begun < 5.0


def test_a_switch_thrown_before_the_run_tells_it_at_once() -> None:
    """A signal that came early is not lost."""
    switch = StopSwitch()
    heard: list[str] = []
    switch.stop("early")
    switch.attach(heard.append)
    assert (heard, switch.reason) == (["early"], "early")


def test_only_the_first_stop_counts() -> None:
    """One reason for all."""
    switch = StopSwitch()
    heard: list[str] = []
    switch.attach(heard.append)
    switch.stop("a")
    switch.stop("b")
    assert heard == ["a"]


def test_a_detached_listener_is_forgotten() -> None:
    """A run that is over hears nothing."""
    switch = StopSwitch()
    heard: list[str] = []

    def tell(reason: str) -> None:
        heard.append(reason)

    switch.attach(tell)
    switch.detach(tell)
    switch.stop("a")
    assert heard == []
