"""Gemini's messages, as pure functions: requests from settings, results from answers, errors from bodies.

Sources: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/troubleshooting and
the requests of the official google-genai package.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from acp_action.providers.calls import MAY_BE_BILLED
from acp_action.providers.reading import counts_of, entry
from acp_action.providers.wire.answer import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acp_action.artifacts import JsonValue

VERSION: Final = "v1beta"
"""The version of the interface: it has more fields than ``v1``, which newer official packages call."""

MODEL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What names of models look like: one becomes part of an address."""

# Ends by which the service says that it will not, rather than that it could not.
_REFUSALS: Final = frozenset({
    "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
    "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
})  # fmt: skip
_STANDARD_TIME: Final = timedelta(hours=-8)


def method(model: str) -> str:
    """The path that a model is asked under."""
    return f"/{VERSION}/models/{model}:generateContent"


def body(parts: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> dict[str, Any]:
    """A request of one turn; without settings the service's own hold."""
    message: dict[str, Any] = {"contents": [{"role": "user", "parts": [*parts]}]}
    return message | ({"generationConfig": {**config}} if config else {})


def inline_part(mime: str, encoded: str) -> dict[str, Any]:
    """A picture within the request."""
    return {"inlineData": {"mimeType": mime, "data": encoded}}


def file_part(mime: str, uri: str) -> dict[str, Any]:
    """A picture that was uploaded before."""
    return {"fileData": {"mimeType": mime, "fileUri": uri}}


def drawing(config: Mapping[str, Any], aspect_ratio: str | None) -> dict[str, Any]:
    """The settings by which an image model answers with a picture alone."""
    asked = {**config, "responseModalities": ["IMAGE"]}
    return asked | ({"imageConfig": {"aspectRatio": aspect_ratio}} if aspect_ratio else {})


def result_of(answer: Any, *, picture: bool = False) -> dict[str, JsonValue] | None:
    """What an answer holds: ``text``, or for a picture ``mime`` and ``encoded``; else why there is none.

    None for an answer of another shape, of which nobody can say what it means.
    """
    blocked = entry(answer, "promptFeedback", "blockReason")
    if blocked:
        return {"refused": f"Gemini refuses this request ({blocked}); {MAY_BE_BILLED}"}
    ended = entry(answer, "candidates", 0, "finishReason")
    if ended is None:
        return None
    parts = entry(answer, "candidates", 0, "content", "parts") or []
    text = "".join(_texts(parts))
    if ended in _REFUSALS:
        return {"refused": f"Gemini refuses to answer ({ended}); {MAY_BE_BILLED}"}
    if ended == "MAX_TOKENS":
        return {"failed": _cut(text), "text": text}
    if ended != "STOP":
        return {"failed": f"Gemini ended without a whole answer ({ended}); {MAY_BE_BILLED}", "text": text}
    return {**(_drawn(parts, text) if picture else _written(text)), **_usage(answer)}


def _texts(parts: Iterable[Any]) -> Iterable[str]:
    for part in parts:
        text = entry(part, "text")
        if isinstance(text, str) and not entry(part, "thought"):
            yield text


def _cut(text: str) -> str:
    begun = f"it begins: {excerpt(text)}" if text.strip() else "all of them went into thinking"
    return f"Gemini's answer was cut off at maxOutputTokens; raise params.maxOutputTokens; {begun}"


def _written(text: str) -> dict[str, JsonValue]:
    if not text.strip():
        return {"failed": f"Gemini answered without a text; {MAY_BE_BILLED}"}
    return {"text": text}


def _drawn(parts: Iterable[Any], text: str) -> dict[str, JsonValue]:
    for part in parts:
        found = entry(part, "inlineData") or entry(part, "inline_data")
        encoded = entry(found, "data")
        if isinstance(encoded, str) and encoded and not entry(part, "thought"):
            return {"encoded": encoded}
    said = f"; it says: {excerpt(text)}" if text.strip() else ""
    return {"failed": f"Gemini answered without a picture{said}; {MAY_BE_BILLED}"}


def _usage(answer: Any) -> dict[str, JsonValue]:
    counts = counts_of(entry(answer, "usageMetadata"))
    version = entry(answer, "modelVersion")
    return {**({"usage": counts} if counts else {}), **({"version": version} if version else {})}


def error_of(answer: Any) -> dict[str, Any]:
    """The error of a body, which some gateways wrap in a list; empty when there is none."""
    found = entry(answer[0] if isinstance(answer, list) and answer else answer, "error")
    return found if isinstance(found, dict) else {}


def detail(error: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The first detail of a kind, such as ``QuotaFailure``; empty when there is none."""
    details = error.get("details")
    for found in details if isinstance(details, list) else ():
        if isinstance(found, dict) and str(found.get("@type", "")).endswith(f".{kind}"):
            return found
    return {}


def quota_ids(error: Mapping[str, Any]) -> list[str]:
    """The quotas that a request went over, such as ``GenerateRequestsPerDayPerProjectPerModel``."""
    violations = detail(error, "QuotaFailure").get("violations")
    found = (entry(v, "quotaId") for v in (violations if isinstance(violations, list) else ()))
    return [str(name) for name in found if name]


def until_pacific_midnight(now: float) -> float:
    """Seconds from a time (Unix seconds) to the next midnight in California, where days of quotas begin.

    Summer time by the rule since 2007; within two hours of a change it may be an hour off.
    """
    standard = datetime.fromtimestamp(now, timezone(_STANDARD_TIME))
    local = standard + timedelta(hours=1) if _is_summer(standard) else standard
    tomorrow = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - local).total_seconds()


def _is_summer(day: datetime) -> bool:
    """From the second Sunday of March to the first of November."""
    march, november = (
        day.replace(month=m, day=1, hour=2, minute=0, second=0, microsecond=0) for m in (3, 11)
    )
    first = march + timedelta(days=(6 - march.weekday()) % 7 + 7)
    last = november + timedelta(days=(6 - november.weekday()) % 7)
    return first <= day < last
