"""The soft deadline, on a clock that tests move."""

from __future__ import annotations

import threading

from acp_action.github.deadline import Deadline


class Waited:
    """Notes how long was to be waited, and says whether the event came."""

    def __init__(self, came: bool) -> None:
        self.seconds: list[float] = []
        self.asked = threading.Event()
        self._came = came

    def __call__(self, _event: threading.Event, seconds: float) -> bool:
        self.seconds.append(seconds)
        self.asked.set()
        return self._came


def test_a_run_is_stopped_when_the_minutes_are_over() -> None:
    """X12: the reason says which input set the limit."""
    told, heard = threading.Event(), []

    def stop(reason: str) -> None:
        heard.append(reason)
        told.set()

    wait = Waited(came=False)
    with Deadline(2.5, stop, passed=30.0, wait=wait):
        assert told.wait(30.0)
    assert wait.seconds == [120.0]
    assert heard == ["the 2.5 minutes of timeout-minutes are over"]


def test_a_run_that_ends_in_time_is_left_alone() -> None:
    """Leaving the context ends the watch without a word."""
    heard: list[str] = []
    wait = Waited(came=True)
    with Deadline(1, heard.append, wait=wait):
        assert wait.asked.wait(30.0)
    assert heard == []


def test_leaving_ends_the_real_wait_at_once() -> None:
    """The watch is woken, not waited for: the thread of an hour is gone when the run is."""
    before = threading.active_count()
    with Deadline(60, lambda _reason: None):
        watch = [t for t in threading.enumerate() if t.name == "acp-deadline"]
    for thread in watch:
        thread.join(30.0)
    assert threading.active_count() == before


def test_no_deadline_starts_no_watch() -> None:
    """Nothing is waited for where no limit is set."""
    wait = Waited(came=False)
    with Deadline(None, lambda _reason: None, wait=wait):
        pass
    assert wait.seconds == []
