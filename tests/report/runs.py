"""Runs for report tests: one with everything in it, and any run that hypothesis can think of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from acp_action.artifacts import MediaFile, Output
from acp_action.config.cascade import Effective
from acp_action.errors import Position, Problem
from tests.fakes import Trace, a_model, a_plan, a_step, carry_out

if TYPE_CHECKING:
    from acp_action.engine.result import RunResult

OUT = Path("/out")
EVIL = (
    "x|`a`\n<img src=x onerror=alert(1)> [l](javascript:1) ![i](https://e.example/p) @team #1 \u202e\x1b[2J"
)


def mixed_run(evil: str = "") -> RunResult:
    """A retry, a text, a failure, what depends on it, a disabled step; ``evil`` goes into every text."""
    vision = a_model("gemini_describe" + evil, "analyze_image", "gemini")
    steps = [
        a_step(0, "base" + evil, stem="base"),
        a_step(
            1,
            "look" + evil,
            type="analyze_image",
            model=vision,
            provider="gemini",
            group=0,
            number=1,
            total=3,
        ),
        a_step(2, "broken" + evil, group=0, number=2, total=3, position=Position(9, 9)),
        a_step(3, "follower" + evil, group=0, number=3, total=3),
        a_step(4, "off" + evil, enabled=False),
    ]
    text = Output("text", (MediaFile("text", OUT / f"look{evil}.txt", 4, "0" * 64),), "A red car" + evil)
    traces = [
        Trace((("transient", 0.5), ("done", 1.0)), backoff=0.25, cost=0.025, changes={"seed": 7}),
        Trace((("done", 2.0),), throttle=0.5, cost=0.0011, changes={"output": text, "model": vision.key}),
        Trace((("fatal", 0.4),), reason="no credit: " + evil),
        Trace((), reason="because 'broken' failed" + evil),
        Trace((), reason="disabled"),
    ]
    settings = Effective(
        max_workers=2,
        fail_fast=False,
        output_dir="out" + evil,
        origins={"max_workers": "flag --max-workers" + evil},
    )
    warning = Problem(
        "step 'base'", "model 'flux_dev' is retiring" + evil, file="p.yaml", position=Position(3, 5)
    )
    plan = a_plan(
        steps, [(), (0,), (0,), (2,), ()], name="Mixed" + evil, settings=settings, warnings=(warning,)
    )
    run = carry_out(replace(plan, source_name="p.yaml" + evil), traces, workers=2)
    return replace(run, detached=("Listener" + evil,))


TIMES = st.integers(0, 40).map(lambda n: n / 16)
ENDINGS = st.sampled_from(["done", "fatal", "expired", "stopped"])
TRIES = st.tuples(
    st.lists(st.tuples(st.sampled_from(["refused", "transient"]), TIMES), max_size=2),
    st.tuples(ENDINGS, TIMES),
).map(lambda tries: [*tries[0], tries[1]])
TRACES = st.builds(
    Trace,
    attempts=TRIES | st.just(()),
    throttle=TIMES | st.just(0.0),
    backoff=TIMES | st.just(0.0),
    cost=st.none() | st.floats(0, 5),
)


@st.composite
def any_run(draw: st.DrawFn) -> RunResult:
    """Up to twelve steps with any needs, waits and ends, on one to four workers."""
    traces = draw(st.lists(TRACES, max_size=12))
    needs = [draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set() for i in range(len(traces))]
    groups = [draw(st.sampled_from([-1, 0])) for _ in traces]
    steps = [a_step(i, f"s{i}", group=group) for i, group in enumerate(groups)]
    plan = a_plan(steps, [sorted(need) for need in needs])
    return carry_out(plan, traces, workers=draw(st.integers(1, 4)))
