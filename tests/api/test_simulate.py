"""What several simulated runs come to: time, traffic, cost, and how many workers are worth it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from acp_action.api.simulate import Question, simulate
from acp_action.catalogue.limits import UsualLimits
from acp_action.engine.forecast import forecast
from acp_action.errors import UsageError
from acp_action.providers.accounts import read_accounts
from acp_action.providers.registry import adapters
from acp_action.report.simulation import Setting, Simulation, knee, limit_words, limit_words_of
from acp_action.report.simulation_view import simulation_text
from tests.plan.make import plan_text

BATCH = "\n".join(
    [
        "name: Batch\nsteps:\n  - type: parallel_group\n    name: images\n    max_workers: 8\n    steps:",
        *(f"      - {{name: i{n}, type: text_to_image, params: {{prompt: a cat}}}}" for n in range(8)),
    ]
)


def batch(**question: Any) -> Simulation:
    """Eight images at fal, simulated."""
    return simulate(plan_text(BATCH), adapters(read_accounts({})), Question(**question))


def test_the_same_question_has_the_same_answer() -> None:
    """A seed is one simulation, whole; another seed another one."""
    first = batch(seed=3, compare=(1, 4))
    assert first.to_dict() == batch(seed=3, compare=(1, 4)).to_dict()
    assert first.duration != batch(seed=4).duration


def test_without_limits_and_chance_it_is_the_plans_forecast() -> None:
    """One run, of the time that the plan shows."""
    found = batch(limited=False, spread=0.0)
    assert found.runs == 1
    assert found.duration.median == pytest.approx(forecast(plan_text(BATCH)).duration)


def test_traffic_names_limits_and_where_they_are_from() -> None:
    """Requests and refusals of each provider; fal queues what is over its limit and refuses nothing."""
    (fal,) = batch().traffic
    assert (fal.provider, fal.requests, fal.refusals) == ("fal", 8, 0)
    assert fal.limits == "2 at once, more wait in its queue"
    assert "documentation" in fal.source


def test_more_workers_than_a_provider_has_places_save_nothing() -> None:
    """Two images at once at fal: the knee is there, and the advice says so."""
    found = batch(compare=(1, 2, 4, 8))
    times = [line.duration for line in found.comparison]
    assert times[0] > 1.7 * times[1]
    assert times[1] == pytest.approx(times[3], rel=0.05)
    assert found.advice.startswith("2 workers are enough")


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((60.0, 59.0, 60.0), ""),
        ((100.0, 20.0, 90.0), "rate limits: without rate limits 20.0s, with more workers 1 min 30 s"),
        (
            (100.0, 100.0, 30.0),
            "the number of workers: with more workers 30.0s, without rate limits 1 min 40 s",
        ),
    ],
)
def test_what_limits_is_found_by_trying(times: tuple[float, float, float], said: str) -> None:
    """Without limits, and with any number of workers: the one that helps more is named, if one does."""
    assert limit_words_of(*times) == said


def test_a_full_queue_is_no_lack_of_workers() -> None:
    """More workers than a provider has places stand in its queue; the limit is named, not they."""
    assert batch().limit.startswith("rate limits: without rate limits ")


def test_a_comparison_changes_groups_and_caps_alike() -> None:
    """As if the file said so everywhere: without limits eight workers do eight images in the time of one."""
    found = batch(compare=(1, 8), limited=False, spread=0.0)
    one, eight = found.comparison
    assert one.duration == pytest.approx(8 * eight.duration)
    assert (one.speedup, eight.speedup) == pytest.approx((1.0, 8.0))


def test_costs_are_told_and_unknown_ones_counted() -> None:
    """What is not known is never called nothing."""
    plan = plan_text(BATCH)
    known = simulate(plan, {}, Question())
    assert known.cost is not None
    assert known.cost > 0
    assert known.cost_unknown == 0
    model = replace(plan.steps[0].model, price=None, entry={"price": {"amount": None, "per": "token"}})
    unknown = replace(plan, steps=tuple(step._replace(model=model) for step in plan.steps))
    found = simulate(unknown, {}, Question())
    assert (found.cost, found.cost_unknown) == (None, 8)
    assert "unknown for 8 steps" in simulation_text(found)


def test_a_timeout_that_is_too_short_is_shown() -> None:
    """Which step, how often, and what to do."""
    plan = plan_text(BATCH.replace("name: i0,", "name: i0, timeout: 1,"))
    found = simulate(plan, {}, Question(runs=3))
    assert found.failures == (("i0", "timed_out", 3),)
    assert "i0 timed out in 3 of 3 runs; give it a longer timeout" in simulation_text(found)


def test_a_big_pipeline_is_simulated_fewer_times() -> None:
    """So that it takes seconds; at least once."""
    plan = plan_text(BATCH)
    many = replace(plan, steps=plan.steps)
    assert simulate(many, {}, Question(compare=tuple(range(1, 101)), limited=False)).runs == 6


@pytest.mark.parametrize(
    ("question", "named"),
    [({"runs": 0}, "runs"), ({"spread": 3.0}, "spread"), ({"spread": float("nan")}, "spread"),
     ({"compare": (1, 0)}, "max_workers")],
)  # fmt: skip
def test_a_question_without_an_answer_is_a_usage_error(question: dict[str, Any], named: str) -> None:
    """Told before anything is played."""
    with pytest.raises(UsageError, match=named):
        batch(**question)


def test_values_are_json_with_a_version() -> None:
    """Programs get all of it, the run of middle length too."""
    value = json.loads(json.dumps(batch(runs=3).to_dict(), allow_nan=False))
    assert (value["schema"], value["runs"], value["steps"]) == ("acp-simulation/1", 3, 8)
    assert value["report"]["schema"].startswith("acp-report/")


def lines(*durations: float) -> list[Setting]:
    """A comparison of 1, 2, 4, 8 … workers."""
    return [Setting(2**n, took, 1.0, 0) for n, took in enumerate(durations)]


@pytest.mark.parametrize(
    ("durations", "advice"),
    [
        ((40.0,), ""),
        ((40.0, 20.0, 10.0), "4 workers are still worth it; more may be, too"),
        ((40.0, 20.0, 20.0), "2 workers are enough (20.0s); more save nothing"),
        ((40.0, 20.5, 20.0), "2 workers are enough (20.5s); more save at the most 2%"),
        ((40.0, 21.5, 20.0), "4 workers are still worth it; more may be, too"),
        ((0.0, 0.0), "1 worker is enough (0.0s); more save nothing"),
    ],
)
def test_the_knee_is_the_fewest_workers_that_are_nearly_as_fast(
    durations: tuple[float, ...], advice: str
) -> None:
    """Five in a hundred decide; where the last is the fastest, nobody knows what more would do."""
    assert knee(lines(*durations)) == advice


@pytest.mark.parametrize(
    ("least", "advice"),
    [
        (9.0, "4 workers are still worth it; more may be, too"),
        (9.9, "4 workers are enough (10.0s); more save at the most 1%"),
        (10.0, "4 workers are enough (10.0s); more save nothing"),
    ],
)
def test_more_workers_than_were_tried_are_advised_only_where_they_can_save(least: float, advice: str) -> None:
    """What any number of them would need says so."""
    assert knee(lines(40.0, 20.0, 10.0), least) == advice


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (UsualLimits(), "no limit"),
        (UsualLimits(concurrency=5), "5 at once"),
        (UsualLimits(requests=10, window=1.0), "10 in 1 s"),
        (UsualLimits(requests=60, per_model=True), "60 a minute for each model"),
    ],
)
def test_limits_are_said_in_words(limits: UsualLimits, words: str) -> None:
    """As a person would."""
    assert limit_words(limits) == words
