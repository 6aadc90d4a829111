"""The budget that all steps of a provider pay their retries from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.budget import COST, FULL, QUIET, RetryBudget
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
        budget.succeeded(retried=True)
    assert sum(budget.take(0.0) for _ in range(2 * MOST)) == MOST


def test_an_empty_budget_fills_with_successes_and_with_time() -> None:
    """Fourteen successes pay for a retry; after ten quiet minutes all is forgotten."""
    by_success, by_time = spent(), spent()
    for _ in range(int(COST)):
        by_success.succeeded(retried=False)
    assert by_success.take(0.0)
    assert not by_success.take(0.0)
    assert not by_time.take(QUIET - 1.0)
    assert not by_time.take(2.0 * QUIET - 2.0)
    assert by_time.take(3.0 * QUIET)


@given(st.lists(st.tuples(st.sampled_from(["take", "won", "back"]), st.floats(-10.0, 100.0)), max_size=60))
def test_it_never_holds_more_than_it_began_with(events: list[tuple[str, float]]) -> None:
    """Whatever happened before, and wherever the clock went: no more retries in a row than at first."""
    budget, now = RetryBudget(), 0.0
    for event, seconds in events:
        now += seconds
        if event == "take":
            budget.take(now)
        else:
            budget.succeeded(retried=event == "back")
    assert sum(budget.take(now) for _ in range(2 * MOST)) <= MOST


def test_threads_that_take_at_once_take_no_more_than_there_is() -> None:
    """C1: it is shared by all runs of the process."""
    budget = RetryBudget()
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: budget.take(0.0), range(400)))
    assert sum(taken) == MOST


def test_a_service_that_is_down_is_not_beset_with_every_steps_retries() -> None:
    """C4: two hundred steps that may try three times each send one request each, and the budget's more."""
    specs = [Spec(f"s{n}", group=0, retries=2) for n in range(200)]
    plan = plan_of(specs, [group_of(0, range(len(specs)), fail_fast=False, max_workers=200)])
    result = Virtual(plan, usual=(0.1, DOWN)).run()
    attempts = sum(len(step.attempts) for step in result)
    assert set(statuses(result).values()) == {"failed"}
    assert attempts == 200 + MOST
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
