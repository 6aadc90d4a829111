"""The board on paper: what a terminal would show, without one."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.events import (
    Event,
    GroupFinished,
    GroupStarted,
    LaneHeld,
    LaneReopened,
    RunFinished,
    StepFinished,
    StepParked,
    StepProgressed,
    StepStarted,
    StopRequested,
)
from acp_action.progress.board import board_of
from acp_action.progress.render import render
from acp_action.report.cells import cut
from tests.fakes import a_plan, a_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.plan.model import Plan

GROUP = "batch_images"


def hybrid() -> Plan:
    """A step, a group of three, and a step."""
    places: list[tuple[str, dict[str, Any]]] = [("base", {})]
    places += [
        (f"image_{n}", {"group": 0, "number": n, "total": 3, "expected": 4.0 if n == 1 else None})
        for n in (1, 2, 3)
    ]
    places += [("final", {})]
    steps = [a_step(i, name, **place) for i, (name, place) in enumerate(places)]
    return a_plan(steps, [(), (0,), (0,), (0,), (1, 2, 3)], name="Hybrid")


def started(step: str, at: float, **changes: Any) -> StepStarted:
    """A first attempt that began; ``expected`` is in seconds."""
    place = {"group": GROUP if step.startswith("image") else "", "number": 1, "total": 3}
    fields = {"attempt": 1, "worker": 0, "model": "flux_dev", "provider": "local", "expected": None}
    return StepStarted(at=at, step=step, **{**place, **fields, **changes})


def finished(
    step: str, at: float, service: float, status: str = "succeeded", reason: str = ""
) -> StepFinished:
    """A step that is settled."""
    group = GROUP if step.startswith("image") else ""
    return StepFinished(at, step, group, 1, 3, status, service, reason, 1, (), None)


def shown(events: Iterable[Event], now: float, width: int = 72, height: int = 0, **options: Any) -> list[str]:
    """The rows of the hybrid plan after some events."""
    board = board_of(hybrid())
    for event in events:
        board(event)
    return [str(row) for row in render(board, now, width, height, **options)]


MIDDLE: list[Event] = [
    started("base", 0.0),
    finished("base", 2.0, 2.0),
    GroupStarted(2.0, GROUP, 3, ""),
    started("image_1", 2.0, expected=4.0),
    started("image_2", 2.0, attempt=2),
    started("image_3", 2.0),
    StepParked(2.5, "image_3", GROUP, 3, 3, 1, "retry", "busy", 2.0),
    finished("image_2", 3.0, 1.0, "failed", "no\nluck"),
]


def test_before_the_run_everything_waits() -> None:
    """The board shows every planned step from the start, groups above their members."""
    assert shown([], 0.0) == [
        "Hybrid  0 of 5 steps · 0.0s",
        "  · base          flux_dev",
        "  · batch_images  0 of 3",
        "    · image_1     flux_dev",
        "    · image_2     flux_dev",
        "    · image_3     flux_dev",
        "  · final         flux_dev",
    ]


def test_in_the_middle_every_state_has_its_words() -> None:
    """Running steps show their time and what is expected, parked ones when they are tried again, and why."""
    assert shown(MIDDLE, 3.5, width=80) == [
        "Hybrid  2 of 5 steps · 1 running · 1 failed · 3.5s · about 5s left",
        "  ✓ base          flux_dev    2.0s",
        "  ● batch_images  1 of 3      1.5s, 1 failed, 1 running, 1 held",
        "    ● image_1     flux_dev    1.5s of about 4.0s",
        "    ✗ image_2     flux_dev    1.0s  failed: no⏎luck",
        "    ↻ image_3     flux_dev  again in 1 s: busy",
        "  · final         flux_dev",
    ]


def test_a_row_says_where_its_work_stands() -> None:
    """In the provider's queue, until the work begins; what was told of an attempt ends with it."""
    place = ("image_1", GROUP, 1, 3, 1, "fal")
    queued = StepProgressed(2.5, *place, "queued", "", 7)
    begun = StepProgressed(3.0, *place, "begun", "", None)
    assert shown([*MIDDLE, queued], 3.5, width=80)[3] == (
        "    ● image_1     flux_dev    1.5s, in fal's queue, place 7"
    )
    plain = "    ● image_1     flux_dev    1.5s of about 4.0s"
    assert shown([*MIDDLE, queued, begun], 3.5, width=80)[3] == plain
    again = started("image_1", 2.0, expected=4.0)
    assert shown([*MIDDLE, queued, again], 3.5, width=80)[3] == plain


def test_words_without_a_time_begin_where_times_do() -> None:
    """The column of the times is not left blank before what is waited for."""
    rows = shown(MIDDLE, 63.0, width=80)
    ends = [GroupFinished(63.0, GROUP, "failed", 101.0, 3.2, 0, 2, 1)]
    group = shown([*MIDDLE, *ends], 63.0, width=80)[2]
    assert rows[5].index("again") == group.index(" 1m41s")


def test_cents_are_told_as_money_is_elsewhere() -> None:
    """With two decimals at the least, thousands apart, and no finer than cents."""
    costs = [(0.0811, "0.08 USD"), (3.2, "3.20 USD"), (1234.5, "1,234.50 USD")]
    for cost, words in costs:
        assert shown([finished("base", 2.0, 2.0)._replace(cost=cost)], 3.0)[0].endswith(f" · {words}")


def test_the_end_shows_the_totals_and_stands_still() -> None:
    """After the run, time does not go on; why it was stopped is said once, not on every row."""
    events: list[Event] = [
        *MIDDLE,
        StopRequested(3.6, "", "Ctrl-C"),
        finished("image_1", 3.7, 1.7, "cancelled", "Ctrl-C; the job goes on"),
        finished("image_3", 3.7, 0.5, "timed_out", "late"),
        finished("final", 3.7, 0.0, "skipped", "the run was stopped: Ctrl-C"),
        GroupFinished(3.7, GROUP, "failed", 1.7, 3.2, 0, 2, 1),
        RunFinished(3.8, "failed", 3.8, 5.2, 1.4),
    ]
    assert shown(events, 99.0) == [
        "Hybrid  5 of 5 steps · 2 failed · 3.8s",
        "  – stopped: Ctrl-C",
        "  ✓ base          flux_dev    2.0s",
        "  ✗ batch_images  3 of 3      1.7s, 2 failed",
        "    – image_1     flux_dev    1.7s  cancelled: the job goes on",
        "    ✗ image_2     flux_dev    1.0s  failed: no⏎luck",
        "    ✗ image_3     flux_dev    0.5s  timed out: late",
        "  – final         flux_dev  skipped",
    ]


@pytest.mark.parametrize(("status", "symbol"), [("succeeded", "✓"), ("failed", "✗"), ("skipped", "–")])
def test_a_group_shows_how_it_ended(status: str, symbol: str) -> None:
    """A group that a stop cut short is not ticked off as done."""
    ended = GroupFinished(3.7, GROUP, status, 1.7, 3.2, 1, 0, 2)
    assert shown([*MIDDLE, ended], 4.0)[2].startswith(f"  {symbol} batch_images")


def test_a_stop_is_told_while_it_takes_effect() -> None:
    """From Ctrl-C to the end a row says why, what for, and how not to wait; limits are of no concern then."""
    held = LaneHeld(2.5, "fal", 3, 8.0, "429")
    rows = shown([*MIDDLE, held, StopRequested(3.5, "", "interrupted (Ctrl-C)")], 3.6)
    assert rows[1] == "  – stopping: waiting for 1 step; Ctrl-C again does not wait"
    assert not any("rate limit" in row for row in rows)
    assert shown([StopRequested(0.5, "", "'base' failed")], 0.6)[1] == "  – stopping: 'base' failed"


def test_the_stop_of_a_group_is_no_stop_of_the_run() -> None:
    """A group that failed fast leaves the head as it is."""
    assert not any("stopping" in row for row in shown([StopRequested(0.5, GROUP, "image_1 failed")], 0.6))


def test_ascii_terminals_get_ascii() -> None:
    """Where only ASCII can be shown every row is ASCII, foreign text included."""
    rows = shown([*MIDDLE, finished("image_1", 3.0, 1.0, "failed", "schön 🎈")], 3.5, ascii_only=True)
    assert all(row.isascii() for row in rows)
    assert rows[0] == "Hybrid  3 of 5 steps - 2 failed - 3.5s - about 5s left"
    assert rows[1] == "  + base          flux_dev    2.0s"


@pytest.mark.parametrize("width", [8, 20, 41, 79])
def test_no_row_is_wider_than_the_terminal(width: int) -> None:
    """Rows are cut with an ellipsis, never wrapped."""
    assert max(map(len, shown(MIDDLE, 3.5, width))) <= width


def test_wide_characters_count_twice() -> None:
    """A name in Chinese takes two cells a character, combining marks take none."""
    assert cut("灯塔灯塔", 5) == "灯塔…"
    assert cut("e\u0301e\u0301e\u0301", 3) == "e\u0301e\u0301e\u0301"


def test_on_a_low_terminal_what_matters_stays() -> None:
    """The group at work, running, parked and failed steps are shown first; the rest is counted."""
    rows = shown(MIDDLE, 3.5, height=5)
    assert [row.split()[1] for row in rows[1:4]] == ["batch_images", "image_1", "image_3"]
    assert rows[4] == "  and 1 done, 1 failed, 1 waiting"


@pytest.mark.parametrize("height", range(1, 9))
def test_no_board_is_higher_than_the_terminal(height: int) -> None:
    """The rows fit the height that is given, however low."""
    assert len(shown(MIDDLE, 3.5, height=height)) <= max(height, 2)


def test_rendering_changes_nothing() -> None:
    """The same board, time and size give the same rows again."""
    assert shown(MIDDLE, 3.5) == shown(MIDDLE, 3.5)


def test_nested_groups_count_what_is_in_them() -> None:
    """A group's line counts the steps at any depth below it, and stands deeper the deeper it is nested."""
    plan = hybrid()
    outer = replace(plan.groups[0], name="outer", groups=(1,))
    inner = replace(plan.groups[0], index=1, name="inner", parent=0)
    steps = tuple(s._replace(group=1) if s.name == "image_3" else s for s in plan.steps)
    board = board_of(replace(plan, steps=steps, groups=(outer, inner)))
    for step, group in (("image_1", "outer"), ("image_3", "inner")):
        board(finished(step, 1.0, 1.0)._replace(group=group))
    assert [(g.depth, g.settled, g.total) for g in board.groups.values()] == [(0, 2, 3), (1, 1, 1)]
    assert board.steps["image_3"].depth == 2


def test_a_rate_limit_is_named_with_its_provider() -> None:
    """A step that was refused says whose limit it waits for; its lane has a row with its next start."""
    own = StepParked(2.5, "image_2", GROUP, 2, 3, 1, "rate limit", "fal: 429", 8.0)
    lane = StepParked(2.5, "image_3", GROUP, 3, 3, 1, "rate limit", "fal: 429", 0.0)
    events = [*MIDDLE[:6], own, lane, LaneHeld(2.5, "fal flux", 3, 8.0, "429")]
    rows = shown(events, 3.0)
    assert rows[1] == "  ↻ rate limit of fal flux, 8 s: 3 steps wait"
    assert rows[5:7] == [
        "    ↻ image_2     flux_dev  rate limit of fal, 8 s: 429",
        "    ↻ image_3     flux_dev  rate limit of fal: 429",
    ]
    assert shown(events, 11.0)[1] == "  ↻ rate limit of fal flux, tried again now and then: 3 steps wait"
    reopened = shown([*events, LaneReopened(11.0, "fal flux", 8.5)], 11.0)
    assert reopened[1] == "  ↻ rate limit of fal: 2 steps wait"


def test_steps_that_nothing_but_their_provider_keeps_waiting_say_so() -> None:
    """Room for them, inputs there, and none is taken: that is the limit, though nobody was refused."""
    events = [*MIDDLE[:4], started("image_1", 2.0)]
    assert "rate limit" not in str(shown(events, 2.5))
    rows = shown(events, 3.0)
    assert rows[1] == "  ↻ rate limit of fal: 2 steps wait"
    assert rows[5] == "    · image_2     flux_dev  rate limit of fal"
    assert rows[7] == "  · final         flux_dev"
    busy = [*events, *(started(f"image_{n}", 2.0) for n in (2, 3))]
    assert "rate limit" not in str(shown(busy, 9.0))


def test_a_retry_that_is_due_says_what_keeps_it() -> None:
    """Its back-off is over: now it waits for the limit that holds its provider, or for room."""
    assert shown(MIDDLE, 5.0, width=99)[5].endswith("again when there is room: busy")
    held = [*MIDDLE, LaneHeld(3.0, "fal", 1, 8.0, "429")]
    assert shown(held, 5.0, width=99)[6].endswith("rate limit of fal: busy")
    assert shown(held, 5.0, width=99)[1] == "  ↻ rate limit of fal, 6 s: 1 step waits"


def test_what_was_paid_so_far_is_told() -> None:
    """Costs add up in the title; nothing is said of nothing."""
    paid = [finished(f"image_{n}", 1.0, 1.0)._replace(cost=0.04) for n in (1, 2)]
    assert shown(paid, 2.0, width=99)[0].endswith(" · 0.08 USD")
    assert "USD" not in shown(MIDDLE, 2.0, width=99)[0]


def many(count: int = 1000) -> tuple[Plan, list[Event]]:
    """A step before and after a group of many, eight of which run while a third is done and two failed."""
    place: dict[str, Any] = {"group": 0, "total": count}
    steps = [a_step(0, "base"), *(a_step(i, f"image_{i}", number=i, **place) for i in range(1, count + 1))]
    plan = a_plan([*steps, a_step(count + 1, "final")], name="Catalogue")
    events: list[Event] = [
        started("base", 0.0),
        finished("base", 2.0, 2.0),
        GroupStarted(2.0, GROUP, count, ""),
    ]
    for n in range(1, count // 3):
        events.append(started(f"image_{n}", 2.0))
        status = "failed" if n in (7, 80) else "succeeded"
        events.append(
            finished(f"image_{n}", 60.0, 1.5, status, "the service is down" if n in (7, 80) else "")
        )
    events += [
        started(f"image_{count // 3 + n}", 60.0 + n / 10, worker=7 - n, expected=1.5) for n in range(8)
    ]
    return plan, events


@pytest.mark.parametrize(("width", "running"), [(80, ""), (140, "8 running · ")])
def test_a_thousand_steps_on_a_screen(width: int, running: str) -> None:
    """What happens is shown, running steps by worker, and all else counted; no more rows than needed."""
    plan, events = many()
    board = board_of(plan)
    for event in events:
        board(event)
    rows = [str(row) for row in render(board, 61.0, width, 40)]
    image = "    ● image_{}   flux_dev        {:.1f}s of about 1.5s"
    assert rows == [
        f"Catalogue  333 of 1002 steps · {running}2 failed · 1 min 1 s · about 4 min 10 s left",
        f"  {'━' * 20}{'─' * 40}  33 %",
        "  ✓ base          flux_dev        2.0s",
        "  ● batch_images  332 of 1000    59.0s, 2 failed, 8 running",
        *(image.format(340 - n, 0.3 + n / 10) for n in range(8)),
        "    ✗ image_7     flux_dev        1.5s  failed: the service is down",
        "    ✗ image_80    flux_dev        1.5s  failed: the service is down",
        "  · final         flux_dev",
        "  and 330 done, 660 waiting",
    ]
    assert max(map(len, rows)) <= width


def test_the_last_picture_of_many_failures_leaves_room_for_what_comes_after() -> None:
    """A screen full of failures is no help: groups stay, the first few, and the rest is counted."""
    plan, events = many()
    board = board_of(plan)
    for event in events:
        board(event)
    for n in range(333, 1001):
        board(finished(f"image_{n}", 62.0, 1.0, "failed" if n < 380 else "cancelled", "no"))
    board(GroupFinished(63.0, GROUP, "failed", 61.0, 99.0, 330, 49, 0, 621))
    board(RunFinished(63.0, "failed", 63.0, 99.0, 1.6))
    rows = [str(row) for row in render(board, 99.0, 80, 40)]
    assert sum("✗ image_" in row for row in rows) == 8
    assert rows[2].startswith("  ✗ batch_images  1000 of 1000")
    assert rows[-1] == "  and 330 done, 41 failed, 621 cancelled"
    assert len(rows) == 13


@pytest.mark.parametrize(
    ("width", "title"),
    [
        (99, "Catalogue  333 of 1002 steps · 8 running · 2 failed · 1 min 1 s · about 4 min 10 s left"),
        (70, "Catalogue  333 of 1002 · 2 failed · 1 min 1 s · about 4 min 10 s left"),
        (60, "Catalogue  333 of 1002 · 2 failed · about 4 min 10 s left"),
        (40, "Catalogue  333 of 1002 · 2 failed"),
    ],
)
def test_a_narrow_title_drops_what_matters_least(width: int, title: str) -> None:
    """Whole parts go, one after another; none is cut in the middle."""
    plan, events = many()
    board = board_of(plan)
    for event in events:
        board(event)
    assert str(render(board, 61.0, width)[0]) == title


def test_a_narrow_group_drops_what_matters_least() -> None:
    """Of its counts, too, as many are shown as there is room for; the column of the names is narrower."""
    assert shown(MIDDLE, 3.5, width=40)[2] == "  ● batch_images    1.5s, 1 of 3"
    assert shown(MIDDLE, 3.5, width=46)[2] == "  ● batch_images    1.5s, 1 of 3, 1 failed"


def test_names_are_as_wide_everywhere() -> None:
    """What joins emoji and letters is left out; behind letters from right to left stands a mark."""
    names = ["👩\u200d👧", "❤\ufe0f", "👍🏽", "می\u200cرود"]
    board = board_of(a_plan([a_step(i, name) for i, name in enumerate(names)]))
    rows = [str(row) for row in render(board, 0.0, 80)]
    assert rows[1:] == [
        "  · 👩👧   flux_dev",
        "  · ❤      flux_dev",
        "  · 👍     flux_dev",
        "  · میرود\u200e  flux_dev",
    ]


def test_a_frame_of_a_thousand_steps_is_made_quickly() -> None:
    """Five frames a second must not be felt by the run: twenty of them take less than a second."""
    plan, events = many()
    board = board_of(plan)
    for event in events:
        board(event)
    begin = perf_counter()
    for n in range(20):
        render(board, 61.0 + n, 140, 40)
    assert perf_counter() - begin < 1.0
