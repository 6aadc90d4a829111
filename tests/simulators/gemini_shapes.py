"""The JSON of the Gemini API: what it is asked, and what it says. Keys come in camelCase or snake_case."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final

from tests.simulators.answers import BadInputError, Question, check_picture, from_base64, tokens_of, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.simulators.limits import Refusal

# Shut down on 2026-06-01 or before.
RETIRED: Final = words(
    "gemini-1.5-flash gemini-1.5-pro gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-exp"
)
MODELS: Final = (
    "gemini-2.5-flash",
    "gemini-2.5-flash-image",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-3-pro-image",
    "gemini-3.1-flash-image",
    "gemini-3.5-flash-lite",
    "gemini-3.8-flash",
)
_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TOP: Final = words("""
    cachedContent contents generationConfig labels model safetySettings serviceTier store systemInstruction
    toolConfig tools""")
_CONFIG: Final = words("""
    candidateCount frequencyPenalty imageConfig logprobs maxOutputTokens mediaResolution presencePenalty
    responseJsonSchema responseLogprobs responseMimeType responseModalities responseSchema seed speechConfig
    stopSequences temperature thinkingConfig topK topP""")
# A tenth of the true pixels: the shape is what matters.
SIZES: Final = {
    "1:1": (102, 102),
    "2:3": (84, 126),
    "3:2": (126, 84),
    "3:4": (90, 120),
    "4:3": (120, 90),
    "4:5": (92, 115),
    "5:4": (115, 92),
    "9:16": (72, 128),
    "16:9": (128, 72),
    "21:9": (154, 66),
}


def camel(value: Any) -> Any:
    """The same JSON with keys in camelCase; the names of a schema's properties stay as they are."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {(name := _camel(key)): _inside(name, item) for key, item in value.items()}


def _camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), key)


def _inside(name: str, value: Any) -> Any:
    if name == "properties" and isinstance(value, dict):
        return {key: camel(item) for key, item in value.items()}
    return camel(value)


def plain_base64(value: Any) -> Any:
    """The same JSON with the bytes of inline parts in the alphabet that has + and /."""
    if isinstance(value, list):
        return [plain_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {name: plain_base64(item) for name, item in value.items()}
    if isinstance(plain.get("data"), str) and "mimeType" in plain:
        plain["data"] = plain["data"].replace("-", "+").replace("_", "/")
    return plain


def asked_in(body: Mapping[str, Any], file_part: Callable[[str], bool] = lambda uri: True) -> Question:
    """The question of a request in camelCase; raises BadInputError.

    ``file_part`` says whether an uploaded file is a picture; it may raise too.
    """
    config = body.get("generationConfig") or {}
    for known, given, place in ((_TOP, body, ""), (_CONFIG, config, " at 'generation_config'")):
        if unknown := sorted(set(given) - known):
            message = f'Invalid JSON payload received. Unknown name "{unknown[0]}"{place}: Cannot find field.'
            raise BadInputError(message, unknown[0])
    parts = [part for content in body.get("contents") or () for part in content.get("parts") or ()]
    if not parts:
        raise BadInputError("* GenerateContentRequest.contents: contents is not specified", "contents")
    text = " ".join(part["text"] for part in parts if "text" in part)
    pictures = sum(_is_picture(part, file_part) for part in parts)
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    if schema is None and config.get("responseMimeType") == "application/json":
        schema = {"type": "OBJECT", "properties": {"answer": {"type": "STRING"}}}
    return Question(text, pictures, schema)


def _is_picture(part: Mapping[str, Any], file_part: Callable[[str], bool]) -> bool:
    if file := part.get("fileData"):
        return file_part(file.get("fileUri") or "")
    if not (blob := part.get("inlineData")):
        return False
    kind = blob.get("mimeType") or ""
    content = from_base64(blob.get("data") or "", "inline_data")
    if kind.startswith("image/"):
        check_picture(content)
    elif not kind.startswith(("audio/", "video/", "application/pdf", "text/")):
        raise BadInputError(f"Unsupported MIME type: {kind}", "mime_type")
    return kind.startswith("image/")


def failure(
    code: int, message: str, details: list[dict[str, Any]] | None = None, status: str = ""
) -> dict[str, Any]:
    """The body of an error."""
    said: dict[str, Any] = {
        "code": code,
        "message": message,
        "status": status or _STATUSES.get(code, "UNKNOWN"),
    }
    return {"error": said | ({"details": details} if details else {})}


def bad_key() -> dict[str, Any]:
    """What a key that is none is answered with, at 400."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    return failure(400, "API key not valid. Please pass a valid API key.", [detail])


def over_quota(refusal: Refusal, model: str, size: int, *, told: bool) -> dict[str, Any]:
    """What is said at 429: which quota, and, if ``told``, how long to wait."""
    span = "Day" if refusal.kind == "day" else "Minute"
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": f"GenerateRequestsPer{span}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": str(size),
    }
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    ]
    message = "You exceeded your current quota, please check your plan and billing details."
    if told and refusal.wait is not None:
        wait = f"{refusal.wait:.9f}".rstrip("0").rstrip(".") + "s"
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait})
        message += f"\nPlease retry in {wait}."
    return failure(429, message, details)


def usage_of(asked: Question, tokens_out: int) -> dict[str, Any]:
    """Tokens, by what they are."""
    kinds = {"TEXT": tokens_of(asked.text), "IMAGE": asked.tokens - tokens_of(asked.text)}
    return {
        "promptTokenCount": asked.tokens,
        "candidatesTokenCount": tokens_out,
        "totalTokenCount": asked.tokens + tokens_out,
        "promptTokensDetails": [{"modality": kind, "tokenCount": n} for kind, n in kinds.items() if n],
    }


def answered(
    name: str, model: str, parts: list[dict[str, Any]], reason: str, usage: Mapping[str, Any]
) -> dict[str, Any]:
    """An answer of one candidate."""
    safe = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}]
    candidate = {
        "content": {"parts": parts, "role": "model"},
        "finishReason": reason,
        "index": 0,
        "safetyRatings": safe,
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": name}


def picture_part(content: bytes) -> dict[str, Any]:
    """A picture within an answer."""
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(content).decode()}}


def streamed(content: Mapping[str, Any], seconds: float) -> Iterator[tuple[float, bytes]]:
    """The same answer in pieces of a word; the last one says how it ended."""
    candidate = content["candidates"][0]
    text = candidate["content"]["parts"][0].get("text")
    if text is None:
        yield seconds, event(content)
        return
    pieces = text.split(" ")
    for number, piece in enumerate(pieces):
        part = {"text": f" {piece}" if number else piece}
        said = {"content": {"parts": [part], "role": "model"}, "index": 0}
        last = number == len(pieces) - 1
        ended = {"finishReason": candidate["finishReason"]} if last else {}
        counted = {"usageMetadata": content["usageMetadata"]} if last else {}
        rest = {"modelVersion": content["modelVersion"], "responseId": content["responseId"]}
        yield seconds / len(pieces), event({"candidates": [said | ended], **counted, **rest})


def event(content: Mapping[str, Any]) -> bytes:
    """One piece of a stream."""
    return b"data: %b\r\n\r\n" % json.dumps(content).encode()


def model_facts(name: str) -> dict[str, Any]:
    """A model as the list of models shows it."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
