"""Stand-ins for tests: models, plans, and finished runs with times that add up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp_action.artifacts import MediaFile, Output
from acp_action.catalogue.models import Model
from acp_action.config.cascade import Effective
from acp_action.engine.result import Attempt, GroupResult, RunResult, Status, StepResult, Waits
from acp_action.plan.model import Graph, Group, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.artifacts import JsonValue
    from acp_action.errors import Problem

STARTED_WALL = 1_760_000_000.0
"""When fake runs start: 2025-10-09T08:53:20Z."""


def a_model(key: str = "flux_dev", type: str = "text_to_image", provider: str = "fal") -> Model:  # noqa: A002
    """A model that makes images."""
    return Model(
        key=key, name=key.replace("_", " ").title(), type=type, provider=provider, aliases=(), makes="image",
        inputs=(), params=(), price=None, price_unit="image", expected_seconds=None, state="listed", entry={},
    )  # fmt: skip


def a_step(index: int, name: str, **changes: Any) -> Step:
    """A planned step of ``text_to_image`` at top level."""
    step = Step(
        index=index, name=name, type="text_to_image", model=a_model(), provider="fal", preview=False,
        params={"seed": index}, text=name, text_param="prompt", templated=False, media=(),
        text_from=None, references={}, data=(), group=-1, number=0, total=0,
        timeout=300.0, retries=2, expected=None, enabled=True, stem=name, at=("steps", index), position=None,
    )  # fmt: skip
    return step._replace(**changes)


def a_graph(needs: Sequence[Sequence[int]]) -> Graph:
    """The graph of steps that need the outputs of others; one list of indexes for each step."""
    data: list[list[int]] = [[] for _ in needs]
    for step, sources in enumerate(needs):
        for source in sources:
            data[source].append(step)
    size = len(needs)
    return Graph(size, tuple(map(tuple, data)), ((),) * size, tuple(len(set(n)) for n in needs))


def a_plan(
    steps: Sequence[Step],
    needs: Sequence[Sequence[int]] | None = None,
    *,
    name: str = "Test",
    settings: Effective | None = None,
    warnings: tuple[Problem, ...] = (),
) -> Plan:
    """A plan of these steps; the first of their groups is called ``batch_images``, others ``group_<n>``."""
    graph = a_graph(needs or [()] * len(steps))
    groups = tuple(_group(index, steps) for index in range(max((s.group for s in steps), default=-1) + 1))
    settings = settings or Effective(origins={"max_workers": "file", "parallel": "default"})
    return Plan(name, tuple(steps), groups, graph, settings, None, "pipeline.yaml", warnings)


def _group(index: int, steps: Sequence[Step]) -> Group:
    members = tuple(s.index for s in steps if s.group == index)
    name = f"group_{index}" if index else "batch_images"
    return Group(index, name, -1, 4, True, members, (), None)


@dataclass
class Trace:
    """What happened to one step: attempts as (outcome, seconds), the waits between and before them.

    ``throttle``: seconds the provider's limit held it before its first attempt. ``backoff``: before each
    further one. ``status`` None: by the last outcome.
    """

    attempts: Sequence[tuple[str, float]] = (("done", 1.0),)
    throttle: float = 0.0
    backoff: float = 0.0
    status: Status | None = None
    reason: str = ""
    cost: float | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


_ENDS = {
    "done": Status.SUCCEEDED,
    "expired": Status.TIMED_OUT,
    "stopped": Status.CANCELLED,
    "doubt": Status.DOUBT,
}


def carry_out(
    plan: Plan, traces: Sequence[Trace], *, workers: int = 4, folder: Path = Path("/out")
) -> RunResult:
    """A run of the plan as a first-in-first-out scheduler makes it; steps need only steps before them.

    Every worker, wait and attempt is placed so that waits and service add up to the time of settling. A step
    that waits between attempts keeps its worker, which the real engine does not do.
    """
    free = [0.0] * workers
    settled: list[float] = []
    results: list[StepResult] = []
    needs = _needs(plan)
    for step, trace in zip(plan.steps, traces, strict=True):
        ready = max((settled[need] for need in needs[step.index]), default=0.0)
        result = _carry_out(plan, step, trace, ready, free, folder)
        results.append(result)
        settled.append(result.settled)
    total = max(settled, default=0.0)
    groups = tuple(_group_result(plan, group, results) for group in plan.groups)
    return RunResult(plan, tuple(results), groups, total, STARTED_WALL, workers)


def _needs(plan: Plan) -> list[list[int]]:
    needs: list[list[int]] = [[] for _ in plan.steps]
    for source, targets in enumerate(plan.graph.data):
        for target in targets:
            needs[target].append(source)
    return needs


def _carry_out(
    plan: Plan, step: Step, trace: Trace, ready: float, free: list[float], folder: Path
) -> StepResult:
    group = plan.groups[step.group].name if step.group >= 0 else ""
    shell = StepResult(
        step.name, step.type, step.model.key, step.provider, group, Status.SKIPPED, trace.reason
    )
    if not trace.attempts:
        shell = shell._replace(status=trace.status or Status.SKIPPED, settled=ready)
        return shell._replace(**trace.changes)
    worker = min(range(len(free)), key=lambda w: (free[w], w))
    waited = max(free[worker] - ready, 0.0)
    now = ready + waited + trace.throttle
    attempts = []
    for number, (outcome, service) in enumerate(trace.attempts, start=1):
        now += trace.backoff if number > 1 else 0.0
        attempts.append(Attempt(number, now, now + service, worker, outcome))
        now += service
    free[worker] = now
    status = trace.status or _ENDS.get(trace.attempts[-1][0], Status.FAILED)
    return shell._replace(
        status=status,
        output=an_output(folder, step.stem) if status.good else None,
        attempts=tuple(attempts),
        waits=Waits(ready, waited, trace.throttle, trace.backoff * (len(attempts) - 1)),
        settled=now,
        cost=trace.cost,
        params=step.params,
    )._replace(**trace.changes)


def an_output(folder: Path, stem: str, content: bytes = b"png") -> Output:
    """One picture that is said to be there."""
    facts: dict[str, JsonValue] = {"width": 64, "height": 64, "format": "PNG"}
    digest = hashlib.sha256(content).hexdigest()
    return Output("image", (MediaFile("image", folder / f"{stem}.png", len(content), digest, facts),))


def _group_result(plan: Plan, group: Group, results: Sequence[StepResult]) -> GroupResult:
    members = [results[index] for index in group.members]
    starts = [m.attempts[0].started for m in members if m.attempts]
    bad = any(m.status.bad for m in members)
    status = "failed" if bad else "succeeded" if any(m.status.good for m in members) else "skipped"
    return GroupResult(
        group.name,
        min(starts, default=0.0),
        max((m.settled for m in members), default=0.0),
        sum(m.duration for m in members),
        status,
    )


def guide_run(folder: Path = Path("/out"), *, preview: bool = False) -> RunResult:
    """The guide's own example: four pictures at once, 2.8 s instead of 10.3 s."""
    steps = [
        a_step(
            i, f"image_{i + 1}", group=0, number=i + 1, total=4, preview=preview,
            provider="local" if preview else "fal",
        )
        for i in range(4)
    ]  # fmt: skip
    traces = [Trace((("done", seconds),)) for seconds in (2.3, 2.7, 2.5, 2.8)]
    return carry_out(a_plan(steps), traces, workers=4, folder=folder)
