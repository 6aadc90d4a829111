"""make_plan: from a checked config to a plan, or to every problem that only planning can see."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.config.environment import credential_like
from acp_action.config.load import collector_paused
from acp_action.config.references import references_in
from acp_action.errors import ConfigError
from acp_action.plan.build import GraphBuilder
from acp_action.plan.findings import Findings
from acp_action.plan.graph import find_cycles
from acp_action.plan.inputs import InputResolver
from acp_action.plan.model import Graph, Group, Links, Plan
from acp_action.plan.names import assign_stems
from acp_action.plan.outline import outline
from acp_action.plan.ports import PLURAL, TEXT_PARAMS
from acp_action.plan.select import narrow, needs_of
from acp_action.plan.steps import StepMaker

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from acp_action.config.cascade import Effective
    from acp_action.config.model import NodePath, PipelineConfig
    from acp_action.errors import Problem
    from acp_action.plan.findings import ConfigSource
    from acp_action.plan.inputs import Inputs
    from acp_action.plan.model import Step
    from acp_action.plan.outline import Outline, Spot, StepSpot
    from acp_action.providers.base import Provider


@collector_paused()
def make_plan(
    config: PipelineConfig,
    source: ConfigSource,
    settings: Effective,
    *,
    providers: Mapping[str, Provider],
    input_text: str | None = None,
    env: Mapping[str, str] | None = None,
    workspace: Path | None = None,
    only: Sequence[str] = (),
    need_input: bool = False,
) -> Plan:
    """Settle every edge, model, provider and limit of a pipeline.

    ``providers``: by name, those that can carry out steps here; a step of another one is still planned.
    ``env``: the variables that ``{{env.NAME}}`` may read, None to leave them unchecked. ``workspace``: the
    folder that media files named in params stand in (default: the current one). ``only``: names of steps or
    groups; they and what they need are planned, nothing else. ``need_input``: a step that uses the run's
    input is an error when there is none.

    Raises ConfigError with all problems in file order, UsageError for an unknown name in ``only``.
    """
    findings = Findings(source)
    ordered = settings.schedule == "ordered"
    whole = outline(config)
    resolver = InputResolver(whole, findings, workspace or Path.cwd(), ordered=ordered)
    inputs = [resolver.resolve(spot) for spot in whole.steps]
    _check_cycles(whole, inputs, findings)
    # Before anything is left out: a selection must not take another step's file name.
    stems = _stems(whole)
    if only:
        whole, inputs = narrow(whole, inputs, only)
    if env is not None:
        _check_env(whole, inputs, findings, env)
    if need_input and not (input_text and input_text.strip()):
        _check_input(whole, inputs, findings, given=input_text is not None)
    steps = StepMaker(whole, findings, settings, providers).make(inputs, stems)
    if need_input and not (input_text and input_text.strip()):
        _check_texts(steps, findings)
    if findings.errors:
        raise ConfigError(findings.sorted_errors())
    return Plan(
        name=config.name or Path(source.name).stem,
        steps=steps,
        groups=_groups(whole, settings, source),
        graph=_graph(whole, inputs, ordered=ordered),
        settings=settings,
        input_text=input_text,
        source_name=source.name,
        warnings=tuple(findings.warnings),
        env=dict(env or {}),
        links=tuple(Links(tuple(dict.fromkeys(i.data)), tuple(dict.fromkeys(i.after))) for i in inputs),
    )


@collector_paused()
def problems_of_steps(
    config: PipelineConfig,
    source: ConfigSource,
    settings: Effective,
    doubtful: Collection[NodePath],
    *,
    providers: Mapping[str, Provider],
    env: Mapping[str, str] | None = None,
    workspace: Path | None = None,
) -> list[Problem]:
    """What is wrong with each step by itself, in a file that leaves open who feeds whom.

    ``doubtful``: where the entries stand that nothing is said about; the rest as in ``make_plan``.
    """
    findings = Findings(source)
    whole = outline(config)
    # What is found about edges is guesswork, and kept to ourselves.
    resolver = InputResolver(whole, Findings(source), workspace or Path.cwd(), ordered=False)
    inputs = [resolver.resolve(spot) for spot in whole.steps]
    if env is not None:
        _check_env(whole, inputs, findings, env)
    StepMaker(whole, findings, settings, providers).make(inputs, _stems(whole), doubtful)
    return findings.sorted_errors()


def _stems(whole: Outline) -> dict[str, str]:
    plural = [STEP_TYPES[spot.entry.type].makes in PLURAL for spot in whole.steps]
    names = [spot.name for spot in whole.steps]
    return dict(zip(names, assign_stems(names, plural), strict=True))


def _check_cycles(whole: Outline, inputs: Sequence[Inputs], findings: Findings) -> None:
    spots: list[Spot] = [*whole.steps, *whole.groups]
    for path in find_cycles(needs_of(whole, inputs)):
        # The path says who needs whom; people read who feeds whom, so it is turned round.
        names = " -> ".join(spots[node].name for node in reversed(path))
        first = min(path, key=lambda node: (spots[node].root, node))
        findings.error(
            spots[first].at,
            f"these wait for each other: {names}",
            "take one of the references out of the circle",
        )


def _check_env(whole: Outline, inputs: Sequence[Inputs], findings: Findings, env: Mapping[str, str]) -> None:
    for spot, taken in zip(whole.steps, inputs, strict=True):
        for subpath, reference in references_in(taken.params):
            if reference.kind == "env" and reference.name not in env:
                secret = credential_like(reference.name, "")
                findings.error(
                    (*spot.at, "params", *subpath),
                    f"the environment variable {reference.name} is not open to pipeline files",
                    f"take it out: {secret}, and credentials stay closed"
                    if secret
                    else f"run with --allow-env {reference.name} to open it",
                    offset=reference.start,
                )


def _check_input(whole: Outline, inputs: Sequence[Inputs], findings: Findings, *, given: bool) -> None:
    """``given``: there is an input, and it is empty; that is enough for a text that says more than it."""
    what = "needs the run's input, and " + ("that is empty" if given else "none was given")
    mend = (
        "give one that says something"
        if given
        else 'give it with --input "…", input: in a workflow, or input_text="…" in Python'
    )
    for spot, taken in zip(whole.steps, inputs, strict=True):
        if taken.uses_input is not None and spot.enabled and not (given and _says_more(spot, taken)):
            findings.error(taken.uses_input, what, mend)


def _check_texts(steps: Iterable[Step], findings: Findings) -> None:
    """Where the type can do without a text its model may not, and would say so when others are paid for."""
    for step in steps:
        needed = any(field.kind == "text" and field.required for field in step.model.inputs)
        given = step.text is not None or step.text_from is not None or "multi_prompt" in step.params
        needed = needed and STEP_TYPES[step.type].text == "optional"
        if needed and not given and step.enabled and not step.preview:
            findings.error(
                step.at,
                f"{step.model.key} needs a {step.text_param}, and the run has no input to take for it",
                f"write params.{step.text_param}, or give the run an input",
            )


def _says_more(spot: StepSpot, taken: Inputs) -> bool:
    """Whether a step's text is more than the run's input."""
    text = next((taken.params[p] for p in TEXT_PARAMS if p in taken.params), None)
    if not isinstance(text, str):
        return taken.uses_input != spot.at
    return bool(re.sub(r"\{\{[ \t]*input[ \t]*\}\}", "", text).strip())


def _groups(whole: Outline, settings: Effective, source: ConfigSource) -> tuple[Group, ...]:
    return tuple(
        Group(
            index=spot.index,
            name=spot.name,
            parent=spot.parent,
            max_workers=spot.entry.max_workers or settings.max_workers,
            fail_fast=settings.fail_fast if spot.entry.fail_fast is None else spot.entry.fail_fast,
            members=tuple(spot.members),
            groups=tuple(spot.groups),
            position=source.locate(spot.at),
        )
        for spot in whole.groups
    )


def _graph(whole: Outline, inputs: Sequence[Inputs], *, ordered: bool) -> Graph:
    builder = GraphBuilder(whole)
    for index, taken in enumerate(inputs):
        builder.add_inputs(index, taken)
    if ordered:
        builder.add_file_order()
    return builder.build()
