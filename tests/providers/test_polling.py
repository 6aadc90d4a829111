"""Looking at remote jobs: soon after their end, and not more often than that takes."""

from __future__ import annotations

import math
import random
import threading
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.providers.jobs.polling import Expectation, Experience, next_in_queue, next_look

WRONG_BY = (1 / 3, 1 / 2, 1.0, 2.0, 3.0)
SUBMIT_AND_RESULT = 2


def watched(took: float, expected: Expectation) -> tuple[float, int]:
    """When a job was seen to be done, and how many looks that took."""
    now, looks = 0.0, 0
    while now < took:
        now = next_look(now, expected)
        looks += 1
    return now, looks


def polled(wrong_by: float, seed: int, *, jobs: int = 40, at_once: int = 4) -> list[tuple[float, int]]:
    """For each job of a run the relative delay and the requests; the catalogue says 30 s, and is wrong."""
    chance, experience, seen, waves = random.Random(seed), Experience(), [], range(0, jobs, at_once)
    for _ in waves:
        expected = experience.expectation("endpoint", 30.0)
        times = [30.0 * wrong_by * math.exp(chance.gauss(0, 0.6)) for _ in range(at_once)]
        for took in times:
            found, looks = watched(took, expected)
            seen.append(((found - took) / took, looks + SUBMIT_AND_RESULT))
        for took in times:
            experience.learn("endpoint", 30.0, took)
    return seen


def test_half_of_the_jobs_are_seen_within_a_twentieth_of_their_time() -> None:
    """Median delay at most 5 % of the job's time, at most 12 requests a job, whatever the catalogue said."""
    seen = [job for wrong in WRONG_BY for seed in range(8) for job in polled(wrong, seed)]
    assert median(delay for delay, _ in seen) <= 0.05
    assert mean(delay for delay, _ in seen) <= 0.15
    assert mean(requests for _, requests in seen) <= 12


@pytest.mark.parametrize("wrong_by", WRONG_BY)
def test_no_wrong_guess_costs_much(wrong_by: float) -> None:
    """However wrong the catalogue is, jobs are seen soon, and with few looks."""
    seen = [job for seed in range(8) for job in polled(wrong_by, seed)]
    assert median(delay for delay, _ in seen) <= 0.06
    assert mean(requests for _, requests in seen) <= 14


def test_short_jobs_are_not_hammered() -> None:
    """Looks are at least a tenth of a second apart."""
    expected = Experience().expectation("quick", 0.2)
    assert next_look(0.0, expected) >= 0.1
    assert next_look(0.3, expected) >= 0.4 - 1e-9


@given(
    elapsed=st.floats(0, 1e6),
    guess=st.none() | st.floats(0.01, 1e5),
    seen=st.lists(st.floats(0.001, 1e5), max_size=30),
)
def test_next_look_is_later_and_not_too_late(elapsed: float, guess: float | None, seen: list[float]) -> None:
    """For any history a look is due, later than now and within a minute."""
    experience = Experience()
    for took in seen:
        experience.learn("e", guess, took)
    due = next_look(elapsed, experience.expectation("e", guess))
    assert elapsed < due <= elapsed + 60.001


def test_what_was_seen_outweighs_the_catalogue() -> None:
    """After a few jobs the expectation is theirs, and its spread is that of job times alone."""
    experience = Experience()
    for took in (58, 60, 62, 61, 59):
        experience.learn("e", 20.0, took)
    learnt = experience.expectation("e", 20.0)
    assert 50 < learnt.at(0) < 65
    assert learnt.spread < experience.expectation("other", 20.0).spread


def test_endpoints_learn_relative_to_what_was_asked() -> None:
    """A film twice as long is expected to take twice as long, also by what was seen."""
    experience = Experience()
    experience.learn("e", 30.0, 90.0)
    short, long = experience.expectation("e", 30.0), experience.expectation("e", 60.0)
    assert long.at(0) == pytest.approx(2 * short.at(0))


@pytest.mark.parametrize("took", [0.0, -1.0, math.nan, math.inf])
def test_nonsense_teaches_nothing(took: float) -> None:
    """A service may tell any time."""
    experience = Experience()
    experience.learn("e", 10.0, took)
    assert experience.expectation("e", 10.0) == Experience().expectation("e", 10.0)


def test_experience_is_shared_by_threads() -> None:
    """No job is lost when many threads learn at once."""
    experience = Experience()

    def learn() -> None:
        for _ in range(25):
            experience.learn("e", 10.0, 20.0)

    threads = [threading.Thread(target=learn) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert experience.expectation("e", 10.0).at(0) == pytest.approx(20.0, rel=0.05)


def test_queue_is_asked_rarely() -> None:
    """An hour in the queue costs few looks, and a place far back makes them rarer."""
    expected = Experience().expectation("e", 60.0)
    waited, looks = 0.0, 0
    while waited < 600:
        waited += next_in_queue(waited, expected)
        looks += 1
    assert looks <= 32
    assert next_in_queue(0, expected, 5) > next_in_queue(0, expected, 0)
