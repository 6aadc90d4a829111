"""fal's words for what a job is doing, read into looks; ids and addresses of jobs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from acp_action.errors import TransientError
from acp_action.providers.fal.answers import error_inside, job_error
from acp_action.providers.jobs.ends import CancelledThere
from acp_action.providers.jobs.watch import Look
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.errors import ProviderError
    from acp_action.providers.wire.wire import Answer

_STATES: Final[Mapping[str, Literal["queued", "begun", "ended"]]] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "begun",
    "COMPLETED": "ended",
}
_ID: Final = re.compile(r"[\w-]{1,128}", re.ASCII)
_ID_IN_RUINS: Final = re.compile(rb'"request_id"\s*:\s*"([A-Za-z0-9_-]{1,128})"')
# So often an answer without sense is asked for again before it is believed.
SURE: Final = 3


def job_id(answer: Answer) -> tuple[str, Mapping[str, Any]] | None:
    """The id of the job that an order's answer tells of, and the rest of it; None where none can be read."""
    tree = answer.tree
    if not isinstance(tree, dict):
        found = _ID_IN_RUINS.search(answer.body)
        tree = {"request_id": found[1].decode()} if found else {}
    told = tree.get("request_id")
    return (told, tree) if isinstance(told, str) and _ID.fullmatch(told) else None


def is_final(answer: Answer, look: Look, tries: int) -> bool:
    """Whether an answer to the question for the result is the job's own last word."""
    tree = answer.tree
    if answer.status == 200 and isinstance(tree, dict):
        return error_inside(tree) is None or "error" in look.answer or tries >= SURE
    error = job_error(answer)
    if isinstance(error, TransientError):
        return "error" in look.answer
    return error is not None


def after(answer: Answer, error: ProviderError) -> Literal["anew", "never"]:
    """Whether a job that failed may be ordered again: not if its rejected input was worked on, and billed."""
    if isinstance(error, TransientError | CancelledThere):
        return "anew"
    return "anew" if values.number(answer.headers.get("x-fal-billable-units")) == 0 else "never"


def app_of(endpoint: str) -> str:
    """The part of an endpoint under which its jobs are kept.

    >>> app_of("fal-ai/kling-video/v2.6/pro/text-to-video"), app_of("workflows/me/mine/v1")
    ('fal-ai/kling-video', 'workflows/me/mine')
    """
    parts = endpoint.split("/")
    return "/".join(parts[: 3 if parts[0] in ("workflows", "comfy") else 2])


def status_look(tree: Mapping[str, Any]) -> Look:
    """What a status says; ``answer`` keeps the error of a job that failed."""
    state = _STATES.get(str(tree.get("status")))
    if state is None:
        return Look("unclear", trouble=f"an unknown state: {str(tree.get('status'))[:60]}")
    metrics = tree.get("metrics")
    took = values.number(metrics.get("inference_time")) if isinstance(metrics, dict) else None
    position = values.whole(tree.get("queue_position"))
    failed = {"error": tree["error"]} if tree.get("error") else {}
    return Look(state, failed, took=took if took and took > 0 else None, position=position)


def event_look(text: str) -> Look:
    """What an event of the stream says; any text may come."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return Look("unclear")
    return status_look(tree) if isinstance(tree, dict) else Look("unclear")


def seed_of(tree: Mapping[str, Any]) -> int | None:
    """The seed that a result tells, None where it tells none."""
    seed = tree.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None


def notes_of(answer: Answer, look: Look) -> dict[str, Any]:
    """For the manifest: the units that fal bills, and how long the model worked, where they are told."""
    units = values.number(answer.headers.get("x-fal-billable-units"))
    notes: dict[str, Any] = {} if units is None or units < 0 else {"billable_units": units}
    return notes if look.took is None else {**notes, "inference_seconds": look.took}
