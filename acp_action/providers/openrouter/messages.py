"""OpenRouter's messages, as pure functions: requests from settings, results from answers, errors from bodies.

Sources: https://openrouter.ai/docs/api-reference/chat-completion, https://openrouter.ai/docs/errors and, for
what is billed, https://openrouter.ai/docs/guides/features/zero-completion-insurance: an answer that ended in
an error costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.providers.calls import MAY_BE_BILLED
from acp_action.providers.reading import amount_of, counts_of, entry
from acp_action.providers.wire.answer import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.artifacts import JsonValue

PATH: Final = "/chat/completions"
HEADERS: Final[Mapping[str, str]] = {
    "HTTP-Referer": "https://github.com/donghaozhang/acp-action",
    "X-Title": "acp-action",
}
"""By what its lists of applications call us."""


class Fault(NamedTuple):
    """An error of the service, before or within an answer.

    ``reasons``: why content was refused. ``limit``: which limit was reached, where it says so.
    """

    code: int
    message: str
    reasons: tuple[str, ...] = ()
    limit: str = ""


def body(
    model: str, system: str, text: str, pictures: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """A request for one answer; ``pictures`` are https or ``data:`` addresses."""
    content: str | list[dict[str, Any]] = text
    if pictures:
        shown = [{"type": "image_url", "image_url": {"url": address}} for address in pictures]
        content = [{"type": "text", "text": text}, *shown]
    before = [{"role": "system", "content": system}] if system else []
    return {"model": model, "messages": [*before, {"role": "user", "content": content}], **settings}


def fault_of(answer: Any) -> Fault | None:
    """The error of a body, wherever in it; None when there is none."""
    error = entry(answer, "error")
    choice = entry(answer, "choices", 0)
    if error is None and (entry(choice, "error") or entry(choice, "finish_reason") == "error"):
        error = entry(choice, "error") or {}
    if error is None:
        return None
    code = amount_of(entry(error, "code"))
    said = error if isinstance(error, str) else entry(error, "message")
    reasons = entry(error, "metadata", "reasons")
    told = tuple(map(str, reasons)) if isinstance(reasons, list) else ()
    limit = str(entry(error, "metadata", "limit_source") or "")
    return Fault(int(code or 0), excerpt(str(said or "no reason told")), told, limit)


def result_of(answer: Any) -> dict[str, JsonValue] | None:
    """What an answer without an error holds: ``text``, and ``cost`` where it is told; else why there is none.

    None for an answer of another shape, of which nobody can say what it means.
    """
    choice = entry(answer, "choices", 0)
    ended = entry(choice, "finish_reason")
    if not isinstance(entry(choice, "message"), dict) or ended is None:
        return None
    facts = _facts(answer)
    refused, text = entry(choice, "message", "refusal"), _text(entry(choice, "message", "content"))
    if refused or ended == "content_filter":
        why = excerpt(str(refused or "content filter")).rstrip(".")
        return {"refused": f"the model refuses this request: {why}; {MAY_BE_BILLED}", **facts}
    if ended == "length":
        return {"failed": _cut(text), "text": text, **facts}
    if ended != "stop":
        what = f"the model ended without a whole answer ({excerpt(str(ended))}); {MAY_BE_BILLED}"
        return {"failed": what, "text": text, **facts}
    if not text.strip():
        return {"failed": f"the model answered without a text; {MAY_BE_BILLED}", **facts}
    return {"text": text.strip(), **facts}


def cost_of(answer: Any) -> float | None:
    """What the call cost in USD, as the answer tells; None when it does not."""
    return amount_of(entry(answer, "usage", "cost"))


def _facts(answer: Any) -> dict[str, JsonValue]:
    facts = {
        "cost": cost_of(answer),
        "version": entry(answer, "model"),
        "provider": entry(answer, "provider"),
    }
    counts = counts_of(entry(answer, "usage"))
    return {**{k: v for k, v in facts.items() if v is not None}, **({"usage": counts} if counts else {})}


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(entry(part, "text") or "") for part in content)
    return content if isinstance(content, str) else ""


def _cut(text: str) -> str:
    begun = f"it begins: {excerpt(text)}" if text.strip() else "all of them went into thinking"
    return f"the model's answer was cut off at max_tokens; raise params.max_tokens; {begun}"
