"""What is known of a job while it is waited for."""

from __future__ import annotations

import math

import pytest

from acp_action.providers.base import RemoteJob
from acp_action.providers.jobs.polling import Expectation
from acp_action.providers.jobs.watch import Look, Watch

TEN_SECONDS = Expectation(math.log(10), 0.6)


def a_watch(*, taken_up: bool = False) -> Watch:
    """A job ordered at 100."""
    return Watch(RemoteJob("j"), TEN_SECONDS, 100.0, taken_up)


def test_first_look_waits_until_something_may_be_done() -> None:
    """A job that takes ten seconds is not asked for in its first."""
    assert 2 < a_watch().pause(100.0) < 10


def test_a_job_taken_up_is_looked_at_at_once_and_then_often() -> None:
    """It may be done already; if not, it is some way into its time."""
    watch = a_watch(taken_up=True)
    assert watch.pause(100.0) == 0
    watch.saw(Look("begun"), 100.0)
    assert 0.1 <= watch.pause(100.0) < 3


def test_time_in_the_queue_is_counted_apart() -> None:
    """Queued until 130, begun when seen at 140: the job began about 135, and ran 10 s until 145."""
    watch = a_watch()
    for now, state in ((110.0, "queued"), (130.0, "queued"), (140.0, "begun"), (145.0, "ended")):
        watch.saw(Look(state), now)  # type: ignore[arg-type]
    assert watch.queued == 35
    assert watch.ran == pytest.approx(7.5)


def test_the_service_s_own_figure_tells_when_a_job_began() -> None:
    """In the queue at 130, ended at 140 after 4 s of work: it began at 136."""
    watch = a_watch()
    watch.saw(Look("queued"), 130.0)
    watch.saw(Look("ended", took=4.0), 140.0)
    assert watch.queued == 36
    assert watch.ran == 4


def test_what_is_heard_when_it_happens_is_not_guessed() -> None:
    """Followed by a stream: queued from 100 to 140, at work until 145, whenever something was heard last."""
    watch = a_watch()
    watch.live = True
    for now, state in ((101.0, "queued"), (140.0, "begun"), (145.0, "ended")):
        watch.saw(Look(state), now)  # type: ignore[arg-type]
    assert (watch.queued, watch.ran) == (40, 5)


def test_a_queue_that_was_never_seen_is_no_wait() -> None:
    """``IN_QUEUE`` in the answer to the order means nothing when work begins at once."""
    watch = a_watch()
    watch.saw(Look("ended", took=3.0), 108.0)
    assert (watch.queued, watch.ran) == (0, 3)


def test_a_lie_about_the_time_is_bounded_by_what_was_seen() -> None:
    """Under way at 109, ended at 110: it ran 9 to 10 s, whatever the service tells."""
    watch = a_watch()
    watch.saw(Look("begun"), 109.0)
    watch.saw(Look("ended", took=0.1), 110.0)
    assert watch.ran == 9


def test_nonsense_is_met_with_growing_pauses() -> None:
    """Trouble at the other end is not hammered, and a pause that is asked for is kept."""
    watch = a_watch()
    pauses = []
    for _ in range(8):
        watch.saw(Look("unclear"), 101.0)
        pauses.append(watch.pause(101.0))
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 10)
    watch.saw(Look("unclear", pause=33.0), 101.0)
    assert watch.pause(101.0) == 33


def test_a_job_that_is_not_known_is_noticed() -> None:
    """From the first time it was not there, until it is."""
    watch = a_watch()
    assert watch.gone_for(105.0) == 0
    watch.saw(Look("gone"), 101.0)
    watch.saw(Look("unclear"), 103.0)
    assert watch.gone_for(105.0) == 4
    watch.saw(Look("begun"), 106.0)
    assert watch.gone_for(110.0) == 0


def test_a_long_queue_is_asked_rarely() -> None:
    """Ten minutes in a queue cost few looks."""
    watch, now, looks = a_watch(), 100.0, 0
    watch.saw(Look("queued", position=3), now)
    while now < 700:
        now += watch.pause(now)
        watch.saw(Look("queued", position=3), now)
        looks += 1
    assert looks <= 36
