"""The log reads exactly as the guide shows it (contract rule 8)."""

from __future__ import annotations

import pytest

from acp_action.engine.result import Status
from acp_action.events import (
    Event,
    GroupFinished,
    GroupStarted,
    LaneHeld,
    LaneReopened,
    RunFinished,
    RunStarted,
    StepFinished,
    StepParked,
    StepStarted,
    StopRequested,
)
from acp_action.report.lines import LogLine, log_line, span_words
from acp_action.report.telling import Telling


def started(name: str = "image_1", number: int = 1, total: int = 4, attempt: int = 1) -> StepStarted:
    """A start in the guide's group."""
    return StepStarted(0.0, name, "batch_images", number, total, attempt, 0, "flux_schnell", "fal", None)


def finished(
    status: str = "succeeded", reason: str = "", *, total: int = 4, attempts: int = 1
) -> StepFinished:
    """An end in the guide's group after 2.3 s."""
    return StepFinished(2.3, "image_1", "", 1, total, status, 2.3, reason, attempts, (), None)


GUIDE = [
    (GroupStarted(0.0, "batch_images", 4, ""), "[INFO] Starting parallel group 'batch_images' with 4 steps"),
    (started(), "[INFO] [1/4] Started: image_1"),
    (finished(), "[INFO] [1/4] Completed: image_1 (2.3s)"),
    (
        GroupFinished(2.8, "batch_images", "succeeded", 2.8, 10.3, 4, 0, 0),
        "[INFO] Parallel group completed in 2.8s (vs 10.3s sequential)",
    ),
]
OTHERS = [
    (started("base_image", 0, 0), "[INFO] Started: base_image"),
    (started(attempt=2), "[INFO] [1/4] Started: image_1 (attempt 2)"),
    (finished("cached", attempts=0), "[INFO] [1/4] Cached: image_1"),
    (finished("failed", "no credit"), "[ERROR] [1/4] Failed: image_1 (2.3s): no credit"),
    (finished("timed_out", "5 s"), "[ERROR] [1/4] Timed out: image_1 (2.3s): 5 s"),
    (finished("refused", "policy"), "[ERROR] [1/4] Refused: image_1 (2.3s): policy"),
    (finished("doubt", "no answer"), "[ERROR] [1/4] In doubt: image_1 (2.3s): no answer"),
    (finished("cancelled", "'a' failed"), "[WARNING] [1/4] Cancelled: image_1 (2.3s): 'a' failed"),
    (
        finished("skipped", "because 'a' failed", attempts=0),
        "[WARNING] [1/4] Skipped: image_1: because 'a' failed",
    ),
    (finished("skipped", "disabled", total=0, attempts=0), "[WARNING] Skipped: image_1: disabled"),
    (
        StepParked(1.0, "image_1", "g", 1, 4, 1, "rate limit", "429", 5.04),
        "[DEBUG] [1/4] Waiting: image_1 (again in 5.0s): 429",
    ),
    (
        LaneHeld(1.0, "fal", 5, 8.0, "429 too many requests"),
        "[INFO] fal: rate limit, 5 steps wait, next start in 8.0s (429 too many requests)",
    ),
    (
        LaneHeld(1.0, "gemini flash\x1b", 1, 8.04, ""),
        "[INFO] gemini flash\\u001b: rate limit, 1 step waits, next start in 8.0s",
    ),
    (
        LaneReopened(9.0, "fal", 8.0),
        "[INFO] fal: goes on after 8.0s",
    ),
    (
        StepParked(1.0, "image_1", "", 0, 0, 1, "retry", "reset", 0.5),
        "[WARNING] Waiting: image_1 (again in 0.5s): reset",
    ),
    (GroupStarted(0.0, "one", 1, ""), "[INFO] Starting parallel group 'one' with 1 step"),
    (
        GroupFinished(2.8, "g", "failed", 2.8, 5.0, 2, 1, 1),
        "[ERROR] Parallel group 'g' failed after 2.8s (vs 5.0s sequential): 2 succeeded, 1 failed, 1 skipped",
    ),
    (
        GroupFinished(2.8, "g", "skipped", 2.8, 5.0, 0, 0, 3),
        "[WARNING] Parallel group 'g' stopped after 2.8s (vs 5.0s sequential): 3 skipped",
    ),
    (
        GroupFinished(2.8, "g", "skipped", 2.8, 5.0, 1, 0, 0, cancelled=2),
        "[WARNING] Parallel group 'g' stopped after 2.8s (vs 5.0s sequential): 1 succeeded, 2 cancelled",
    ),
    (StopRequested(1.0, "", "interrupted"), "[WARNING] Stopping: interrupted"),
    (StopRequested(1.0, "g", "'a' failed"), "[WARNING] Stopping group 'g': 'a' failed"),
]


@pytest.mark.parametrize(("event", "line"), GUIDE + OTHERS)
def test_an_event_becomes_its_line(event: Event, line: str) -> None:
    """Groups, steps, waits and stops are told in the guide's form."""
    assert str(log_line(event)) == line


@pytest.mark.parametrize(
    "event", [RunStarted(0.0, "p", 1, 4, 0.0), RunFinished(1.0, "succeeded", 1.0, 1.0, 1.0)]
)
def test_the_run_itself_has_no_line(event: Event) -> None:
    """The guide's log begins with the first group and ends with the last."""
    assert log_line(event) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [(59.94, "59.9s"), (59.96, "1 min"), (60.4, "1 min"), (3599.96, "1 h")],
)
def test_a_minute_is_one_as_soon_as_it_is_shown_as_one(value: float, words: str) -> None:
    """Sixty seconds are never written: what rounds to them is a minute."""
    assert span_words(value) == words


def turned_away(name: str, reason: str = "key refused") -> StepFinished:
    """A step that its provider would not take, and that was never tried."""
    return finished("failed", reason, attempts=0)._replace(step=name)


def test_steps_that_were_turned_away_share_a_line() -> None:
    """One line for all of one reason, at the next event of another kind; what was tried has its own."""
    telling = Telling()
    assert [str(line) for line in telling(finished("failed", "key refused"))] == [
        "[ERROR] [1/4] Failed: image_1 (2.3s): key refused"
    ]
    assert [telling(turned_away(f"s{i}")) for i in range(46)] == [[]] * 46
    lines = telling(started())
    assert [str(line) for line in lines] == [
        "[ERROR] Failed, 46 steps: s0, s1, s2, s3 and 42 more: key refused",
        "[INFO] [1/4] Started: image_1",
    ]
    assert len(telling(started())) == 1


def test_turned_away_for_another_reason_is_another_line() -> None:
    """And one alone keeps its place in its group; nothing is left untold at the end."""
    telling = Telling()
    assert telling(turned_away("a")) == []
    assert [str(line) for line in telling(turned_away("b", "no credit"))] == [
        "[ERROR] [1/4] Failed: a: key refused"
    ]
    assert telling(turned_away("c", "no credit")) == []
    last = telling(RunFinished(1.0, "failed", 1.0, 1.0, 1.0))
    assert [str(line) for line in last] == ["[ERROR] Failed, 2 steps: b, c: no credit"]


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word(status: Status) -> None:
    """No way to end is missing in the log."""
    assert log_line(finished(status.value)) is not None


def test_foreign_text_cannot_make_a_line_of_its_own() -> None:
    """A name or reason with line ends or escape sequences stays on its line, shown."""
    line = log_line(finished("failed", "x\n::set-output name=a::b\x1b[2K"))
    assert line == LogLine("ERROR", "[1/4] Failed: image_1 (2.3s): x⏎::set-output name=a::b\\u001b[2K")
