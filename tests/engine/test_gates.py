"""Lanes in a run: who waits before them and how long, what the log is told, and what a closed one means."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acp_action.artifacts import Output
from acp_action.engine.gates import ways_of
from acp_action.engine.outcome import Closed, Done, Refused, Transient
from acp_action.engine.throttle import Lanes, Limits
from acp_action.engine.verdict import Patience
from acp_action.events import LaneHeld, LaneReopened, StepStarted
from acp_action.providers.account import Account
from acp_action.providers.base import Announced, Product
from tests.engine.harness import DONE, Virtual, near, statuses
from tests.engine.plans import Spec, group_of, plan_of

if TYPE_CHECKING:
    from acp_action.events import Event
    from tests.engine.harness import Script


@dataclass
class Adapter:
    """As much of a provider as lanes look at."""

    account: Account
    profile: str = "pace"
    lanes: dict[str, str] = field(default_factory=dict)

    def lane(self, model: Any) -> str:
        """By the model's key."""
        return self.lanes.get(model.key, "")


def starts(run: Virtual) -> dict[str, list[float]]:
    """The moments at which each step's attempts began."""
    found: dict[str, list[float]] = {}
    for event in run.recorder.events:
        if isinstance(event, StepStarted):
            found.setdefault(event.step, []).append(event.at)
    return found


def lines(run: Virtual, kind: type[Event]) -> list[Event]:
    """The events of one kind."""
    return [event for event in run.recorder.events if isinstance(event, kind)]


def test_one_providers_cool_down_delays_no_step_of_another() -> None:
    """While one is closed for a minute, the other's steps go on, on the same two workers."""
    slow = [Spec(f"slow{n}") for n in range(8)]
    quick = [Spec(f"quick{n}", provider="other") for n in range(8)]
    answers: Script = {s.name: [(0.1, Refused("429", 60.0)), (1.0, DONE)] for s in slow}
    alone = Virtual(plan_of(quick, worker_cap=2)).run().total_duration
    both = Virtual(plan_of([*slow, *quick], worker_cap=2), answers)
    result = both.run()
    assert result.success
    # The two that were refused took a tenth of a second on each worker.
    assert max(result[s.name].settled for s in quick) <= alone + 0.2
    later = [moment for name, at in starts(both).items() if name.startswith("slow") for moment in at[1:]]
    assert min(later) > 60.0


def test_a_short_first_refusal_holds_its_own_step_only() -> None:
    """Up to a second: the others go on, and the step comes back no sooner than it was told."""
    run = Virtual(
        plan_of([Spec("a"), Spec("b"), Spec("c")]), {"a": [(0.1, Refused("429", 1.0)), (1.0, DONE)]}
    )
    assert run.run().success
    first, again = starts(run)["a"]
    assert again > first + 0.1 + 1.0
    assert starts(run)["c"][0] <= 0.5


def test_two_steps_that_were_told_the_same_wait_come_back_apart() -> None:
    """I26: a herd that is told one moment does not return at one moment."""
    answers: Script = {name: [(0.1, Refused("429", 1.0)), (1.0, DONE)] for name in ("a", "b")}
    run = Virtual(plan_of([Spec("a"), Spec("b")]), answers)
    assert run.run().success
    assert starts(run)["a"][1] != starts(run)["b"][1]


def test_a_lane_that_will_not_open_in_time_fails_all_its_steps_at_once() -> None:
    """Each says for how long the lane is closed; nothing is waited for, and nobody else is asked."""
    specs = [Spec(f"s{n}", group=0) for n in range(6)]
    answers: Script = {s.name: [(0.1, Refused("slow down", 3600.0))] for s in specs}
    run = Virtual(plan_of(specs, [group_of(0, range(len(specs)), fail_fast=False, max_workers=2)]), answers)
    result = run.run()
    assert set(statuses(result).values()) == {"failed"}
    assert result.total_duration < 1.0
    assert all("rate limit: slow down" in step.reason and "3600 s" in step.reason for step in result)
    assert sum(len(step.attempts) for step in result) == 2


def test_a_provider_that_refuses_for_good_without_a_word_is_given_up_after_the_cap() -> None:
    """Single requests ask at growing distances; after the cap all steps that wait fail.

    The four that were out when it began to refuse, and at most twenty in the minute after that.
    """
    specs = [Spec(f"s{n}", group=0) for n in range(4)]
    answers: Script = {s.name: [(0.1, Refused("no"))] for s in specs}
    run = Virtual(
        plan_of(specs, [group_of(0, range(len(specs)), fail_fast=False)]),
        answers,
        patience=Patience(rate_limit=40.0),
    )
    result = run.run()
    assert set(statuses(result).values()) == {"failed"}
    assert 20.0 < result.total_duration < 61.0
    assert sum(len(step.attempts) for step in result) <= 4 + 20


def test_the_log_is_told_once_that_a_lane_holds_its_steps_and_once_that_it_goes_on() -> None:
    """Forty refusals are one line; it says how many wait, for how long, and why."""
    specs = [Spec(f"s{n}") for n in range(40)]
    answers: Script = {s.name: [(0.5, Refused("429 too many", 8.0)), (1.0, DONE)] for s in specs}
    run = Virtual(plan_of(specs), answers, lanes=Lanes(lambda _provider: Limits(per_second=1000.0)))
    run.run()
    held = lines(run, LaneHeld)
    assert held
    assert isinstance(held[0], LaneHeld)
    assert (held[0].lane, held[0].reason) == ("fake", "429 too many")
    assert 7.9 <= held[0].delay <= 8.6
    assert len(held) == len(lines(run, LaneReopened)) <= 3


def test_a_closed_account_is_asked_no_more_and_other_providers_go_on() -> None:
    """P4, P5: what is in flight ends, what waits fails with the one reason, without being sent."""
    specs = [Spec(f"f{n}", group=0) for n in range(50)]
    others = [Spec(f"o{n}", group=0, provider="other") for n in range(5)]
    every = [*specs, *others]
    no = Closed("the provider refuses the key in FAKE_KEY", "key")
    answers: Script = {
        s.name: [(0.2 + 0.01 * n, no if n == 0 else no._replace(reason=f"no {n}"))]
        for n, s in enumerate(specs)
    }
    run = Virtual(plan_of(every, [group_of(0, range(len(every)), fail_fast=False, max_workers=4)]), answers)
    result = run.run()
    assert {statuses(result)[s.name] for s in others} == {"succeeded"}
    assert {(result[s.name].status.value, result[s.name].reason, result[s.name].closed) for s in specs} == {
        ("failed", no.reason, "key")
    }
    assert sum(len(result[s.name].attempts) for s in specs) <= 4


def test_a_step_that_is_ready_after_the_account_was_closed_is_not_sent() -> None:
    """Whatever it waited for: it fails as the others do."""
    specs = [Spec("a"), Spec("slow", provider="other"), Spec("late", data=[1])]
    answers: Script = {"a": [(0.1, Closed("no credit", "credit"))], "slow": [(5.0, DONE)]}
    result = Virtual(plan_of(specs, fail_fast=False), answers).run()
    assert statuses(result) == {"a": "failed", "slow": "succeeded", "late": "failed"}
    assert (result["late"].attempts, result["late"].reason) == ((), "no credit")


def test_a_models_quota_of_the_day_closes_that_model_alone() -> None:
    """Steps of the provider's other models go on; those of the model end, and are not sent."""
    specs = [Spec(f"{kind}{n}", group=0) for kind in ("flash", "pro") for n in range(3)]
    group = group_of(0, range(len(specs)), fail_fast=False, max_workers=1)
    plan = plan_of(specs, [group])
    other = replace(plan.steps[0].model, key="pro")
    plan = replace(plan, steps=(*plan.steps[:3], *(step._replace(model=other) for step in plan.steps[3:])))
    adapter = Adapter(Account("fake", key="one"), lanes={"thing": "flash", "pro": "pro"})
    answers: Script = {"flash0": [(0.1, Closed("the day is over", "day", model_only=True))]}
    result = Virtual(plan, answers, providers={"fake": adapter}).run()
    assert statuses(result) == {s.name: "failed" if s.name[0] == "f" else "succeeded" for s in specs}
    assert [result[name].closed for name in ("flash0", "flash2", "pro0")] == ["day", "day", ""]
    assert (result["flash2"].attempts, result["flash0"].attempts[0].kind) == ((), "model")


def test_a_step_between_two_attempts_ends_when_the_account_is_closed() -> None:
    """It is not waited for."""
    specs = [Spec("a"), Spec("b")]
    answers: Script = {"a": [(0.1, Transient("reset", 50.0))], "b": [(1.0, Closed("no credit", "credit"))]}
    result = Virtual(plan_of(specs, fail_fast=False), answers).run()
    assert statuses(result) == {"a": "failed", "b": "failed"}
    assert result.total_duration == near(1.0)


def test_time_in_the_providers_own_queue_is_a_wait_for_its_limit() -> None:
    """Waits and service add up, and the queue is no work that parallelism saved."""
    made = Done(Output("image", ()), Product("image", queued=7.0))
    result = Virtual(plan_of([Spec("a")]), {"a": [(10.0, made)]}).run()
    step = result["a"]
    assert (step.duration, step.waits.throttle, step.attempts[0].queued) == (near(3.0), near(7.0), near(7.0))
    assert result.sequential_estimate == near(3.0)
    assert sum(step.waits) + step.duration == near(step.settled)


def test_more_time_in_the_queue_than_the_attempt_took_is_not_believed() -> None:
    """A service time is never below nothing."""
    made = Done(Output("image", ()), Product("image", queued=99.0))
    step = Virtual(plan_of([Spec("a")]), {"a": [(10.0, made)]}).run()["a"]
    assert (step.duration, step.waits.throttle) == (near(0.0), near(10.0))


def test_what_a_provider_announces_with_a_result_holds_from_then_on() -> None:
    """One in flight, it said: no two of what follows overlap."""
    made = Done(Output("image", ()), Product("image", announced=Announced(concurrency=1)))
    specs = [Spec("first"), *(Spec(f"s{n}", data=[0]) for n in range(5))]
    result = Virtual(plan_of(specs), {"first": [(1.0, made)]}).run()
    assert result.total_duration == near(6.0)


def test_limits_that_are_set_hold_for_the_whole_account_at_once() -> None:
    """Two models with lanes of their own share what the settings say."""
    plan = plan_of([Spec("a"), Spec("b"), Spec("c")], rate_limits={"fake": {"concurrency": 1}})
    assert Virtual(plan).run().total_duration == near(3.0)
    paced = plan_of(
        [Spec("a"), Spec("b"), Spec("c"), Spec("d")], rate_limits={"fake": {"requests_per_minute": 30.0}}
    )
    run = Virtual(paced)
    run.run()
    # The first two may leave together.
    assert [starts(run)[name][0] for name in "cd"] == pytest.approx([2.0, 4.0], rel=0.03)


def test_lanes_are_told_apart_by_provider_account_and_the_providers_own_name() -> None:
    """The same account finds the same lane; another key, another lane."""
    lanes, plan = Lanes(), plan_of([Spec("a"), Spec("b", provider="other")])
    ours = {"fake": Adapter(Account("fake", key="one"))}
    first, same = ways_of(plan, lanes, ours), ways_of(plan, lanes, ours)
    named = ways_of(plan, lanes, {"fake": Adapter(Account("fake", key="one"), lanes={"thing": "flash"})})
    another = ways_of(plan, lanes, {"fake": Adapter(Account("fake", key="two"))})
    bare = ways_of(plan, lanes, {})
    assert first.lanes == same.lanes
    assert len({ways.lanes[0][0] for ways in (first, named, another, bare)}) == 4
    assert len({ways.lanes[1][0] for ways in (first, named, another, bare)}) == 1
    assert named.labels == ("fake flash", "other")


def test_lanes_go_on_from_a_snapshot_of_the_last_day_only() -> None:
    """What is older, or is no snapshot, is forgotten."""
    run = Virtual(plan_of([Spec(f"s{n}") for n in range(12)]), {"s0": [(0.2, Refused("429")), (1.0, DONE)]})
    run.run()
    learnt = run.lanes.snapshot(1000.0)
    young, old, broken = Lanes(), Lanes(), Lanes()
    young.restore(learnt, 1000.0 + 3600.0)
    old.restore(learnt, 1000.0 + 25 * 3600.0)
    broken.restore({"at": 1000.0, "lanes": {"fake//": {"pace": {"rate": "much"}}}}, 1001.0)
    assert learnt["lanes"]
    assert young.lane("fake").snapshot() == learnt["lanes"]["fake//"]
    assert old.lane("fake").snapshot() is broken.lane("fake").snapshot() is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["ok", "none", "short", "long"]), min_size=1, max_size=12),
    st.integers(1, 6),
    st.booleans(),
)
def test_every_step_ends_its_figures_add_up_and_no_permit_is_lost(
    kinds: list[str], workers: int, known: bool
) -> None:
    """I24, I25: whatever is refused, all settles, waits and service add up, and nothing stays in flight."""
    refusals: dict[str, Refused] = {
        "none": Refused("no"),
        "short": Refused("no", 0.4),
        "long": Refused("no", 20.0),
    }
    specs = [Spec(f"s{n}", group=0) for n in range(len(kinds))]
    answers: Script = {
        s.name: [(0.3, refusals[kind]), (1.0, DONE)]
        for s, kind in zip(specs, kinds, strict=True)
        if kind != "ok"
    }
    limits = {"fake": {"requests_per_minute": 120.0, "concurrency": 2}} if known else {}
    plan = plan_of(
        specs, [group_of(0, range(len(specs)), fail_fast=False, max_workers=workers)], rate_limits=limits
    )
    run = Virtual(plan, answers)
    result = run.run()
    assert set(statuses(result).values()) == {"succeeded"}
    assert all(sum(step.waits) + step.duration == near(step.settled) for step in result)
    assert run.lanes.lane("fake").in_flight == 0
