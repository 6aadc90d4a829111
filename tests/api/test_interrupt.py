"""Ctrl-C in a program that uses the library."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from acp_action.api.interrupt import Interrupts
from acp_action.engine.cancel import StopSwitch

if TYPE_CHECKING:
    from collections.abc import Callable


def interrupted(switch: StopSwitch, times: int, then: Callable[[], None]) -> None:
    """A run during which Ctrl-C is pressed, and that goes on to do something."""
    with Interrupts(switch):
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        then()


def test_the_first_throws_the_switch_and_comes_out_at_the_end() -> None:
    """Nothing is torn down in the middle: the interrupt is raised once the run has come to its end."""
    switch, reached = StopSwitch(), threading.Event()
    with pytest.raises(KeyboardInterrupt):
        interrupted(switch, 1, reached.set)
    assert (switch.reason, reached.is_set()) == ("interrupted", True)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_interrupts_at_once() -> None:
    """Whoever presses Ctrl-C twice has no patience left."""
    reached = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        interrupted(StopSwitch(), 2, reached.set)
    assert not reached.is_set()


def test_an_error_is_not_hidden_by_an_interrupt() -> None:
    """What went wrong in between comes out as it is."""

    def fail() -> None:
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        interrupted(StopSwitch(), 1, fail)


def test_a_program_with_its_own_ways_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SIGINT is not as Python leaves it, nothing is changed."""
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        with Interrupts(StopSwitch()):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_other_threads_change_nothing() -> None:
    """Only the main thread may set how signals are taken, so elsewhere nothing is tried."""
    failures: list[BaseException] = []

    def enter() -> None:
        try:
            with Interrupts(StopSwitch()):
                pass
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert failures == []
