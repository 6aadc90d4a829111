"""From a planned step to a Request: templates filled in, inputs picked up."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.config.references import references_in, render
from acp_action.errors import FatalError
from acp_action.plan.inputs import TEXT_PARAMS
from acp_action.providers.base import Request, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.artifacts import JsonValue, Output
    from acp_action.config.references import Reference
    from acp_action.engine.crew import Job
    from acp_action.plan.model import Plan, Step
    from acp_action.providers.base import Stage

_RANDOM_LIMIT = 2**31


@dataclass(slots=True)
class RunContext:
    """What all attempts of a run share. ``outputs`` is written by the scheduler, before followers start.

    ``timestamp``: ISO 8601 in UTC, one for the whole run. ``seed``: what ``{{random}}`` is drawn from.
    """

    plan: Plan
    timestamp: str
    seed: int
    outputs: list[Output | None] = field(default_factory=list)


def build_request(step: Step, job: Job, context: RunContext, stage: Stage) -> Request:
    """The request of one attempt. Raises FatalError for a text that came out empty."""
    params = step.params
    if _has_templates(params):
        params = _rendered(step, context)
    text, rest = _text(step, params, context)
    return Request(
        step=step.name,
        type=step.type,
        model=step.model,
        params=rest,
        media=tuple(m if isinstance(m, Source) else _output(context, m) for m in step.media),
        text=text,
        attempt=job.attempt,
        refusals=job.refusals,
        preview=step.preview,
        stage=stage,
    )


def _has_templates(params: Any) -> bool:
    return any(True for _ in references_in(params))


def _rendered(step: Step, context: RunContext) -> dict[str, JsonValue]:
    try:
        filled = render(dict(step.params), _lookup(step, context))
    except ValueError as error:
        raise FatalError(f"params: {error}") from error
    if not isinstance(filled, dict):  # render keeps the shape of what it is given
        raise TypeError("params are a mapping")
    return filled


def _lookup(step: Step, context: RunContext) -> Callable[[Reference], JsonValue]:
    # Drawn from the run's seed and the step's name: a retry sees the same numbers, another step others.
    draws = random.Random(f"{context.seed}/{step.name}")  # noqa: S311 - not for secrets

    def lookup(reference: Reference) -> JsonValue:
        match reference.kind:
            case "input":
                return context.plan.input_text
            case "env":
                return context.plan.env[reference.name]
            case "timestamp":
                return context.timestamp
            case "random":
                return draws.randrange(_RANDOM_LIMIT)
        return _output(context, step.references[reference.name]).value

    return lookup


def _text(
    step: Step, params: Any, context: RunContext
) -> tuple[str | None, dict[str, JsonValue]]:
    """The step's text and the other params: its own text, else a text step's output, else the run's input."""
    need = STEP_TYPES[step.type].text
    own = next((p for p in TEXT_PARAMS if p in params), None)
    if own is not None:
        rest = {key: value for key, value in params.items() if key != own}
        text = params[own] if isinstance(params[own], str) else str(params[own])
        if not text.strip():
            raise FatalError(f"params.{own}: the text is empty once its templates are filled in")
        return text, rest
    if step.text_from is not None:
        return _output(context, step.text_from).text, params
    if need == "none":
        return None, params
    text = context.plan.input_text
    if need == "required" and not (text or "").strip():
        raise FatalError("the step needs a text: give params.prompt, or the run's input")
    return text, params


def _output(context: RunContext, step: int) -> Output:
    output = context.outputs[step]
    if output is None:
        raise FatalError(f"the output of '{context.plan.steps[step].name}' is not there")
    return output
