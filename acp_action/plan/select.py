"""Planning a part: chosen steps and what they need, with everything else left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acp_action.errors import UsageError, did_you_mean
from acp_action.plan.graph import ancestors
from acp_action.plan.outline import GroupSpot, Outline, StepSpot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.plan.inputs import Inputs
    from acp_action.plan.outline import Spot


def needs_of(outline: Outline, inputs: Sequence[Inputs]) -> list[list[int]]:
    """For each node, steps first and groups behind them, the nodes it needs; a group needs its steps."""
    return [[*i.data, *i.after] for i in inputs] + [group.steps for group in outline.groups]


def narrow(outline: Outline, inputs: Sequence[Inputs], only: Sequence[str]) -> tuple[Outline, list[Inputs]]:
    """The outline and inputs of the named steps (or groups) and their ancestors, numbered anew.

    Raises UsageError for a name that is neither a step nor a group.
    """
    targets = [_target(outline, name) for name in only]
    kept = ancestors(needs_of(outline, inputs), targets)
    first_group = len(outline.steps)
    steps = [i for i in range(first_group) if i in kept]
    held = {g for g, spot in enumerate(outline.groups) if any(i in kept for i in spot.steps)}
    groups = [g for g in range(len(outline.groups)) if g in held]
    new_step = {old: new for new, old in enumerate(steps)}
    new_group = {old: new for new, old in enumerate(groups)}

    def node(old: int) -> int:
        if old < first_group:
            return new_step[old]
        return len(steps) + new_group[old - first_group]

    result = _renumbered(outline, new_step, new_group)
    return result, [_mapped(inputs[i], node) for i in steps]


def _target(outline: Outline, name: str) -> int:
    spot = outline.names.get(name)
    if spot is None:
        near = did_you_mean(name, outline.names)
        raise UsageError(f"--step {name}: there is no step or group of this name; {near or 'see: plan FILE'}")
    return spot.index if isinstance(spot, StepSpot) else len(outline.steps) + spot.index


def _mapped(inputs: Inputs, node: Callable[[int], int]) -> Inputs:
    return replace(
        inputs,
        media=[node(m) if isinstance(m, int) else m for m in inputs.media],
        text_from=None if inputs.text_from is None else node(inputs.text_from),
        references={name: node(i) for name, i in inputs.references.items()},
        data=[node(i) for i in inputs.data],
        after=[node(i) for i in inputs.after],
    )


def _renumbered(outline: Outline, new_step: dict[int, int], new_group: dict[int, int]) -> Outline:
    steps = [
        replace(outline.steps[old], index=new, group=new_group.get(outline.steps[old].group, -1))
        for old, new in new_step.items()
    ]
    groups = [
        replace(
            outline.groups[old],
            index=new,
            parent=new_group.get(outline.groups[old].parent, -1),
            members=[new_step[i] for i in outline.groups[old].members if i in new_step],
            groups=[new_group[i] for i in outline.groups[old].groups if i in new_group],
            steps=[new_step[i] for i in outline.groups[old].steps if i in new_step],
        )
        for old, new in new_group.items()
    ]
    for group in groups:
        for number, member in enumerate(group.members, start=1):
            steps[member].number = number
    roots: list[Spot] = []
    for root in outline.roots:
        if isinstance(root, GroupSpot) and root.index in new_group:
            roots.append(groups[new_group[root.index]])
        elif isinstance(root, StepSpot) and root.index in new_step:
            roots.append(steps[new_step[root.index]])
    spots: list[Spot] = [*steps, *groups]
    names = {spot.name: spot for spot in spots}
    return Outline(steps, groups, roots, names)
