"""What the log tells of steps under way: enough to know what is waited for, and never a flood."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from acp_action.events import Event, StepFinished, StepParked, StepProgressed, StepStarted, TimePassed
from acp_action.report.lines import progress_line, whereabouts
from acp_action.report.telling import Telling


def started(step: str = "video", at: float = 0.0, **changes: Any) -> StepStarted:
    """A first attempt at fal that is expected to take two minutes."""
    fields = {"attempt": 1, "worker": 0, "model": "kling", "provider": "fal", "expected": 120.0}
    return StepStarted(at=at, step=step, **{"group": "g", "number": 2, "total": 4, **fields, **changes})


def told(
    at: float, what: str, place: int | None = None, step: str = "video", **changes: Any
) -> StepProgressed:
    """What such an attempt tells."""
    fields = {"attempt": 1, "provider": "fal", "what": what, "detail": "", "place": place}
    return StepProgressed(at=at, step=step, **{"group": "g", "number": 2, "total": 4, **fields, **changes})


def finished(at: float, step: str = "video") -> StepFinished:
    """Its end."""
    return StepFinished(at, step, "g", 2, 4, "succeeded", at, "", 1, (), None)


def lines(*events: Event, level: str = "INFO") -> list[str]:
    """The lines of these events from a level on, without those of starts and ends."""
    telling, levels = Telling(), ("INFO", "DEBUG") if level == "DEBUG" else ("INFO",)
    found = [str(line) for event in events for line in telling(event) if line.level in levels]
    return [line for line in found if "Started" not in line and "Completed" not in line]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (told(1.0, "ordered", detail="7-a"), "[DEBUG] [2/4] Ordered: video (job 7-a at fal)"),
        (told(1.0, "queued", 7), "[INFO] [2/4] Queued: video (at fal, place 7)"),
        (told(1.0, "queued", number=0, total=0), "[INFO] Queued: video (at fal)"),
        (told(1.0, "starting"), "[INFO] [2/4] Waiting: video (fal makes the model ready)"),
        (told(1.0, "begun"), "[INFO] [2/4] Under way: video (at fal)"),
        (
            told(1.0, "taken_up", detail="7-a"),
            "[INFO] [2/4] Taken up: video (job 7-a ordered before, at fal)",
        ),
        (
            told(1.0, "taken_up", attempt=2),
            "[INFO] [2/4] Taken up: video (what was ordered by an earlier attempt is fetched, at fal)",
        ),
        (
            told(1.0, "unclear", detail="HTTP 503:\nbusy\x1b[2K"),
            "[INFO] [2/4] Asked again: video (fal does not say how it is doing: HTTP 503:⏎busy\\u001b[2K)",
        ),
        (told(1.0, "fetching"), "[DEBUG] [2/4] Going on: video (fetched from fal)"),
        (told(1.0, "cancelled", detail="7-a"), "[DEBUG] [2/4] Called off: video (job 7-a at fal)"),
        (told(1.0, "danced\n"), "[INFO] [2/4] Going on: video (danced⏎)"),
    ],
)
def test_what_is_told_becomes_its_line(event: StepProgressed, line: str) -> None:
    """In the form of the guide's lines; foreign words stay on their line."""
    assert str(progress_line(event)) == line


def test_the_display_says_where_a_step_stands() -> None:
    """Without the step's name, for its row."""
    assert whereabouts(told(1.0, "queued", 7)) == "in fal's queue, place 7"
    assert whereabouts(told(1.0, "queued")) == "in fal's queue"


def test_a_job_that_comes_and_goes_has_no_lines_of_its_own() -> None:
    """Next in the queue for a moment, at work, fetched: the guide's two lines say it all."""
    quick = [told(0.2, "ordered"), told(0.3, "queued", 1), told(0.4, "begun"), told(3.0, "fetching")]
    assert lines(started(), *quick, finished(3.2)) == []
    assert len(lines(started(), *quick, finished(3.2), level="DEBUG")) == 4


def test_who_waits_in_a_queue_is_told_where_and_when_it_is_over() -> None:
    """At once where others are before it."""
    assert lines(started(), told(0.3, "queued", 7), told(2.0, "begun"), finished(9.0)) == [
        "[INFO] [2/4] Queued: video (at fal, place 7)",
        "[INFO] [2/4] Under way: video (at fal)",
    ]


def test_next_in_the_queue_is_told_when_it_lasts() -> None:
    """A place that was not worth a line becomes it when nothing changes."""
    assert lines(started(), told(0.3, "queued", 1), TimePassed(15.3, 1), TimePassed(30.3, 1)) == [
        "[INFO] [2/4] Queued: video (at fal, place 1)"
    ]


def test_a_place_that_changes_each_second_is_told_every_quarter_minute() -> None:
    """And the last one is not lost when the changes end."""
    places = [told(float(second), "queued", 100 - second) for second in range(1, 51)]
    shown = lines(started(), *places, TimePassed(65.0, 1))
    assert [line.rsplit(" ", 1)[1] for line in shown] == ["99)", "84)", "69)", "54)", "50)"]


def test_states_that_flutter_are_told_once_in_a_while() -> None:
    """A service that cannot make up its mind, or answers every other time, floods nobody's log."""
    flutter = [
        told(n / 2, what, 3 if what == "queued" else None)
        for n, what in enumerate(["queued", "begun", "unclear", "begun"] * 30, start=1)
    ]
    assert Counter(line.split(" ")[2] for line in lines(started(), *flutter)) == {
        "Queued:": 1, "Under": 1, "Asked": 4,
    }  # fmt: skip


def test_a_minute_without_a_line_is_broken() -> None:
    """How long it runs, how long it was expected to, and where; each further minute once."""
    silence = [TimePassed(5.0 + 15.0 * n, 1) for n in range(1, 12)]
    assert lines(started(at=5.0), told(5.2, "begun"), *silence) == [
        "[INFO] [2/4] Under way: video (at fal)",
        "[INFO] [2/4] Still running: video (1 min 15 s of about 2 min, under way at fal)",
        "[INFO] [2/4] Still running: video (2 min 15 s of about 2 min, under way at fal)",
    ]


def test_any_line_ends_the_silence() -> None:
    """Another step's too."""
    events: list[Event] = [started(), started("b", 50.0)]
    assert lines(*events, TimePassed(65.0, 2), TimePassed(109.0, 2)) == []
    assert len(lines(*events, TimePassed(111.0, 2))) == 2


@pytest.mark.parametrize(
    "end", [finished(50.0), StepParked(50.0, "video", "g", 2, 4, 1, "rate limit", "429", 200.0)]
)
def test_what_does_not_run_is_not_said_to(end: Event) -> None:
    """A step that ended, or waits for its next attempt."""
    assert lines(started(), end, TimePassed(200.0, 0)) == []


def test_the_embedded_provider_has_the_guides_lines_alone() -> None:
    """However long it takes."""
    silence = [TimePassed(15.0 * n, 1) for n in range(1, 20)]
    assert lines(started(provider="local"), *silence) == []


def crowd(count: int) -> list[Event]:
    """So many steps that all start at once."""
    return [started(f"s{n}", n / 1000, number=n + 1, total=count) for n in range(count)]


def test_five_hundred_jobs_are_told_in_sums() -> None:
    """A place that changes each second for each of them, for ten minutes: four lines a minute, no more."""
    events: list[Event] = crowd(500)
    for second in range(1, 601):
        done = min(second // 2, 250)
        events += [told(second + n / 1000, "begun", step=f"s{n}") for n in range(done)][-1:]
        events += [told(second + n / 1000, "queued", n + 601 - second, f"s{n}") for n in range(250, 500, 25)]
    shown = lines(*events)
    assert len(shown) <= 40
    assert shown[:2] == [
        "[INFO] fal: 8 under way, 10 in the queue",
        "[INFO] fal: 15 under way, 10 in the queue",
    ]


def test_jobs_that_are_taken_up_by_the_hundred_share_a_line() -> None:
    """That nothing is ordered anew is what a person wants to know after a broken run."""
    events = [*crowd(500), *(told(1.0, "taken_up", step=f"s{n}", detail="j") for n in range(500))]
    events += [told(2.0 + n / 100, "begun", step=f"s{n}") for n in range(300)]
    assert lines(*events, TimePassed(20.0, 500)) == [
        "[INFO] fal: 300 under way, 200 taken up",
        "[INFO] Taken up: 500 jobs of an earlier run or attempt",
    ]


def test_what_was_taken_up_is_told_also_when_it_ends_soon() -> None:
    """Five jobs that were done already are fetched within a second."""
    taken = [told(0.5, "taken_up", step=f"s{n}", detail="j") for n in range(5)]
    ends = [finished(1.0, f"s{n}") for n in range(5)]
    assert lines(*crowd(5), *taken, *ends) == ["[INFO] Taken up: 5 jobs of an earlier run or attempt"]


def test_a_crowd_in_silence_is_one_line() -> None:
    """With the one that has run for longest."""
    events = [*crowd(64), TimePassed(45.0, 64), TimePassed(62.0, 64), TimePassed(77.0, 64)]
    assert lines(*events) == ["[INFO] Still running: 64 steps, the longest s0 (1 min 2 s of about 2 min)"]


def test_when_few_are_left_each_has_its_lines_again() -> None:
    """The last ones are those that people wait for."""
    ends = [finished(10.0, f"s{n}") for n in range(8)]
    place = told(20.0, "queued", 5, "s9", number=10, total=10)
    assert lines(*crowd(10), told(1.0, "queued", 9, "s9"), *ends, place) == [
        "[INFO] [10/10] Queued: s9 (at fal, place 5)"
    ]
