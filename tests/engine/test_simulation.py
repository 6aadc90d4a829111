"""A simulated run is the real scheduler: it keeps every bound, and a seed gives one run."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.catalogue.limits import UsualLimits
from acp_action.config.cascade import Overrides
from acp_action.engine.forecast import forecast
from acp_action.engine.scopes import capacity
from acp_action.engine.simulation import UNLIMITED, Circumstances, simulate_run
from acp_action.plan.model import Plan
from tests.engine.harness import DONE, Virtual
from tests.engine.plans import Spec, plan_of
from tests.plan.make import plan_text

FREE = Circumstances(limits={"fake": UNLIMITED})
EXACT = Circumstances(limits={"fake": UNLIMITED}, spread=0.0)
GUIDE = dedent("""
    steps:
      - {name: base, type: text_to_image, params: {prompt: a cat}}
      - type: parallel_group
        name: batch_images
        max_workers: 2
        steps:
          - {name: video, type: image_to_video, input_from: base}
          - {name: edited, type: image_to_image, input_from: base, params: {prompt: dark}}
          - {name: upscaled, type: image_to_image, model: clarity, input_from: base}
          - {name: again, type: image_to_image, input_from: base, params: {prompt: light}}
      - {name: final, type: analyze_image, input_from: edited}
""")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Up to a dozen steps of any length, each needing some of those before it, under any cap."""
    count = draw(st.integers(1, 12))
    specs = [
        Spec(
            f"s{n}",
            data=sorted(draw(st.sets(st.integers(0, n - 1), max_size=3))) if n else (),
            expected=draw(st.floats(0.01, 20)),
            timeout=1e6,
        )
        for n in range(count)
    ]
    return plan_of(specs, worker_cap=draw(st.integers(1, 6)))


def longest_path(plan: Plan) -> float:
    """Seconds of the longest chain of steps."""
    ends: list[float] = []
    for step in plan.steps:
        ends.append((step.expected or 0.0) + max((ends[need] for need in step.data), default=0.0))
    return max(ends)


@given(plans())
def test_without_limits_it_takes_what_the_forecast_says(plan: Plan) -> None:
    """With exact times the two are one, to the last step's start."""
    run, expected = simulate_run(plan, circumstances=EXACT), forecast(plan)
    assert run.total_duration == expected.duration
    assert {step.name: step.attempts[0].started for step in run.steps} == expected.starts


@given(plans())
def test_it_keeps_the_bounds_that_every_schedule_keeps(plan: Plan) -> None:
    """Never under the longest path or the work spread evenly, never over the two together.

    The last is Graham's bound for any schedule that leaves no worker idle while a step is ready.
    """
    run = simulate_run(plan, circumstances=EXACT)
    work, path, workers = sum(step.expected or 0.0 for step in plan.steps), longest_path(plan), capacity(plan)
    slack = 1e-6 * work
    assert run.success
    assert run.total_duration >= max(path, work / workers) - slack
    assert run.total_duration <= work / workers + path * (1 - 1 / workers) + slack
    assert run.sequential_estimate == pytest.approx(work)


@given(plans(), st.integers(0, 5))
def test_a_seed_gives_one_run(plan: Plan, seed: int) -> None:
    """Twice the same, attempt by attempt, limits and chance and all."""
    tight = Circumstances(limits={"fake": UsualLimits(concurrency=1, requests=5, window=30.0)})
    first, second = (simulate_run(plan, seed=seed, circumstances=tight) for _ in range(2))
    assert first.steps == second.steps
    assert first.total_duration == second.total_duration


@given(plans())
def test_a_limit_is_kept_and_every_step_gets_through(plan: Plan) -> None:
    """However it refuses: nothing is lost, and no more are worked on at once than it lets."""
    tight = Circumstances(limits={"fake": UsualLimits(concurrency=2)}, spread=0.0)
    run = simulate_run(plan, circumstances=tight)
    spans = [(a.started, a.finished) for s in run.steps for a in s.attempts if a.outcome == "done"]
    assert run.success
    for begin, _ in spans:
        assert sum(b <= begin + 1e-6 < e for b, e in spans) <= 2


def test_a_provider_in_its_pause_delays_no_step_of_another() -> None:
    """One that lets a request a minute through; the others' steps end as if it was not there."""
    specs = [Spec(f"slow{n}", expected=1.0, provider="slow") for n in range(3)]
    specs += [Spec(f"quick{n}", expected=1.0) for n in range(6)]
    limits = {"slow": UsualLimits(requests=1, tells_wait=True), "fake": UNLIMITED}
    run = simulate_run(plan_of(specs, worker_cap=3), circumstances=Circumstances(limits=limits, spread=0.0))
    assert run.total_duration == pytest.approx(121.0, abs=3.0)
    assert max(step.settled for step in run.steps if step.provider == "fake") <= 3.0


def test_workers_change_nothing_of_the_work() -> None:
    """The same seed gives every step the same service time, whatever else the run is like."""
    specs = [Spec(f"s{n}", expected=10.0) for n in range(8)]
    few, many = (simulate_run(plan_of(specs, worker_cap=cap), circumstances=FREE) for cap in (1, 8))
    assert [s.duration for s in few.steps] == pytest.approx([s.duration for s in many.steps])
    assert few.total_duration == pytest.approx(few.sequential_estimate)


def test_the_guides_group_takes_what_the_engine_takes() -> None:
    """With fixed times a simulated run and the engine's own, each step answered by hand, are one."""
    plan = plan_text(GUIDE)
    seconds = {"base": 2.3, "video": 7.5, "edited": 1.25, "upscaled": 4.0, "again": 3.0, "final": 0.5}
    timed = tuple(step._replace(expected=seconds[step.name]) for step in plan.steps)
    plan = Plan(**{f: getattr(plan, f) for f in Plan.__slots__} | {"steps": timed})
    limits = dict.fromkeys(("fal", "gemini"), UNLIMITED)
    simulated = simulate_run(plan, circumstances=Circumstances(limits=limits, spread=0.0))
    real = Virtual(plan, {name: [(took, DONE)] for name, took in seconds.items()}).run()
    assert simulated.total_duration == pytest.approx(real.total_duration)
    assert [s.settled for s in simulated.steps] == pytest.approx([s.settled for s in real.steps])
    assert simulated.total_duration == pytest.approx(2.3 + 8.25 + 0.5)


def test_a_step_that_takes_too_long_runs_into_its_timeout() -> None:
    """What a simulation shows of a timeout that is too short for what the model takes."""
    run = simulate_run(plan_of([Spec("a", expected=10.0, timeout=5.0)]), circumstances=EXACT)
    assert [step.status for step in run.steps] == ["timed_out"]


def test_without_parallelism_steps_go_one_after_another() -> None:
    """The flag of a real run means the same here."""
    plan = plan_text(GUIDE, overrides=Overrides(parallel=False))
    limits = dict.fromkeys(("fal", "gemini"), UNLIMITED)
    run = simulate_run(plan, circumstances=Circumstances(limits=limits))
    assert run.total_duration == pytest.approx(run.sequential_estimate)


def test_what_leaves_in_the_very_moment_of_a_refusal_is_heard_of() -> None:
    """It was not sent before the refusal: a scout's good news opens the lane, or all would wait for ever."""
    lengths = {"s0": 1.0, "s1": 3.625, "s2": 1.0, "s3": 2.5, "s4": 1.0, "s5": 16.0, "s6": 1.0, "s7": 16.0}
    needs = {"s1": (0,), "s5": (1,)}
    specs = [Spec(name, expected=took, data=needs.get(name, ())) for name, took in lengths.items()]
    tight = Circumstances(limits={"fake": UsualLimits(concurrency=1, requests=5, window=30.0)})
    assert simulate_run(plan_of(specs, worker_cap=2), seed=4, circumstances=tight).success
