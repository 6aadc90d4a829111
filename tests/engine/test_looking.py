"""Results of earlier runs are looked for before a provider's limits are minded."""

from __future__ import annotations

from acp_action.engine.outcome import Fatal, Unmade
from acp_action.engine.throttle import Lanes, Limits
from acp_action.events import StepStarted
from tests.engine.harness import DONE, Virtual, near, statuses
from tests.engine.plans import Spec, plan_of

SPECS = [Spec(f"s{n}") for n in range(20)]
NAMES = frozenset(spec.name for spec in SPECS)


def test_what_is_there_waits_for_no_limit() -> None:
    """A rerun with a second between requests takes no seconds: it makes no requests."""
    run = Virtual(plan_of(SPECS, rate_limit_delay=1.0), made_before=NAMES)
    result = run.run()
    assert set(statuses(result).values()) == {"cached"}
    assert result.total_duration == near(0.0)


def test_looking_takes_no_place_at_the_provider() -> None:
    """A lane with room for one is as free after it as before."""
    lanes = Lanes(lambda _provider: Limits(concurrency=1))
    run = Virtual(plan_of(SPECS), lanes=lanes, made_before=NAMES, look=(5.0, DONE))
    assert run.run().total_duration == near(5.0)
    assert lanes.lane("fake").in_flight == 0


def test_what_is_not_there_is_asked_for_as_if_nobody_had_looked() -> None:
    """One start is told, one attempt counted, and the provider's limit holds."""
    run = Virtual(plan_of(SPECS[:3], rate_limit_delay=1.0), made_before=NAMES, look=(0.0, Unmade()))
    result = run.run()
    starts = [event for event in run.recorder.events if isinstance(event, StepStarted)]
    assert sorted((event.step, event.attempt) for event in starts) == [("s0", 1), ("s1", 1), ("s2", 1)]
    assert sorted(event.at for event in starts) == [near(0.0), near(1.0), near(2.0)]
    assert [len(step.attempts) for step in result] == [1, 1, 1]


def test_its_time_out_counts_from_the_real_start() -> None:
    """Neither the look nor the wait after it is the step's own time."""
    specs = [Spec("a", timeout=2.0)]
    run = Virtual(plan_of(specs), made_before=NAMES | {"a"}, look=(1.5, Unmade()))
    assert statuses(run.run()) == {"a": "succeeded"}


def test_a_stop_while_it_is_looked_for_ends_the_step() -> None:
    """Nothing is asked for after a stop."""
    run = Virtual(plan_of(SPECS[:1]), made_before=NAMES, look=(3.0, Unmade()))
    run.deaf = {"s0"}
    result = run.run(stop_at=1.0)
    assert statuses(result) == {"s0": "cancelled"}
    assert result.total_duration == near(3.0)


def test_what_is_lost_fails_and_is_told_to_have_started() -> None:
    """A look that ends the step is an attempt like any other."""
    run = Virtual(plan_of(SPECS[:1]), made_before=NAMES, look=(1.0, Fatal("gone")))
    assert statuses(run.run()) == {"s0": "failed"}
    assert run.recorder.started == ["s0"]
