"""OpenAI's messages about images, as pure functions: requests from settings, results from answers.

Sources: https://platform.openai.com/docs/api-reference/images, .../docs/guides/error-codes and the types of
the official openai package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acp_action.providers.reading import counts_of, entry
from acp_action.providers.wire.answer import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue

GENERATIONS: Final = "/images/generations"
EDITS: Final = "/images/edits"
REFUSALS: Final = frozenset({"moderation_blocked", "content_policy_violation"})
OUT_OF_CREDIT: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


def body(model: str, prompt: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """A request for one picture; what is not set the service decides."""
    return {"model": model, "prompt": prompt, "n": 1, **settings}


def result_of(answer: Any) -> dict[str, JsonValue] | None:
    """What an answer holds: ``encoded``, or ``url``; else why there is none.

    None for an answer of another shape, of which nobody can say what it means.
    """
    made = entry(answer, "data")
    if not isinstance(made, list):
        return None
    encoded, url = entry(made, 0, "b64_json"), entry(made, 0, "url")
    facts = _facts(answer)
    if isinstance(encoded, str) and encoded:
        return {"encoded": encoded, **facts}
    if isinstance(url, str) and url:
        return {"url": url, **facts}
    return {"failed": "OpenAI answered without a picture; the request may be billed", **facts}


def _facts(answer: Any) -> dict[str, JsonValue]:
    told = entry(answer, "data", 0, "revised_prompt")
    counts = counts_of(entry(answer, "usage"))
    return {
        **({"usage": counts} if counts else {}),
        **({"revised_prompt": excerpt(told)} if isinstance(told, str) and told else {}),
    }


def code_of(answer: Any) -> str:
    """The code of an error, such as ``moderation_blocked``; its type where it has none; else empty."""
    return str(entry(answer, "error", "code") or entry(answer, "error", "type") or "")
