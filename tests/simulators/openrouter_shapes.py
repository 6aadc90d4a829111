"""The JSON of OpenRouter: what it is asked, and what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.simulators.answers import BadInputError, Question, picture_in, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODELS: Final = (
    "google/gemini-2.0-flash-001",
    "google/gemini-2.5-flash-lite",
    "google/gemini-3.5-flash-lite",
    "anthropic/claude-haiku-4.5",
    "meta-llama/llama-3.3-70b-instruct:free",
)
# USD a token in and out, of every model that is not free.
PRICE_IN: Final = 1e-7
PRICE_OUT: Final = 4e-7
_CREATED: Final = 1_790_000_000
_FIELDS: Final = words("""
    cache_control debug effort frequency_penalty image_config logit_bias logprobs
    max_completion_tokens max_tokens messages metadata min_p modalities model models n
    parallel_tool_calls plugins prediction presence_penalty provider reasoning reasoning_effort
    repetition_penalty response_format route seed service_tier session_id stop stream stream_options
    temperature tool_choice tools top_a top_k top_logprobs top_p transforms usage user verbosity""")
# What the SDK wants to see of a generation, and this simulator does not know.
_UNKNOWN: Final = words("""
    app_id cache_discount external_user generation_time http_referer latency moderation_latency
    native_finish_reason native_tokens_cached native_tokens_completion_images
    native_tokens_reasoning num_fetches num_input_audio_prompt num_media_completion num_media_prompt
    num_search_results preset_id provider_responses router service_tier upstream_id
    upstream_inference_cost user_agent web_search_engine workspace_id""")


def asked_in(body: Any) -> Question:
    """The question of a request: the last user's text, and how many pictures; raises BadInputError."""
    if unknown := sorted(set(body) - _FIELDS):
        raise BadInputError(f"Unrecognized key: {unknown[0]!r}", unknown[0])
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadInputError("Input required: specify 'prompt' or 'messages'", "messages")
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    text, pictures = "", 0
    for message in messages:
        content = message.get("content")
        pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content or ()
        if message.get("role") == "user":
            text = " ".join(piece["text"] for piece in pieces if piece.get("type") == "text")
        pictures += sum(_is_picture(piece) for piece in pieces)
    return Question(text, pictures, schema)


def _is_picture(piece: Mapping[str, Any]) -> bool:
    """Whether a piece is a picture, which is then checked if it comes along as data."""
    if piece.get("type") != "image_url":
        return False
    address = piece["image_url"]["url"]
    if address.startswith("data:"):
        picture_in(address)
    elif not address.startswith("https://"):
        raise BadInputError(f"Invalid URL: {address[:40]}", "image_url")
    return True


def failure(code: int, message: str, metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of an error."""
    said: dict[str, Any] = {"code": code, "message": message}
    return {"error": said | ({"metadata": metadata} if metadata else {}), "user_id": "user_simulated"}


def opening(name: str, model: str, *, stream: bool) -> dict[str, Any]:
    """What each answer and each piece of a stream begins with."""
    kind = "chat.completion.chunk" if stream else "chat.completion"
    return {"id": name, "object": kind, "created": _CREATED, "model": model, "provider": "Google"}


def completion(name: str, model: str, text: str, reason: str, usage: Mapping[str, Any]) -> dict[str, Any]:
    """An answer; reason: stop or length."""
    choice = {
        "index": 0,
        "finish_reason": reason,
        "native_finish_reason": {"stop": "STOP", "length": "MAX_TOKENS"}[reason],
        "logprobs": None,
        "message": {"role": "assistant", "content": text, "refusal": None, "reasoning": None},
    }
    return opening(name, model, stream=False) | {
        "system_fingerprint": None,
        "choices": [choice],
        "usage": {**usage, "is_byok": False, "cost_details": {"upstream_inference_cost": None}},
    }


def usage_of(tokens_in: int, tokens_out: int, *, free: bool) -> dict[str, Any]:
    """Tokens, and their cost in USD."""
    cost = 0.0 if free else tokens_in * PRICE_IN + tokens_out * PRICE_OUT
    total = tokens_in + tokens_out
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": total, "cost": cost}


def streamed(content: Mapping[str, Any], seconds: float) -> Iterator[tuple[float, bytes]]:
    """The same answer in pieces, with the comments that keep the connection open."""
    choice, head = content["choices"][0], opening(content["id"], content["model"], stream=True)
    pieces = choice["message"]["content"].split(" ")
    yield 0.0, b": OPENROUTER PROCESSING\n\n"
    yield seconds / 2, b": OPENROUTER PROCESSING\n\n"
    pause = seconds / 2 / len(pieces)
    for number, piece in enumerate(pieces):
        delta = {"role": "assistant", "content": f" {piece}" if number else piece}
        yield pause, event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    delta = {"role": "assistant", "content": ""}
    last = {"index": 0, "delta": delta, "finish_reason": choice["finish_reason"]}
    yield 0.0, event({**head, "choices": [last], "usage": content["usage"]})
    yield 0.0, b"data: [DONE]\n\n"


def event(content: Mapping[str, Any]) -> bytes:
    """One piece of a stream."""
    return b"data: %b\n\n" % json.dumps(content).encode()


def model_facts(name: str) -> dict[str, Any]:
    """A model as the list of models shows it."""
    free = name.endswith(":free")
    return dict.fromkeys(("per_request_limits", "default_parameters", "supported_voices")) | {
        "id": name,
        "canonical_slug": name,
        "name": name,
        "created": _CREATED,
        "context_length": 1_048_576,
        "supported_parameters": ["temperature", "max_tokens", "seed", "response_format"],
        "architecture": {
            "input_modalities": ["text", "image"],
            "output_modalities": ["text"],
            "modality": "text+image->text",
        },
        "pricing": {"prompt": str(0 if free else PRICE_IN), "completion": str(0 if free else PRICE_OUT)},
        "top_provider": {"is_moderated": False, "context_length": None, "max_completion_tokens": None},
        "links": {"details": f"/api/v1/models/{name}/endpoints"},
    }


def key_facts(limit: float | None, used: float) -> dict[str, Any]:
    """A key as it is told about itself; limit and used: USD."""
    spans = ("", "_daily", "_weekly", "_monthly")
    nothing = ("creator_user_id", "effective_budget", "limit_reset", "organization_id", "workspace_id")
    false = ("is_free_tier", "is_management_key", "is_provisioning_key", "include_byok_in_limit")
    return (
        dict.fromkeys(nothing)
        | dict.fromkeys(false, False)
        | {
            "label": "sk-or-v1-tes...key",
            "limit": limit,
            "limit_remaining": None if limit is None else limit - used,
            **{f"usage{span}": used for span in spans},
            **{f"byok_usage{span}": 0.0 for span in spans},
            "budgets": [],
            "allowed_data_regions": ["global"],
            "free_model_daily_requests": {"limit": 50, "remaining": 50, "used": 0},
            "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated."},
        }
    )


def generation_facts(content: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer was, and cost."""
    usage = content["usage"]
    counts = {"prompt": usage["prompt_tokens"], "completion": usage["completion_tokens"]}
    return dict.fromkeys(_UNKNOWN) | {
        "id": content["id"],
        "model": content["model"],
        "created_at": "2026-11-01T10:00:00.000Z",
        "origin": "",
        "data_region": "global",
        "api_type": "completions",
        "provider_name": "Google",
        "is_byok": False,
        "cancelled": False,
        "streamed": False,
        "finish_reason": content["choices"][0]["finish_reason"],
        "total_cost": usage["cost"],
        "usage": usage["cost"],
        **{f"tokens_{kind}": count for kind, count in counts.items()},
        **{f"native_tokens_{kind}": count for kind, count in counts.items()},
    }
