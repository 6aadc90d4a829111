"""Data edges: what feeds each step's media port and its text, by contract rule 2."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acp_action.artifacts import SINGULAR
from acp_action.catalogue.step_types import STEP_TYPES, StepType
from acp_action.config.references import references_in
from acp_action.errors import did_you_mean
from acp_action.plan.outline import GroupSpot, StepSpot
from acp_action.plan.ports import (
    ARTICLE,
    PLURAL,
    TEXT_PARAMS,
    instead_of_text,
    last_texts,
    media_keys,
    names_with_places,
    needs_media,
    takes,
)
from acp_action.plan.sources import read_source

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.artifacts import Kind
    from acp_action.config.model import NodePath
    from acp_action.plan.findings import Findings
    from acp_action.plan.outline import Outline, Spot
    from acp_action.providers.base import Source


# A message names at most this many steps to choose from.
_SHOWN = 8


@dataclass(slots=True)
class Inputs:
    """What one step takes. ``data`` and ``after`` hold node numbers: steps, then groups behind them."""

    media: list[int | Source] = field(default_factory=list)
    text_from: int | None = None
    references: dict[str, int] = field(default_factory=dict)
    data: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    uses_input: NodePath | None = None
    names_media: bool = False
    templated: bool = False


class InputResolver:
    """Finds every step's inputs; problems go to ``findings``.

    ``workspace``: the folder that files named in params must stand in. ``ordered``: whether top-level
    entries run in file order, so that nothing may refer forward.
    """

    def __init__(self, outline: Outline, findings: Findings, workspace: Path, *, ordered: bool) -> None:
        self._outline = outline
        self._findings = findings
        self._workspace = workspace
        self._ordered = ordered
        self._first_group = len(outline.steps)
        self._text_before = last_texts(outline)

    def resolve(self, spot: StepSpot) -> Inputs:
        """The inputs of one step."""
        spec = STEP_TYPES[spot.entry.type]
        inputs = Inputs(params=dict(spot.entry.params))
        self._take_named(spot, spec, inputs)
        self._take_params(spot, spec, inputs)
        self._take_references(spot, inputs)
        if not inputs.media and not inputs.names_media and needs_media(spec, spot.entry.model):
            self._take_previous(spot, spec, inputs)
        if spec.text != "none" and inputs.text_from is None:
            self._take_text(spot, spec, inputs)
        self._take_needs(spot, inputs)
        return inputs

    # --- input_from

    def _take_named(self, spot: StepSpot, spec: StepType, inputs: Inputs) -> None:
        for at, name in names_with_places(spot.entry.input_from, (*spot.at, "input_from")):
            found = self._find(spot, name, at)
            if found is None:
                inputs.names_media = True  # the name is the problem, and it has been told
                continue
            inputs.data.append(self._node(found))
            for source in self._steps_of(found):
                if spec.text == "none" or self._made(source) != "text":
                    inputs.names_media = True
                self._feed(spot, spec, inputs, source, at)

    def _feed(self, spot: StepSpot, spec: StepType, inputs: Inputs, source: int, at: NodePath) -> None:
        made = self._made(source)
        if made == "text" and spec.text != "none":
            self._feed_text(inputs, source, at)
        elif spec.media and SINGULAR[made] == SINGULAR[spec.media]:
            self._feed_media(spec, inputs, source, at)
        else:
            name = self._outline.steps[source].name
            self._findings.error(
                at,
                f"'{name}' makes {ARTICLE[made]}, but {spec.name} takes {takes(spec)}",
                self._offer(spot, spec),
            )

    def _feed_text(self, inputs: Inputs, source: int, at: NodePath) -> None:
        name = self._outline.steps[source].name
        own = next((p for p in TEXT_PARAMS if p in inputs.params), None)
        if own is not None:
            self._findings.error(
                at,
                f"takes its text from '{name}', but has a {own} of its own",
                f'drop one of them, or write {own}: "… {{{{step_{name}.output}}}} …"',
            )
        elif inputs.text_from is not None:
            self._findings.error(
                at, f"takes a second text, from '{name}'", 'join them: prompt: "{{step_a.output}} …"'
            )
        inputs.text_from = source

    def _feed_media(self, spec: StepType, inputs: Inputs, source: int, at: NodePath) -> None:
        single = spec.media not in PLURAL
        if single and (inputs.media or self._made(source) in PLURAL):
            what = SINGULAR[spec.media] if spec.media else ""
            self._findings.error(
                at,
                f"gets several {what}s, but {spec.name} takes one",
                f"name the one step whose {what} it is",
            )
            return
        inputs.media.append(source)

    # --- params

    def _take_params(self, spot: StepSpot, spec: StepType, inputs: Inputs) -> None:
        for key in media_keys(spec):
            if key not in inputs.params:
                continue
            value = inputs.params.pop(key)
            inputs.names_media = True
            at = (*spot.at, "params", key)
            if inputs.media:
                self._findings.error(at, "the step has input_from already", "drop one of them", key=True)
            values = value if isinstance(value, list) else [value]
            if len(values) > 1 and spec.media not in PLURAL:
                self._findings.error(at, f"several files, but {spec.name} takes one", "name one file")
            for place, item in enumerate(values):
                self._take_file(spot, spec, inputs, item, (*at, place) if isinstance(value, list) else at)

    def _take_file(self, spot: StepSpot, spec: StepType, inputs: Inputs, value: Any, at: NodePath) -> None:
        references = [r for _, r in references_in(value)]
        if references:
            sole = isinstance(value, str) and (references[0].start, references[0].end) == (0, len(value))
            found = (
                self._find(spot, references[0].name, at) if references[0].kind == "step" and sole else None
            )
            if isinstance(found, StepSpot):
                inputs.data.append(found.index)
                self._feed(spot, spec, inputs, found.index, at)
            elif not (references[0].kind == "step" and sole):
                self._findings.error(
                    at, "a template inside a file name", 'use "{{step_NAME.output}}" alone, or a plain path'
                )
            return
        kind: Kind = SINGULAR[spec.media] if spec.media else "text"
        source = read_source(value, kind, at, self._workspace, self._findings)
        if source is not None:
            inputs.media.append(source)

    # --- templates

    def _take_references(self, spot: StepSpot, inputs: Inputs) -> None:
        for subpath, reference in references_in(inputs.params):
            at: NodePath = (*spot.at, "params", *subpath)
            inputs.templated = True
            if reference.kind == "input":
                inputs.uses_input = at
            if reference.kind != "step":
                continue
            found = self._find(spot, reference.name, at, reference.start)
            if isinstance(found, GroupSpot):
                members = [self._outline.steps[i].name for i in found.steps]
                self._findings.error(
                    at,
                    f"'{reference.name}' is a group, which has no output of its own",
                    f"name one of its members: {', '.join(members[:_SHOWN])}",
                )
            elif found is not None:
                self._refer(spot, inputs, reference.name, found, str(subpath[0]), at)

    def _refer(
        self, spot: StepSpot, inputs: Inputs, name: str, found: StepSpot, param: str, at: NodePath
    ) -> None:
        made = self._made(found.index)
        if param in TEXT_PARAMS and made != "text":
            what = f"'{name}' makes {ARTICLE[made]}, but a {param} is a text"
            self._findings.error(at, what, instead_of_text(STEP_TYPES[spot.entry.type], name, made))
        inputs.references[name] = found.index
        inputs.data.append(found.index)

    # --- what is implied

    def _take_previous(self, spot: StepSpot, spec: StepType, inputs: Inputs) -> None:
        needed = ARTICLE[spec.media] if spec.media else ""
        param = spec.media_param
        previous = self._previous(spot)
        if previous is None:
            self._findings.error(
                spot.at,
                f"{spec.name} needs {needed}, and no entry comes before it",
                f"add input_from with a step's name, or params.{param} with a file",
            )
            return
        steps = [i for i in self._steps_of(previous) if self._outline.steps[i].enabled]
        kinds = [SINGULAR[self._made(i)] for i in steps]
        if spec.media and any(k != SINGULAR[spec.media] for k in kinds):
            other = ARTICLE[next(k for k in kinds if k != SINGULAR[spec.media])]
            self._findings.error(
                spot.at,
                f"{spec.name} needs {needed}, but the entry before it, '{previous.name}', makes {other}",
                self._offer(spot, spec),
            )
            return
        inputs.data.append(self._node(previous))
        for step in steps:
            self._feed(spot, spec, inputs, step, spot.at)

    def _previous(self, spot: StepSpot) -> Spot | None:
        before = (self._outline.roots[i] for i in range(spot.root - 1, -1, -1))
        return next((entry for entry in before if entry.enabled), None)

    def _take_text(self, spot: StepSpot, spec: StepType, inputs: Inputs) -> None:
        if any(p in inputs.params for p in TEXT_PARAMS):
            return
        if spec.text == "required":
            inputs.text_from = self._text_before[spot.root]
            if inputs.text_from is not None:
                inputs.data.append(inputs.text_from)
            elif not spot.entry.input_from:  # else what it names does not fit, and that has been told
                inputs.uses_input = spot.at

    # --- needs

    def _take_needs(self, spot: StepSpot, inputs: Inputs) -> None:
        holder: Spot = spot
        while True:
            for at, name in names_with_places(holder.entry.needs, (*holder.at, "needs")):
                found = self._find(holder, name, at)
                if found is not None:
                    inputs.after.append(self._node(found))
            parent = holder.group if isinstance(holder, StepSpot) else holder.parent
            if parent < 0:
                return
            holder = self._outline.groups[parent]

    # --- shared

    def _find(self, spot: Spot, name: str, at: NodePath, offset: int = 0) -> Spot | None:
        found = self._outline.names.get(name)
        if found is None:
            others = [other for other, place in self._outline.names.items() if place is not spot]
            near = did_you_mean(name, others) or f"known are {', '.join(others[:_SHOWN])}"
            self._findings.error(at, f"there is no step or group named '{name}'", near, offset=offset)
        elif found is spot:
            self._findings.error(at, f"'{name}' would wait for itself", "name another step", offset=offset)
            return None
        elif self._ordered and found.root > spot.root:
            self._findings.error(
                at,
                f"'{name}' comes later in the file",
                "move it up, or set settings.schedule: dataflow",
                offset=offset,
            )
            return None
        return found

    def _node(self, spot: Spot) -> int:
        return spot.index if isinstance(spot, StepSpot) else self._first_group + spot.index

    def _steps_of(self, spot: Spot) -> list[int]:
        return [spot.index] if isinstance(spot, StepSpot) else spot.steps

    def _made(self, step: int) -> Kind:
        return STEP_TYPES[self._outline.steps[step].entry.type].makes

    def _offer(self, spot: StepSpot, spec: StepType) -> str:
        """Name the nearest step above that makes what is needed."""
        wanted = SINGULAR[spec.media] if spec.media else "text"
        for step in range(spot.index - 1, -1, -1):
            if SINGULAR[self._made(step)] == wanted:
                return f"try input_from: {self._outline.steps[step].name}"
        return f"no step before it makes {ARTICLE[wanted]}"
