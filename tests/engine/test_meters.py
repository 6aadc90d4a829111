"""The parts of the throttle, each by itself: pace, cap, whose refusal it was, scouts, and the whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acp_action.engine.throttle import Limits, Throttle
from acp_action.engine.throttle.blame import BOTH, PACE, SURELY_CAP, Witness
from acp_action.engine.throttle.cap import CapMeter
from acp_action.engine.throttle.pace import PaceMeter
from acp_action.engine.throttle.scouts import Scouts
from acp_action.engine.throttle.tally import Tally
from acp_action.providers.base import Announced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.engine.throttle import Ticket


def test_the_pace_is_what_was_let_in_between_two_refusals() -> None:
    """Both are moments at which the provider was full: fifty in ten seconds is five a second."""
    pace = PaceMeter()
    pace.refused(2.0, 30, start=0.0, recent=0.0)
    pace.refused(12.0, 80, start=0.0, recent=0.0)
    assert pace.measured == pytest.approx(5.0)
    assert 4.9 < pace.pace < 5.5


def test_the_pace_climbs_slowly_then_fast_until_it_is_refused() -> None:
    """Just below the rate at first, at the end far beyond: a limit that rose is found."""
    pace = PaceMeter()
    pace.refused(2.0, 30, start=0.0, recent=0.0)
    pace.refused(12.0, 80, start=0.0, recent=0.0)
    seen = []
    for _ in range(200):
        seen.append(pace.pace)
        pace.admit(0.0, 0.1, 0.0)
    assert seen == sorted(seen)
    assert seen[0] < 5.5 < 10.0 < seen[-1]


def test_few_requests_are_no_measurement() -> None:
    """Three in a second say nothing about the rate."""
    pace = PaceMeter()
    pace.refused(2.0, 30, start=0.0, recent=0.0)
    before = pace.rate
    pace.refused(3.0, 33, start=0.0, recent=0.0)
    assert (pace.rate, pace.measured) == (before, None)


def test_a_late_request_does_not_move_the_slots_behind_it() -> None:
    """Timers are late; the rate is not lost by it."""
    pace = PaceMeter(ceiling=10.0)
    pace.admit(0.0, 0.0, 0.0)
    pace.admit(0.0, 0.0, 0.0)
    assert pace.opening == pytest.approx(0.1)
    pace.admit(0.15, 0.0, 0.0)
    assert pace.opening == pytest.approx(0.2)


def test_the_cap_is_what_was_in_flight_when_one_was_refused() -> None:
    """Ten others were there: ten it is."""
    cap = CapMeter()
    cap.refused(1.0, 10, slack=1)
    assert cap.limit(1) == 10


def test_a_trial_that_is_let_in_raises_the_cap_and_one_that_is_refused_ends() -> None:
    """One more at a time, twice as many after each success; a failure goes back to what was known."""
    cap = CapMeter()
    cap.refused(1.0, 10, slack=1)
    cap.held(1.0)
    assert cap.limit(1) == 11
    for _ in range(4):
        cap.admitted(10, slack=1)
    assert (cap.level, cap.limit(1)) == (11, 13)
    cap.refused(9.0, 12, slack=1)
    assert cap.limit(1) == 11


def test_a_cap_that_was_confirmed_twice_stands_a_single_refusal() -> None:
    """Three within five seconds it does not."""
    cap = CapMeter()
    cap.refused(1.0, 10, slack=1)
    for moment in (5.0, 20.0):
        cap.held(99.0)
        cap.refused(moment, 10, slack=1)
    cap.refused(40.0, 5, slack=5)
    assert cap.limit(1) == 10
    cap.refused(41.0, 5, slack=5)
    cap.refused(42.0, 5, slack=5)
    assert cap.limit(1) == 5


def seen_by(events: Sequence[tuple[int, bool]]) -> Witness:
    """A witness of requests a second apart: beside how many others, and whether let in."""
    witness = Witness()
    for moment, (ahead, admitted) in enumerate(events):
        witness.note(float(moment), ahead, admitted=admitted)
    return witness


def test_a_refusal_with_nothing_in_flight_is_about_the_pace() -> None:
    """No cap is below one."""
    assert Witness().judge(0.0, 0, 1, in_a_row=False) == PACE


def test_what_is_let_in_beside_more_others_tells_for_the_pace() -> None:
    """With twelve in flight it went well, with ten not: the number in flight is not the reason."""
    assert seen_by([(12, True), (10, False)]).judge(2.0, 10, 1, in_a_row=False) == PACE


def test_three_refusals_at_the_same_number_are_surely_the_cap() -> None:
    """As long as something was let in between them; in a row they may be about anything."""
    events = [(10, False), (9, True)] * 3
    assert seen_by(events).judge(6.0, 10, 1, in_a_row=False) == SURELY_CAP
    assert seen_by(events).judge(6.0, 10, 1, in_a_row=True) == BOTH
    assert seen_by(events[:2]).judge(2.0, 10, 1, in_a_row=False) == BOTH


def test_a_cap_that_fell_is_thought_of_although_more_was_let_in_before() -> None:
    """Four single refusals since: the old times may be over."""
    events = [(9, True)] * 20 + [(5, False), (3, True)] * 4
    assert seen_by(events).judge(28.0, 5, 1, in_a_row=False) == BOTH


def test_after_two_refusals_in_a_row_one_request_at_a_time_asks() -> None:
    """At growing distances, and at once when a scout is let in."""
    scouts, gaps, now = Scouts(), [], 100.0
    scouts.admit(99.5, 0)
    for number in range(1, 7):
        scouts.refused(now, now - 0.1, None, sure_cap=False)
        gaps.append(scouts.opening - now)
        now = max(scouts.opening, now)
        scouts.admit(now, number)
    assert gaps[0] == -math.inf
    assert gaps[1] == pytest.approx(0.2)
    assert all(0.0 < gap <= 10.0 for gap in gaps[1:])
    assert scouts.opening == math.inf
    assert scouts.admitted(now, 6) is not None
    assert scouts.opening == -math.inf


def test_a_window_that_a_slow_first_request_opened_is_asked_for_a_second_time() -> None:
    """The first request of a process has a connection to make, so its window ends later than it seems."""
    scouts, sent, now = Scouts(wall=3.0), [], 2.0
    scouts.admit(0.0, 0)
    while now < 6.0:
        scouts.refused(now, now, None, sure_cap=False)
        now = max(scouts.opening, now + 0.01)
        sent.append(now)
    assert pytest.approx(5.03) in sent
    assert pytest.approx(5.4) in sent


def test_scouts_never_wait_longer_than_ten_seconds_whatever_the_outage() -> None:
    """Windows end at round times of the clock."""
    scouts, now = Scouts(wall=3.3), 0.0
    scouts.admit(now, 0)
    while now < 3600.0:
        scouts.refused(now, now - 0.1, None, sure_cap=False)
        opening = max(scouts.opening, now)
        assert opening - now <= 10.0
        now = opening + 0.1


def test_a_request_counts_as_let_in_when_it_stays_out() -> None:
    """A refusal takes a tenth of a second, so after three of these it was none."""
    tally = Tally()
    first, second = tally.send(0.0), tally.send(0.2)
    assert tally.grown(0.2) == []
    assert tally.grown(0.4) == [first]
    tally.end(second)
    tally.miss(second)
    assert (tally.grown(9.0), tally.admitted_before(2), tally.in_flight) == ([], 1, 1)


def test_long_memory_is_forgotten_without_losing_count() -> None:
    """After thousands of refusals the count of the others is still right."""
    tally = Tally()
    for number in range(4000):
        ticket = tally.send(float(number))
        tally.end(ticket)
        if number % 2:
            tally.miss(ticket)
    assert tally.admitted_before(4000) == 2000


def test_what_the_provider_says_is_told_apart() -> None:
    """A refusal that names the cap leaves the pace alone, and the other way round."""
    for kind, paced, capped in (("concurrency", False, True), ("pace", True, False)):
        throttle = Throttle()
        for _ in range(3):
            throttle.admit(0.0)
        throttle.refused(throttle.admit(0.0), 0.1, kind=kind)
        assert (throttle.pace.rate is not None, throttle.cap.level < math.inf) == (paced, capped)


def test_the_providers_profile_decides_where_nothing_else_does() -> None:
    """A provider that limits what is in flight is not slowed down by a first refusal."""
    throttle = Throttle(Limits(profile="concurrency"))
    for _ in range(3):
        throttle.admit(0.0)
    throttle.refused(throttle.admit(0.0), 0.1)
    assert (throttle.pace.rate, throttle.cap.level) == (None, 3)


def test_an_announced_limit_never_raises_one_that_was_set() -> None:
    """Who sets a limit knows why."""
    throttle = Throttle(Limits(per_second=1.0, concurrency=2))
    throttle.completed(throttle.admit(0.0), 0.5, Announced(concurrency=50, per_second=80.0))
    assert (throttle.pace.pace, throttle.cap.limit(1)) == (0.98, 2)


@pytest.mark.parametrize("announced", [Announced(concurrency=0, per_second=0.0), Announced(per_second=-1.0)])
def test_a_senseless_announcement_is_not_heeded(announced: Announced) -> None:
    """Lying headers: a limit of nothing would hang the run."""
    throttle = Throttle()
    throttle.completed(throttle.admit(0.0), 0.5, announced)
    assert throttle.next_opening(0.5) < math.inf


REPLIES = st.lists(
    st.tuples(
        st.sampled_from(["done", "none", "short", "long", "huge", "lost", "unsent"]),
        st.sampled_from(["unknown", "concurrency", "pace"]),
        st.floats(0.001, 3.0),
    ),
    max_size=40,
)
TOLD = {"none": None, "short": 0.5, "long": 7.0, "huge": 1e9}


@settings(max_examples=60, deadline=None)
@given(REPLIES, st.sampled_from([None, 2.0, 50.0]), st.sampled_from([None, 1, 5]))
def test_whatever_comes_back_a_lane_with_nothing_in_flight_opens_again(
    replies: list[tuple[str, str, float]], rate: float | None, cap: int | None
) -> None:
    """I23, I24, I26: limits that are set hold, permits come back, and no wait is endless or in the past."""
    out: list[Ticket] = []
    throttle, now = Throttle(Limits(per_second=rate, concurrency=cap)), 50.0
    starts: dict[int, float] = {}
    for reply, kind, pause in replies:
        opening = throttle.next_opening(now)
        while opening <= now and len(out) < 8:
            out.append(throttle.admit(now))
            starts[out[-1].number] = now
            opening = throttle.next_opening(now)
        assert opening > now or len(out) == 8
        assert throttle.in_flight == len(out) <= (cap or 8)
        now += pause
        if out:
            if reply == "unsent":
                del starts[out[0].number]
            end(throttle, out.pop(0), reply, kind, now)
    while out:
        throttle.completed(out.pop(), now)
    assert now <= throttle.next_opening(now) <= now + 24 * 3600.0
    if rate is not None:
        # A request that is not sent after all gives its slot back, to whoever is next.
        spare = sum(reply == "unsent" for reply, _, _ in replies)
        assert_paced(list(starts.values()), rate, spare)


def end(throttle: Throttle, ticket: Ticket, reply: str, kind: str, now: float) -> None:
    """Let a request come back in one of the ways there are."""
    if reply in TOLD:
        throttle.refused(ticket, now, TOLD[reply], kind)
    else:
        {"done": throttle.completed, "lost": throttle.released, "unsent": throttle.unsent}[reply](ticket, now)


def assert_paced(starts: list[float], rate: float, spare: int) -> None:
    """I23: in any stretch of time no more than the rate allows, and two: the first, and one that was late."""
    for first in range(len(starts)):
        for last in range(first + 1, len(starts)):
            assert last - first + 1 <= rate * (starts[last] - starts[first]) + 2.0 + spare + 1e-6
