"""Each kind of limit lets in what it says, and knows when it will again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulators.limits import FixedWindow, InFlight, SlidingWindow, TokenBucket, daily_quota

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.limits import Limit

GAPS = st.lists(st.floats(0, 3), min_size=1, max_size=200)
PACED: list[Callable[[], Limit]] = [
    lambda: TokenBucket(10, 10),
    lambda: SlidingWindow(6, 2),
    lambda: FixedWindow(6, 2),
]


def admitted(limit: Limit, gaps: list[float]) -> list[float]:
    """When requests at these distances are let in."""
    now, starts = 0.0, []
    for gap in gaps:
        now += gap
        if limit.refusal(now) is None:
            limit.take(now)
            starts.append(now)
    return starts


@given(gaps=GAPS)
def test_a_bucket_never_gives_more_than_burst_and_rate(gaps: list[float]) -> None:
    """In any span of t seconds at most burst + rate * t."""
    starts = admitted(TokenBucket(10, 5), [gap / 10 for gap in gaps])
    for first, start in enumerate(starts):
        for last in range(first, len(starts)):
            assert last - first + 1 <= 5 + 10 * (starts[last] - start) + 1e-6


@given(gaps=GAPS)
def test_a_sliding_window_never_holds_more(gaps: list[float]) -> None:
    """In any span as long as the window."""
    starts = admitted(SlidingWindow(4, 5), gaps)
    assert all(starts[n + 4] - starts[n] >= 5 - 1e-9 for n in range(len(starts) - 4))


@given(gaps=GAPS)
def test_a_fixed_window_counts_anew_at_round_times(gaps: list[float]) -> None:
    """At most so many between two of them."""
    windows = [int(start // 5) for start in admitted(FixedWindow(4, 5), gaps)]
    assert all(windows.count(window) <= 4 for window in windows)


@pytest.mark.parametrize("make", PACED)
def test_after_the_wait_that_is_told_one_more_is_let_in(make: Callable[[], Limit]) -> None:
    """And not a moment before."""
    limit, now = make(), 0.3
    while (refusal := limit.refusal(now)) is None:
        limit.take(now)
    assert refusal.wait is not None
    assert limit.refusal(now + refusal.wait - 1e-3) is not None
    assert limit.refusal(now + refusal.wait + 1e-3) is None


def test_in_flight_counts_those_that_have_not_ended() -> None:
    """It cannot say when there is room."""
    limit = InFlight(2)
    limit.take(0)
    limit.take(0)
    refusal = limit.refusal(0)
    assert refusal is not None
    assert (refusal.kind, refusal.wait) == ("concurrency", None)
    limit.release()
    assert limit.refusal(0) is None


def test_a_days_quota_says_that_it_is_one() -> None:
    """Waiting for tomorrow is not worth it."""
    limit = daily_quota(1)
    limit.take(80_000)
    refusal = limit.refusal(80_000)
    assert refusal is not None
    assert (refusal.kind, refusal.wait) == ("day", 6_400)
