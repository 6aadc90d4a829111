"""From what is known of an attempt, or of a step, at its end to what the result says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acp_action.engine.result import StepResult, as_tuple
from acp_action.engine.track import THROTTLE
from acp_action.events import StepParked, StepProgressed, StepStarted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.engine.outcome import Done, Word
    from acp_action.engine.track import Track
    from acp_action.engine.verdict import Again, End
    from acp_action.plan.model import Step


def started(
    step: Step, group: str, at: float, attempt: int, worker: int, expected: float | None
) -> StepStarted:
    """The event that tells of an attempt's start; ``at`` in seconds since the run started."""
    return as_tuple(
        StepStarted,
        (
            at,
            step.name,
            group,
            step.number,
            step.total,
            attempt,
            worker,
            step.model.key,
            step.provider,
            expected,
        ),
    )


def parked(step: Step, group: str, at: float, attempt: int, again: Again) -> StepParked:
    """The event that tells of an attempt that will be made again; ``at`` in seconds since the run started."""
    why = "rate limit" if again.phase == THROTTLE else "retry"
    return StepParked(at, step.name, group, step.number, step.total, attempt, why, again.reason, again.delay)


def progressed(step: Step, group: str, at: float, word: Word) -> StepProgressed:
    """The event that tells what an attempt told; ``at`` in seconds since the run started."""
    place = (at, step.name, group, step.number, step.total)
    return StepProgressed(*place, word.attempt, step.provider, word.what, word.detail, word.place)


def result_of(
    step: Step, group: str, track: Track, begin: float, end: End, now: float, done: Done | None
) -> StepResult:
    """The result of a step that was at least ready; ``begin`` and ``now`` on the clock's scale."""
    output, cost, seed, params, text = None, None, None, step.params, step.text
    notes: Mapping[str, JsonValue] = {"traceback": end.traceback} if end.traceback else {}
    if done is not None:
        output, product, text = done.output, done.product, done.text
        cost, seed, params, notes = product.cost, product.seed, product.params, product.notes
    if text is not None:
        params = {step.text_param: text, **params}
    return as_tuple(
        StepResult,
        (
            step.name,
            step.type,
            step.model.key,
            step.provider,
            group,
            end.status,
            end.reason,
            output,
            track.attempts,
            track.waits(begin),
            now - begin,
            cost,
            seed,
            params,
            notes,
            end.closed,
        ),
    )
