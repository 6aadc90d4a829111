"""Runs for report tests: one with everything in it, and any run that hypothesis can think of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

from acp_action.artifacts import MediaFile, Output
from acp_action.config.cascade import Effective
from acp_action.engine.outcome import Doubt, Fatal, Refused, Transient
from acp_action.engine.throttle import Lanes, Limits
from acp_action.errors import Position, Problem
from acp_action.report.model import AttemptLine, Split
from acp_action.report.summarise import summarise
from tests.engine.harness import DONE, Virtual
from tests.engine.plans import Spec, group_of, plan_of
from tests.fakes import Trace, a_model, a_plan, a_step, carry_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan
    from acp_action.report.model import RunReport

    TriesStrategy: TypeAlias = st.SearchStrategy[tuple[float, Outcome]]

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


TOOK = st.integers(1, 40).map(lambda n: n / 16)
AGAIN: TriesStrategy = st.tuples(
    TOOK, st.builds(Transient, st.just("broken"), st.integers(1, 160).map(lambda n: n / 16))
)
TURNED: TriesStrategy = st.tuples(st.just(0.0625), st.builds(Refused, st.just("slow down"), TOOK))
LAST: st.SearchStrategy[Outcome] = st.sampled_from([DONE, DONE, DONE, Fatal("bad"), Doubt("who knows")])

GOOD: st.SearchStrategy[Outcome] = st.just(DONE)


@dataclass(frozen=True)
class Played:
    """A plan and what its steps meet, to be carried out by the real scheduler on a virtual clock."""

    plan: Plan
    answers: Mapping[str, Sequence[tuple[float, Outcome]]]
    limited: bool
    stop_at: float | None = None

    def engine(self, plan: Plan | None = None) -> Virtual:
        """Ready to run; ``plan``: another one in place of its own."""
        lanes = Lanes() if self.limited else Lanes(lambda _name: Limits(none=True))
        return Virtual(plan or self.plan, self.answers, lanes=lanes)

    def run(self, plan: Plan | None = None) -> RunResult:
        """Carried out."""
        return self.engine(plan).run(self.stop_at)


@st.composite
def any_play(draw: st.DrawFn, *, limited: bool = True, fails: bool = True, stops: bool = False) -> Played:
    """Up to eight steps, some in a group, on one to three workers, with attempts that are made again.

    ``limited``: by a provider too; ``fails``, ``stops``: steps may fail, and the run be stopped.
    """
    count = draw(st.integers(1, 8))
    inside = [draw(st.booleans()) for _ in range(count)]
    specs = [
        Spec(
            f"s{i}",
            data=sorted(draw(st.sets(st.integers(0, i - 1), max_size=2))) if i else (),
            group=0 if inside[i] else -1,
            expected=draw(st.none() | TOOK),
        )
        for i in range(count)
    ]
    again, last = (AGAIN | TURNED if limited else AGAIN), (LAST if fails else GOOD)
    answers = {spec.name: [*draw(st.lists(again, max_size=2)), (draw(TOOK), draw(last))] for spec in specs}
    members = [i for i in range(count) if inside[i]]
    fast = draw(st.booleans())
    group = group_of(0, members, max_workers=draw(st.integers(1, 3)), fail_fast=fast)
    plan = plan_of(specs, [group], max_workers=draw(st.integers(1, 3)), fail_fast=draw(st.booleans()))
    stop_at = draw(st.none() | TOOK) if stops else None
    return Played(plan, answers, limited, stop_at)


MOMENTS = st.integers(-16, 160).map(lambda n: n / 16)


@st.composite
def any_forgery(draw: st.DrawFn) -> RunReport:
    """A report whose times nobody measured: attempts of a worker at once, before the start, after the end."""
    base = summarise(mixed_run(), OUT)

    def attempt(number: int) -> AttemptLine:
        start = draw(MOMENTS)
        end = start + draw(st.sampled_from([0.0, 0.25, 0.5, 1.0, 4.0]))
        return AttemptLine(number, start, end, draw(st.integers(-1, 1)), "done", "")

    steps = [
        replace(
            step,
            attempts=tuple(attempt(number + 1) for number in range(draw(st.integers(0, 3)))),
            split=Split(*(draw(MOMENTS) for _ in range(6))),
            settled=draw(MOMENTS),
        )
        for step in base.steps
    ]
    groups = [replace(g, started=draw(MOMENTS), duration=draw(MOMENTS)) for g in base.groups]
    return replace(
        base, steps=tuple(steps), groups=tuple(groups), total_duration=draw(st.sampled_from([0.0, 1.0, 5.0]))
    )
