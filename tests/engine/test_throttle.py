"""What a throttle lets through, and how a lane shares it."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.throttle import Lane, Lanes, Limits, Throttle, Ticket

STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "done", "refused", "released"]), st.floats(0.0, 3.0)), max_size=60
)


def test_with_nothing_known_four_leave_at_once_and_more_soon() -> None:
    """Nobody knows the limit: a few at once, then eight a second and rising, until somebody says no."""
    throttle = Throttle()
    assert [leaving(throttle, 7.0) for _ in range(5)] == [True] * 4 + [False]
    assert throttle.next_opening(7.0) == pytest.approx(7.125, abs=0.001)


def leaving(throttle: Throttle, now: float) -> bool:
    """Whether a request could be sent; if so, it was."""
    open_now = throttle.next_opening(now) <= now
    if open_now:
        throttle.admit(now)
    return open_now


def test_the_interval_counts_from_start_to_start() -> None:
    """The second request may leave one interval after the first left, whenever that one ended."""
    throttle = Throttle(Limits(min_interval=2.0))
    ticket = throttle.admit(10.0)
    throttle.completed(ticket, 10.1)
    assert throttle.next_opening(10.1) == 12.0
    assert throttle.next_opening(12.5) == 12.5


def test_a_full_throttle_opens_when_something_comes_back() -> None:
    """Nobody knows when that is, so the answer is infinity."""
    throttle = Throttle(Limits(concurrency=1))
    ticket = throttle.admit(0.0)
    assert throttle.next_opening(1.0) == math.inf
    throttle.released(ticket, 2.0)
    assert throttle.next_opening(2.0) == 2.0


def test_a_short_first_refusal_holds_its_job_only() -> None:
    """Up to a second on a first refusal: the lane stays open for others."""
    throttle = Throttle()
    throttle.refused(throttle.admit(0.0), 0.1, retry_after=1.0)
    assert throttle.next_opening(0.1) < 0.2


@pytest.mark.parametrize("first", [True, False])
def test_a_long_or_second_refusal_closes_the_lane_for_the_named_time(first: bool) -> None:
    """More than a second, or a second refusal in a row: nobody sends until then."""
    throttle = Throttle()
    if not first:
        throttle.refused(throttle.admit(0.0), 0.1, retry_after=0.5)
    throttle.refused(throttle.admit(0.2), 0.3, retry_after=5.0 if first else 0.5)
    assert throttle.next_opening(0.3) == pytest.approx(5.3 if first else 0.8)


@pytest.mark.parametrize("first", ["released", "completed"])
def test_a_refusal_after_hardly_any_request_closes_nothing_for_long(first: str) -> None:
    """One request in a minute, or none that was let in, is no rate: the next goes when it was told to."""
    throttle = Throttle()
    ticket = throttle.admit(0.0)
    (throttle.released if first == "released" else throttle.completed)(ticket, 60.0)
    throttle.refused(throttle.admit(60.0), 60.1, retry_after=0.5, kind="pace")
    assert throttle.next_opening(60.1) < 60.6


def test_a_refusal_after_requests_one_after_another_is_no_measurement_of_them() -> None:
    """Ten steps of half a minute each ask for one in half a minute; the provider may give far more."""
    throttle = Throttle()
    for moment in range(0, 300, 30):
        throttle.completed(throttle.admit(float(moment)), moment + 30.0)
    throttle.refused(throttle.admit(300.0), 300.1, retry_after=0.5, kind="pace")
    assert throttle.next_opening(300.1) < 300.6


def test_a_lane_that_was_idle_for_minutes_is_not_slow_after_a_short_block() -> None:
    """One request, five minutes of nothing, then a block of two seconds: that is not one in five minutes."""
    throttle = Throttle()
    throttle.completed(throttle.admit(0.0), 1.0)
    for moment in (300.0, 300.2, 301.2):
        throttle.refused(throttle.admit(moment), moment + 0.1, retry_after=0.9)
    throttle.completed(throttle.admit(302.2), 302.3)
    assert throttle.scouts.closed_at is None
    throttle.completed(throttle.admit(throttle.next_opening(302.3)), 304.0)
    assert throttle.next_opening(304.0) < 306.0


def test_requests_sent_before_the_last_reaction_change_nothing() -> None:
    """A burst that was refused together closes the lane once, not longer and longer."""
    throttle = Throttle()
    tickets = [throttle.admit(0.0) for _ in range(3)]
    for moment, ticket in zip((1.0, 2.0, 3.0), tickets, strict=True):
        throttle.refused(ticket, moment, retry_after=10.0)
    assert throttle.next_opening(3.0) == 11.0


def test_a_concurrency_refusal_closes_nothing() -> None:
    """Too many at once mends itself when one comes back."""
    throttle = Throttle()
    throttle.admit(0.0)
    throttle.refused(throttle.admit(0.0), 0.1, retry_after=60.0, kind="concurrency")
    assert throttle.next_opening(0.1) == math.inf
    assert throttle.cap.limit(1) == 1


@pytest.mark.parametrize("told", [math.nan, math.inf, None])
def test_a_senseless_wait_is_not_believed(told: float | None) -> None:
    """A lane closed for ever, or until no moment at all, would hang the run."""
    throttle = Throttle()
    throttle.refused(throttle.admit(0.0), 0.1, retry_after=told)
    throttle.refused(throttle.admit(0.2), 0.3, retry_after=told)
    assert math.isfinite(throttle.next_opening(0.3))


@given(STEPS, st.sampled_from([0.0, 0.5]), st.sampled_from([None, 1, 3]))
def test_limits_hold_and_every_permit_comes_back(
    steps: list[tuple[str, float]], interval: float, cap: int | None
) -> None:
    """I23, I24: never more in flight than the cap, never two starts closer than the interval."""
    throttle = Throttle(Limits(interval, cap))
    out: list[Ticket] = []
    starts: list[float] = []
    now = 100.0
    for kind, pause in steps:
        now += pause
        if kind == "ask" and throttle.next_opening(now) <= now:
            out.append(throttle.admit(now))
            starts.append(now)
        elif kind != "ask" and out:
            ticket = out.pop(0)
            end = {"done": throttle.completed, "released": throttle.released}.get(kind)
            end(ticket, now) if end else throttle.refused(ticket, now, 2.0)
        assert throttle.in_flight == len(out) <= (cap or 99)
    gaps = [b - a for a, b in zip(starts, starts[1:], strict=False)]
    assert all(gap >= interval - 1e-9 for gap in gaps)


def test_fifty_threads_never_pass_a_limit_of_three() -> None:
    """C1: the lane's lock makes asking and taking one act."""
    lane, most, together = Lane(Throttle(Limits(concurrency=3))), [], threading.Barrier(50)

    def hammer() -> None:
        together.wait()
        for _ in range(50):
            ticket = lane.try_admit(0.0)
            if isinstance(ticket, Ticket):
                most.append(lane.in_flight)
                lane.completed(ticket, 0.0)

    threads = [threading.Thread(target=hammer) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < max(most) <= 3
    assert lane.in_flight == 0


def test_a_lane_tells_its_watchers_when_something_comes_back() -> None:
    """A run whose steps wait in a lane hears of room that another run made."""
    lane, heard = Lane(), []
    tell = lambda: heard.append(1)  # noqa: E731
    lane.watch(tell)
    for now, end in enumerate((lane.completed, lane.released, lane.unsent, lane.refused)):
        ticket = lane.try_admit(float(now))
        assert isinstance(ticket, Ticket)
        end(ticket, now + 0.5)
    lane.unwatch(tell)
    assert (heard, lane.next_opening(9.0)) == ([1, 1, 1, 1], 9.0)


def test_a_provider_and_account_has_one_lane() -> None:
    """The same pair finds the same lane; another account another."""
    lanes = Lanes(lambda provider: Limits(concurrency=len(provider)))
    assert lanes.lane("fal", "a") is lanes.lane("fal", "a")
    assert lanes.lane("fal", "a") is not lanes.lane("fal", "b")
    tickets = [lanes.lane("fal").try_admit(0.0) for _ in range(4)]
    assert tickets[3] == math.inf
