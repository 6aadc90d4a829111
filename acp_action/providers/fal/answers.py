"""What fal's answers mean: its two shapes of errors, and the results of its models.

The words are those of https://docs.fal.ai/errors; decisions rest on ``type`` and ``error_type``, never on
``msg``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import AccountClosed, FatalError, PolicyRefusal, TransientError
from acp_action.providers.jobs.ends import CancelledThere, FieldError
from acp_action.providers.reading import at_path
from acp_action.providers.wire.answer import excerpt
from acp_action.providers.wire.wire import Rules

if TYPE_CHECKING:
    from acp_action.catalogue.models import Model
    from acp_action.errors import ProviderError
    from acp_action.providers.wire.wire import Answer

_REFUSED: Final = "content_policy_violation"
_CANCELLED: Final = frozenset({"client_cancelled", "client_disconnected"})
# The runner's and the platform's trouble, with which nothing is billed: the model may do better next time.
_PASSING: Final = frozenset(
    {
        "request_timeout", "startup_timeout", "runner_scheduling_failure", "runner_connection_timeout",
        "runner_disconnected", "runner_connection_refused", "runner_connection_error",
        "runner_incomplete_response", "runner_server_error", "internal_error", "generation_timeout",
        "downstream_service_unavailable", "internal_server_error",
    }
)  # fmt: skip


class FalRules(Rules):
    """Readings of fal's errors that the common table does not know.

    No 5xx counts as unbilled here, although fal bills none: on a submit it leaves open whether the job is in
    the queue all the same.
    """

    def explain(self, answer: Answer) -> ProviderError | None:
        """A locked account, a refusal by policy, or a field that is not accepted."""
        tree = answer.tree
        if answer.status == 403 and any(w in answer.said.lower() for w in ("locked", "balance", "credit")):
            said = f"fal: HTTP 403: {answer.said}; add credit at fal.ai/dashboard/billing"
            return AccountClosed(said, why="credit")
        if answer.status in (400, 422) and isinstance(tree, dict):
            return rejected(answer.said, tree)
        return None


def rejected(said: str, tree: dict[str, Any]) -> ProviderError:
    """The error that a rejected input means."""
    detail = tree.get("detail")
    first = detail[0] if isinstance(detail, list) and detail and isinstance(detail[0], dict) else {}
    kind = first.get("type") or tree.get("error_type")
    if kind == _REFUSED:
        return PolicyRefusal(f"fal refuses this content: {said}{_categories(first)}; it may be billed")
    place = first.get("loc")
    parts = [str(part) for part in place[:8] if part != "body"] if isinstance(place, list) else []
    return FieldError(f"fal: {said or 'the input was rejected'}", ".".join(parts))


def job_error(answer: Answer) -> ProviderError | None:
    """Why a job made nothing, by its result's answer; None when the answer is not the job's own word.

    A proxy's page or an overload says nothing about the job, and is asked again.
    """
    tree = answer.tree
    if not isinstance(tree, dict):
        return None
    kind = tree.get("error_type") or answer.headers.get("x-fal-error-type", "")
    said = answer.said
    if answer.status == 499 or kind in _CANCELLED:
        return CancelledThere(f"fal: the job was cancelled: {said}")
    if answer.status == 504 and answer.headers.get("x-fal-request-timeout-type", "").lower() == "user":
        return CancelledThere(
            "fal: the job did not begin before the step's time was over; nothing was billed"
        )
    if kind in _PASSING:
        return TransientError(f"fal: {kind}: {said}; nothing is billed for it")
    if 400 <= answer.status < 500 and answer.status not in (401, 403, 404, 408, 409, 425, 429):
        return rejected(said, tree)
    if answer.status >= 500 and "detail" in tree:
        return TransientError(f"fal: HTTP {answer.status}: {said}; nothing is billed for it")
    return None


def error_inside(tree: dict[str, Any]) -> ProviderError | None:
    """The error in an answer that says 200, None when there is none. What says success may be billed."""
    kind = tree.get("error_type")
    if not kind and "detail" not in tree:
        return None
    said = excerpt(str(tree.get("detail")))
    if kind in _PASSING:
        return FatalError(f"fal: {kind}: {said}; it may be billed")
    return rejected(said, tree)


def is_withheld(tree: dict[str, Any]) -> bool:
    """Whether every picture was replaced by a black one, as FLUX models do with what they find indecent."""
    flags = tree.get("has_nsfw_concepts")
    return isinstance(flags, list) and bool(flags) and all(flag is True for flag in flags)


def files_in(tree: dict[str, Any], model: Model) -> list[str]:
    """The addresses of what was made."""
    found = at_path(tree, str(model.entry["output"].get("field", "")))
    return [address for address in found if isinstance(address, str) and address]


def text_in(tree: dict[str, Any], model: Model) -> str:
    """The text that was made; empty for none."""
    found = at_path(tree, str(model.entry["output"].get("field", "")))
    return found[0] if found and isinstance(found[0], str) else ""


def _categories(detail: dict[str, Any]) -> str:
    named = detail.get("categories") or detail.get("ctx", {}) or []
    named = named.get("categories", []) if isinstance(named, dict) else named
    return f" ({', '.join(map(str, named[:6]))})" if isinstance(named, list) and named else ""
