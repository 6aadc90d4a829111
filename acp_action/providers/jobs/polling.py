"""When to look at a remote job next: seldom while it cannot be done, often around the time when it will be.

Job times are taken for lognormal around what the catalogue expects, corrected by what this process has seen
of the same endpoint. A look is due when the delay that is to be expected since the last one, relative to the
job's time, has grown to a bound. From shortly before the middle of the distribution on, looks follow each
other in a fixed ratio, so that a job is seen a few per cent of its time after its end: there every look finds
something, while looking often at the start would cost looks and find little. The numbers below were chosen
by simulation (``tests/providers/test_polling.py`` holds what they reach).
"""

from __future__ import annotations

import math
import threading
from typing import Final, NamedTuple

_BOUND: Final = 0.02  # relative delay that may gather, in expectation, before the first dense look
_DENSE_FROM: Final = -0.15  # in standard deviations of the logarithm
_RATIO: Final = 0.05
_LATE_FROM: Final = 1.0
_LATE_RATIO: Final = 0.12
_SPREAD: Final = 0.6  # of the logarithm, of a model's job times as such
_STEADY: Final = 0.66  # a spread up to which nothing is wrong with the expectation
_TRUST: Final = 0.3  # of how many jobs the catalogue's word counts: it may be wrong by a factor of three
_SLACK: Final = 0.3  # an end seen late costs more looks than one expected late, so the first guess is higher
_SPREAD_TRUST: Final = 8.0
_GUESS: Final = 15.0  # seconds, where nothing at all is known
_LONG_MEMORY: Final = 200
_LEAST: Final = 0.1
_MOST: Final = 60.0
_LEAST_IN_QUEUE: Final = 0.5
_MOST_IN_QUEUE: Final = 30.0


class Expectation(NamedTuple):
    """Of a job's time from its begin: the logarithm of the median in seconds, and the spread around it."""

    middle: float
    spread: float

    def at(self, deviations: float) -> float:
        """The seconds after which a job is done with the probability of so many standard deviations."""
        return math.exp(self.middle + deviations * self.spread)


class Experience:
    """What was seen of each endpoint's job times, relative to what was expected; for all threads."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float, float]] = {}
        self._lock = threading.Lock()

    def expectation(self, endpoint: str, expected: float | None) -> Expectation:
        """What to expect of a job that the catalogue expects to take ``expected`` seconds."""
        count, total, squares = self._seen.get(endpoint, (0.0, 0.0, 0.0))
        known = count + _TRUST
        shift = (total + _TRUST * _SLACK) / known
        about = squares - 2 * shift * total + count * shift**2 + _TRUST * (shift - _SLACK) ** 2
        variance = (_SPREAD_TRUST * _SPREAD**2 + about) / (_SPREAD_TRUST + count)
        middle = math.log(expected if expected and expected > 0 else _GUESS) + shift
        return Expectation(middle, math.sqrt(variance * (1 + 1 / known)))

    def learn(self, endpoint: str, expected: float | None, took: float) -> None:
        """Note what a job took. Of very many the old ones fade."""
        if not (took > 0 and math.isfinite(took)):
            return
        ratio = math.log(took / (expected if expected and expected > 0 else _GUESS))
        with self._lock:
            count, total, squares = self._seen.get(endpoint, (0.0, 0.0, 0.0))
            fade = min(_LONG_MEMORY / (count + 1), 1.0)
            self._seen[endpoint] = (
                (count + 1) * fade,
                (total + ratio) * fade,
                (squares + ratio**2) * fade,
            )


def next_look(elapsed: float, expected: Expectation) -> float:
    """How many seconds after its begin a job should be looked at next, which was not done at ``elapsed``."""
    unsure = max(expected.spread / _STEADY, 1.0)
    place = (math.log(elapsed) - expected.middle) / expected.spread if elapsed > 0 else -math.inf
    ratio = (_RATIO if place < _LATE_FROM else _LATE_RATIO) * unsure
    least = max(elapsed * (1 + ratio), elapsed + _LEAST)
    if place < _DENSE_FROM - 1e-9:
        dense = expected.at(_DENSE_FROM)
        least = max(min(_early(elapsed, expected, _BOUND * unsure), dense), least)
    return min(least, elapsed + _MOST)


def next_in_queue(waited: float, expected: Expectation, position: int | None = None) -> float:
    """Seconds until a job that has not begun should be looked at again: a part of the wait so far.

    Each job before it makes it a tenth of a job's time longer; others of them are done at once.
    """
    ahead = 1 + min(position or 0, 20) * 0.1
    pause = max(expected.at(0) * 0.1 * ahead, waited * 0.25)
    return min(max(pause, _LEAST_IN_QUEUE), _MOST_IN_QUEUE)


def _early(elapsed: float, expected: Expectation, bound: float) -> float:
    """The time at which the expected relative delay since ``elapsed`` comes to ``bound``."""
    low, high = elapsed, expected.at(_DENSE_FROM)
    for _ in range(30):
        middle = (low + high) / 2
        if _delay(elapsed, middle, expected) < bound:
            low = middle
        else:
            high = middle
    return low


def _delay(since: float, until: float, expected: Expectation) -> float:
    """The mean of (until - T) / T over the jobs that end between the two, of all not done at ``since``."""
    shift = math.exp(expected.spread**2 / 2 - expected.middle)
    early, late = _deviations(since, expected), _deviations(until, expected)
    weighted = _below(late + expected.spread) - _below(early + expected.spread)
    return (until * shift * weighted - (_below(late) - _below(early))) / (1 - _below(early))


def _deviations(seconds: float, expected: Expectation) -> float:
    return (math.log(seconds) - expected.middle) / expected.spread if seconds > 0 else -math.inf


def _below(deviations: float) -> float:
    return 0.5 * math.erfc(-deviations / math.sqrt(2))
