"""What the throttle reaches against simulated limits, in virtual time; the whole table is a benchmark."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.engine.throttle import Limits, Throttle
from tests.engine.servers import KINDS, Changing, Client, InFlight, Outage, TokenBucket, best_possible

if TYPE_CHECKING:
    from tests.engine.servers import Outcome

RATES = {
    "TB": Limits(per_second=10.0),
    "SW": Limits(per_second=6.0),
    "FW": Limits(per_second=6.0),
    "CC": Limits(concurrency=10),
    "TB+CC": Limits(per_second=10.0, concurrency=24),
}


def played(kind: str, throttle: Throttle, *, jobs: int = 1000, **told: Any) -> tuple[Outcome, float]:
    """The run, and its efficiency in per cent of what the limit allows."""
    out = Client(KINDS[kind](), throttle, jobs=jobs, **told).run()
    return out, 100.0 * best_possible(KINDS[kind](), 64, jobs, seed=11) / out.seconds


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_limit_is_found_and_used(kind: str) -> None:
    """Told nothing: all jobs done, hardly any time lost, and few refusals, most of them at the beginning."""
    out, efficiency = played(kind, Throttle())
    assert (out.done, out.failed) == (1000, 0)
    assert efficiency > 95.0
    assert len(out.refusals) <= 40


@pytest.mark.parametrize("kind", KINDS)
def test_announced_limits_are_heeded_from_the_first_word(kind: str) -> None:
    """With limits in the headers next to nothing is refused."""
    out, efficiency = played(kind, Throttle(), retry_after=True, headers=True)
    assert efficiency > 95.0
    assert len(out.refusals) <= 3


@pytest.mark.parametrize("kind", KINDS)
def test_limits_that_are_set_are_never_tried(kind: str) -> None:
    """Who knows the limits is not refused once."""
    out, efficiency = played(kind, Throttle(RATES[kind]))
    assert out.refusals == []
    assert efficiency > 95.0


@pytest.mark.parametrize("kind", ["TB", "CC"])
def test_what_one_run_has_learnt_saves_the_next_one_refusals(kind: str) -> None:
    """A snapshot survives JSON, and whoever goes on from it does not look for the limit again."""
    first, second = Throttle(), Throttle()
    before, _ = played(kind, first)
    second.restore(json.loads(json.dumps(first.snapshot())))
    after, _ = played(kind, second, seed=12)
    assert len(after.refusals) < len(before.refusals)


@pytest.mark.parametrize("kind", ["TB", "CC"])
def test_a_limit_that_is_halved_is_kept_to_within_seconds(kind: str) -> None:
    """Half a minute after the change next to nothing is refused any more."""
    servers = {"TB": (TokenBucket(10.0), TokenBucket(5.0)), "CC": (InFlight(10), InFlight(5))}
    out = Client(Changing(*servers[kind], at=60.0), Throttle(), jobs=900).run()
    late = [moment for moment in out.refusals if 90.0 < moment < 120.0]
    assert out.done == 900
    assert len(late) <= 8


@pytest.mark.parametrize("start", [40.0, 46.6])
def test_an_outage_costs_few_requests_and_ends_soon_after_it_is_over(start: float) -> None:
    """A minute in which all is refused: single requests ask, and find the end within ten seconds."""
    out = Client(Outage(TokenBucket(), start), Throttle(), jobs=800).run()
    during = [moment for moment in out.sends if start <= moment < start + 60.0]
    first = next(moment for moment in out.entries if moment >= start + 60.0)
    assert out.done == 800
    assert len(during) <= 20
    assert first - start - 60.0 <= 10.0


def test_a_window_that_nobody_announces_is_found_by_its_retry_after() -> None:
    """Told to come back in so many seconds, nobody asks before that."""
    out, _ = played("FW", Throttle(), jobs=300, retry_after=True)
    assert not [moment for moment in out.sends if 3.0 < moment < 10.0]
