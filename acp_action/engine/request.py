"""From a planned step to a Request: templates filled in, inputs picked up."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.config.references import render
from acp_action.engine.result import as_tuple
from acp_action.errors import FatalError
from acp_action.providers.base import Request, Source, untold
from acp_action.redaction import SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acp_action.artifacts import JsonValue, Output
    from acp_action.config.references import Reference
    from acp_action.engine.crew import Job
    from acp_action.plan.model import Plan, Step
    from acp_action.providers.base import Stage, Tell, Trail

_RANDOM_LIMIT = 2**31


class Origin(NamedTuple):
    """What templates are filled from: ``timestamp`` (ISO 8601, UTC), and the ``seed`` of random values."""

    timestamp: str
    seed: int


@dataclass(slots=True)
class RunContext:
    """What all attempts of a run share. ``outputs`` is written by the scheduler, before followers start.

    ``timestamp``: ISO 8601 in UTC, one for the whole run. ``seed``: what ``{{random}}`` is drawn from.
    """

    plan: Plan
    timestamp: str
    seed: int
    outputs: list[Output | None] = field(default_factory=list)


def build_request(
    step: Step,
    job: Job,
    context: RunContext,
    stage: Stage,
    trail: Trail | None = None,
    tell: Tell = untold,
) -> Request:
    """The request of one attempt. Raises FatalError for a text that came out empty."""
    text, params = (step.text, step.params) if not step.templated else _rendered(step, context)
    if text is None:
        text = _taken_text(step, context)
    elif not text.strip():
        raise FatalError(f"params.{step.text_param}: the text is empty once its templates are filled in")
    if SECRETS.within(text) or SECRETS.within(params):
        # What a provider is sent it keeps, and may draw or read aloud.
        raise FatalError(
            "the text or params hold a key of this run, which no provider may be sent; take it out"
        )
    media = (
        tuple(m if isinstance(m, Source) else _output(context, m) for m in step.media) if step.media else ()
    )
    return as_tuple(
        Request,
        (
            step.name,
            step.type,
            step.model,
            params,
            media,
            text,
            job.attempt,
            job.refusals,
            step.preview,
            stage,
            trail,
            tell,
        ),
    )


def _rendered(step: Step, context: RunContext) -> tuple[str | None, Mapping[str, JsonValue]]:
    lookup = _lookup(step, context)
    try:
        text = None if step.text is None else render(step.text, lookup)
        params = render(dict(step.params), lookup)
    except ValueError as error:
        raise FatalError(f"params: {error}") from error
    if not isinstance(params, dict):  # render keeps the shape of what it is given
        raise TypeError("params are a mapping")
    if isinstance(text, list):
        raise FatalError(f"params.{step.text_param}: a list of files is not a text")
    return (None if text is None else str(text)), params


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


def _taken_text(step: Step, context: RunContext) -> str | None:
    """A text step's output; else the run's input, for steps that need a text (contract rule 2)."""
    if step.text_from is not None:
        return _output(context, step.text_from).text
    if STEP_TYPES[step.type].text == "required":
        if not (context.plan.input_text or "").strip():
            raise FatalError(f"the step needs a text: give params.{step.text_param}, or the run's input")
        return context.plan.input_text
    # Where the type can do without, the model may not; a preview of it goes on even without an input.
    needed = any(field.kind == "text" and field.required for field in step.model.inputs)
    return context.plan.input_text if needed else None


def _output(context: RunContext, step: int) -> Output:
    output = context.outputs[step]
    if output is None:
        raise FatalError(f"the output of '{context.plan.steps[step].name}' is not there")
    return output
