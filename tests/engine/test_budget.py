"""The budget that all steps of a provider pay their retries from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.budget import COST, FULL, RetryBudget
from acp_action.engine.outcome import Transient
from acp_action.engine.throttle import Lanes
from tests.engine.harness import DONE, Virtual, statuses
from tests.engine.plans import Spec, group_of, plan_of

if TYPE_CHECKING:
    from tests.engine.harness import Script

DOWN = Transient("503 service unavailable")
MOST = int(FULL // COST)


def spent() -> RetryBudget:
    """One of which nothing is left at second 0."""
    budget = RetryBudget()
    while budget.take(0.0):
        pass
    return budget


def test_retries_that_succeed_cost_nothing() -> None:
    """What a retry took comes back with its success, so a service that fails now and then is no matter."""
    budget = RetryBudget()
    for _ in range(10 * MOST):
        assert budget.take(0.0)
        budget.succeeded(0.0, retried=True)
    assert sum(budget.take(0.0) for _ in range(2 * MOST)) == MOST


def test_an_empty_budget_fills_with_successes_and_with_time() -> None:
    """One for a success, one for a second: fourteen of either pay for a retry."""
    by_success, by_time = spent(), spent()
    for _ in range(int(COST)):
        by_success.succeeded(0.0, retried=False)
    assert by_success.take(0.0)
    assert not by_time.take(COST - 11.0)
    assert by_time.take(COST)


@given(st.lists(st.tuples(st.sampled_from(["take", "won", "back"]), st.floats(-10.0, 100.0)), max_size=60))
def test_it_never_holds_more_than_it_began_with(events: list[tuple[str, float]]) -> None:
    """Whatever happened before, and wherever the clock went: no more retries in a row than at first."""
    budget, now = RetryBudget(), 0.0
    for event, seconds in events:
        now += seconds
        if event == "take":
            budget.take(now)
        else:
            budget.succeeded(now, retried=event == "back")
    assert sum(budget.take(now) for _ in range(2 * MOST)) <= MOST


def test_a_service_that_is_down_is_not_beset_with_every_steps_retries() -> None:
    """Two hundred steps that may try three times each: two hundred attempts, and as many more as are left."""
    specs = [Spec(f"s{n}", group=0, retries=2) for n in range(200)]
    plan = plan_of(specs, [group_of(0, range(len(specs)), fail_fast=False, max_workers=200)])
    result = Virtual(plan, usual=(0.1, DOWN)).run()
    attempts = sum(len(step.attempts) for step in result)
    assert set(statuses(result).values()) == {"failed"}
    assert 200 + MOST <= attempts <= 200 + MOST + 10
    told = [step.reason for step in result if "too many steps of fake failed lately" in step.reason]
    assert len(told) > 100
    assert all(reason.startswith(DOWN.reason) for reason in told)


def test_one_providers_failures_leave_another_ones_retries_alone() -> None:
    """Each provider and account has its own budget, which all runs share."""
    lanes = Lanes()
    while lanes.budget("fake").take(1000.0):
        pass
    answers: Script = {name: [(0.1, DOWN), (1.0, DONE)] for name in ("a", "b")}
    plan = plan_of(
        [Spec("a", group=0), Spec("b", group=0, provider="other")], [group_of(0, (0, 1), fail_fast=False)]
    )
    result = Virtual(plan, answers, lanes=lanes).run()
    assert statuses(result) == {"a": "failed", "b": "succeeded"}
    assert lanes.budget("other", "one") is not lanes.budget("other", "two")
