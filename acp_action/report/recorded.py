"""From a report back to a plan and what was made of it, so that the run can be played again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from acp_action.catalogue.models import Model, catalogue
from acp_action.config.cascade import SETTINGS, Effective
from acp_action.engine.replay import Recording
from acp_action.plan.build import GraphBuilder
from acp_action.plan.inputs import Inputs
from acp_action.plan.model import Graph, Group, Plan, Step
from acp_action.plan.outline import GroupSpot, Outline, StepSpot
from acp_action.providers.registry import LOCAL
from acp_action.report.model import PLAN_VERSION, NewerError
from acp_action.report.played import delays_late, played_of
from acp_action.report.sound import check_graph, check_order, check_setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.plan.outline import Spot
    from acp_action.report.model import PlannedStep, RunReport, StepLine


class Recorded(NamedTuple):
    """A run that can be played again. ``guessed``: steps whose length is not known from the run.

    ``edges``: what each step waits for, in plan order. ``apart``: seconds after the last end.
    """

    plan: Plan
    recording: Recording
    guessed: int
    edges: tuple[PlannedStep, ...]
    outline: Outline
    apart: float

    def scheduled(self, schedule: str) -> Plan:
        """The plan as if its file said this schedule.

        Raises ValueError for ``ordered`` where a step takes what comes later in the file.
        """
        graph = _graph(self.outline, self.edges, ordered=schedule == "ordered")
        return replace(self.plan, graph=graph, settings=replace(self.plan.settings, schedule=schedule))


def recorded(report: RunReport) -> Recorded:
    """The plan of a report, and its attempts.

    Raises ValueError for a report that has no plan in it, or one that cannot be; NewerError for one of a
    version to come.
    """
    if report.plan is None:
        raise ValueError("it does not hold the graph of its run")
    if report.plan.version != PLAN_VERSION:
        told = f"its graph is in the form {report.plan.version}, and this version reads {PLAN_VERSION}"
        raise (NewerError if report.plan.version > PLAN_VERSION else ValueError)(told)
    if [step.name for step in report.plan.steps] != [step.name for step in report.steps]:
        raise ValueError("its graph and its steps do not belong together")
    check_graph(report, report.plan.steps)
    settings = _settings(report)
    outline = _outline(report)
    plan = Plan(
        name=report.pipeline,
        steps=_steps(report, outline, report.plan.steps),
        groups=_groups(report, outline),
        graph=_graph(outline, report.plan.steps, ordered=settings.schedule == "ordered"),
        settings=settings,
        input_text=None,
        source_name=report.source,
    )
    attempts, guessed = played_of(report, plan, report.plan.steps)
    recording = Recording(attempts, delays_late=delays_late(report, plan, attempts))
    return Recorded(plan, recording, guessed, report.plan.steps, outline, _apart(report))


def _apart(report: RunReport) -> float:
    """After the last step was settled: the machine's own time."""
    settled = max((step.settled for step in report.steps), default=0.0)
    return max(report.total_duration - settled, 0.0)


def _settings(report: RunReport) -> Effective:
    said: dict[str, Any] = {setting.name: setting.value for setting in report.settings}
    for name, value in said.items():
        check_setting(name, value)
    return Effective(**{name: said[name] for name in SETTINGS if name in said})


def _outline(report: RunReport) -> Outline:
    """Names and places; the entries of the file are not there, and not asked for."""
    nothing: Any = None
    places = {group.name: index for index, group in enumerate(report.groups)}
    groups = [
        GroupSpot(index, group.name, nothing, places.get(group.parent, -1), -1, enabled=True)
        for index, group in enumerate(report.groups)
    ]
    steps = [
        StepSpot(index, step.name, nothing, places.get(step.group, -1), -1, step.number, step.enabled, ())
        for index, step in enumerate(report.steps)
    ]
    for spot in groups:
        if spot.parent >= 0:
            groups[spot.parent].groups.append(spot.index)
    roots: dict[int, Spot] = {}
    for step in steps:
        group, root = step.group, step.index
        if group >= 0:
            groups[group].members.append(step.index)
        while group >= 0:
            groups[group].steps.append(step.index)
            root, group = len(steps) + group, groups[group].parent
        roots.setdefault(root, groups[root - len(steps)] if root >= len(steps) else step)
    names: dict[str, Spot] = {group.name: group for group in groups}
    names |= {step.name: step for step in steps}
    return Outline(steps, groups, list(roots.values()), names)


def _graph(outline: Outline, planned: Sequence[PlannedStep], *, ordered: bool) -> Graph:
    builder, first_group = GraphBuilder(outline), len(outline.steps)

    def nodes(names: Sequence[str]) -> list[int]:
        spots = [outline.names[name] for name in names]
        return [spot.index + (first_group if isinstance(spot, GroupSpot) else 0) for spot in spots]

    for index, step in enumerate(planned):
        builder.add_inputs(index, Inputs(data=nodes(step.inputs), after=nodes(step.after)))
    if ordered:
        builder.add_file_order()
    graph = builder.build()
    check_order(graph)
    return graph


def _groups(report: RunReport, outline: Outline) -> tuple[Group, ...]:
    return tuple(
        Group(spot.index, spot.name, spot.parent, line.max_workers, line.fail_fast, tuple(spot.members),
              tuple(spot.groups), None)
        for spot, line in zip(outline.groups, report.groups, strict=True)
    )  # fmt: skip


def _steps(report: RunReport, outline: Outline, edges: Sequence[PlannedStep]) -> tuple[Step, ...]:
    models: dict[tuple[str, str], Model] = {}
    return tuple(
        _step(spot, line, planned, models)
        for spot, line, planned in zip(outline.steps, report.steps, edges, strict=True)
    )


def _model(line: StepLine) -> Model:
    """As the catalogue has it, because adapters ask it for its limits; else one of which nothing is known."""
    found = catalogue().find(line.model, line.type)
    if found is not None and found.key == line.model:
        return found
    return Model(
        key=line.model, name=line.model, type=line.type, provider=line.provider, aliases=(), makes="text",
        inputs=(), params=(), price=None, price_unit="", expected_seconds=None, state="unknown", entry={},
    )  # fmt: skip


def _step(spot: StepSpot, line: StepLine, planned: PlannedStep, models: dict[tuple[str, str], Model]) -> Step:
    key = (line.model, line.type)
    if key not in models:
        models[key] = _model(line)
    # What was there already was not asked of its provider, so no limit held it.
    provider = LOCAL if line.status == "cached" else line.provider
    return Step(
        index=spot.index, name=line.name, type=line.type, model=models[key], provider=provider,
        preview=line.preview, params={}, text=None, text_param="", templated=False, media=(), text_from=None,
        references={}, data=(), group=spot.group, number=line.number, total=line.total,
        timeout=planned.timeout, retries=planned.retries, expected=planned.expected, enabled=line.enabled,
        stem=line.name, at=(), position=None,
    )  # fmt: skip
