"""Modelled providers: queues, refusals and service times as real ones have them."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.catalogue.limits import UsualLimits
from acp_action.engine.modelled import Declined, Modelled, Taken, drawn

arrivals = st.lists(st.tuples(st.floats(0, 5), st.floats(0.01, 20)), min_size=1, max_size=40)


def test_what_is_over_the_limit_waits_in_the_queue() -> None:
    """First come, first served: the third of two places begins when the first is through."""
    fal = Modelled(UsualLimits(concurrency=2, queues=True))
    assert [fal.ask(0.0, seconds) for seconds in (10.0, 4.0, 1.0, 1.0)] == [
        Taken(0.0), Taken(0.0), Taken(4.0), Taken(5.0),
    ]  # fmt: skip


def test_without_a_queue_it_is_refused_until_one_is_back() -> None:
    """The refusal says that too much is in flight, and takes a round trip."""
    eleven = Modelled(UsualLimits(concurrency=1))
    assert eleven.ask(0.0, 3.0) == Taken(0.0)
    assert eleven.ask(1.0, 3.0) == Declined("concurrency")
    assert eleven.ask(3.0, 3.0) == Taken(0.0)


def test_a_full_window_says_how_long_it_stays_full() -> None:
    """In whole seconds, rounded up, where the provider says it at all."""
    limits = UsualLimits(requests=2, window=60.0, tells_wait=True)
    paced = Modelled(limits)
    assert [paced.ask(now, 1.0) for now in (0.0, 10.5, 20.0)] == [Taken(), Taken(), Declined("pace", 40.0)]
    assert paced.ask(60.0, 1.0) == Taken()
    silent = Modelled(limits._replace(tells_wait=False, requests=1))
    assert [silent.ask(0.0, 1.0), silent.ask(0.0, 1.0)] == [Taken(), Declined("pace")]


@given(arrivals, st.integers(1, 5), st.booleans())
def test_no_more_are_worked_on_than_the_limit_says(
    gaps: list[tuple[float, float]], most: int, queues: bool
) -> None:
    """At no moment, whoever comes when."""
    modelled, now, spans = Modelled(UsualLimits(concurrency=most, queues=queues)), 0.0, []
    for gap, service in gaps:
        now += gap
        said = modelled.ask(now, service)
        if isinstance(said, Taken):
            spans.append((now + said.queued, now + said.queued + service))
    for begin, _ in spans:
        # A moment later, because sums of the same figures differ in their last digits.
        assert sum(b <= begin + 1e-6 < e for b, e in spans) <= most


@given(arrivals, st.integers(1, 5), st.floats(1, 30))
def test_no_window_lets_more_through(gaps: list[tuple[float, float]], most: int, window: float) -> None:
    """Any span as long as the window."""
    modelled, now, sent = Modelled(UsualLimits(requests=most, window=window)), 0.0, []
    for gap, service in gaps:
        now += gap
        if isinstance(modelled.ask(now, service), Taken):
            sent.append(now)
    for first in sent:
        assert sum(first <= moment < first + window * (1 - 1e-9) for moment in sent) <= most


def test_service_times_have_the_mean_that_was_asked_for() -> None:
    """Their logarithms have the spread, and they are never below zero."""
    values = [drawn(10.0, 0.5, 1, n) for n in range(4000)]
    assert fmean(values) == pytest.approx(10.0, rel=0.05)
    assert stdev(values) == pytest.approx(5.33, rel=0.15)
    assert min(values) > 0


def test_the_same_key_draws_the_same() -> None:
    """So that runs with other workers do the same work; another seed draws another time."""
    assert drawn(10.0, 0.5, 1, "a") == drawn(10.0, 0.5, 1, "a")
    assert drawn(10.0, 0.5, 1, "a") != drawn(10.0, 0.5, 2, "a")
    assert drawn(10.0, 0.0, 1, "a") == 10.0
