"""OpenRouter, simulated: chat completions as JSON and as a stream, errors inside 200, and what a key may ask.

The shapes are those that the official SDK (openrouter 1.3.84) insists on.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulators import openrouter_shapes as shapes
from tests.simulators.answers import BadInputError, Question, answer_to, tokens_of
from tests.simulators.core import route
from tests.simulators.direct import DirectSimulator
from tests.simulators.openrouter_faults import FAULTS
from tests.simulators.wire import Call, Reply, in_pieces, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.simulators.limits import Limit, Refusal

_WINDOWS = {"day": "free-models-per-day", "pace": "free-models-per-min"}


class OpenRouterSimulator(DirectSimulator):
    """Completions, and the reads of a key's limits, credit and generations.

    ``free_limits``: what orders of models that end in ``:free`` must pass besides; 20 a minute, in the field.
    """

    provider = "openrouter"
    key = "sk-or-v1-test-only-key"
    ROUTES = (
        route("order", "POST", r"/api/v1/chat/completions", "chat"),
        route("models", "GET", r"/api/v1/models", "models"),
        route("account", "GET", r"/api/v1/key", "key_facts"),
        route("account", "GET", r"/api/v1/credits", "credits"),
        route("status", "GET", r"/api/v1/generation", "generation"),
    )
    FAULTS: ClassVar = FAULTS

    def __init__(self, *, free_limits: Sequence[Limit] = (), **options: Any) -> None:
        super().__init__(**options)
        self.free_limits = free_limits
        self._generations: dict[str, dict[str, Any]] = {}

    def environment(self) -> dict[str, str]:
        return {"ACP_OPENROUTER_BASE_URL": f"{self.url}/api/v1", "OPENROUTER_API_KEY": self.key}

    # What the core asks.

    def authorised(self, call: Call) -> bool:
        return call.headers.get("authorization") == f"Bearer {self.key}"

    def order_text(self, call: Call) -> str:
        return shapes.asked_in(call.json()).text

    def price_of(self, call: Call) -> float:
        """At most, as OpenRouter looks at it before it starts."""
        most = float(call.json().get("max_tokens") or 1000)
        return tokens_of(call.text) * shapes.PRICE_IN + most * shapes.PRICE_OUT

    def limits_of(self, call: Call) -> Sequence[Limit]:
        free = str(call.json().get("model")).endswith(":free")
        return [*self.limits, *self.free_limits] if free else self.limits

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        return json_reply(status, shapes.failure(status, message, {"error_type": kind} if kind else None))

    def invalid(self, field: str, message: str) -> Reply:
        return self.error(400, f"{field}: {message}", "invalid_request")

    def broke(self) -> Reply:
        return self.error(402, "Insufficient credits. Add more to continue.", "payment_required")

    def throttled(self, refusal: Refusal, told: str | None = None) -> Reply:
        """``metadata.headers`` says when the window ends, in milliseconds of the clock on the wall."""
        metadata: dict[str, Any] = {"error_type": "rate_limit_exceeded"}
        if refusal.wait is not None and (told or self.told) in ("body", "both"):
            size = next((limit.size for limit in (*self.limits, *self.free_limits)), 20)
            reset = int((time.time() + refusal.wait) * 1000)
            counts = {"Limit": str(size), "Remaining": "0", "Reset": str(reset)}
            metadata["headers"] = {f"X-RateLimit-{name}": text for name, text in counts.items()}
        what = _WINDOWS.get(refusal.kind, "concurrent requests")
        said = shapes.failure(429, f"Rate limit exceeded: {what}. ", metadata)
        return json_reply(429, said, self.wait_header(refusal, told))

    def one_spelling(self, content: Any) -> Any:
        """Without ``stream: false``, which is what is meant anyway."""
        return {name: value for name, value in content.items() if (name, value) != ("stream", False)}

    # Answers.

    def chat(self, call: Call) -> Reply:
        """A completion, JSON or stream as asked; of the first model of the list that exists."""
        try:
            asked = shapes.asked_in(body := call.json())
        except (ValueError, BadInputError) as error:
            return self.error(400, str(error), "invalid_request")
        wanted = [name for name in (body.get("model"), *(body.get("models") or ())) if name]
        model = next((name for name in wanted if name in shapes.MODELS), None)
        if model is None:
            named = ", ".join(map(str, wanted)) or "no model"
            return self.error(404, f"No endpoints found for {named}.", "not_found")
        content = self._completion(model, asked, body)
        headers = {"X-Generation-Id": content["id"]}
        delay = self.seconds(model, asked.text)
        if not body.get("stream"):
            return replace(json_reply(200, content, headers), delay=delay)
        headers["Content-Type"] = "text/event-stream"
        return in_pieces(shapes.streamed(content, delay), headers)

    def _completion(self, model: str, asked: Question, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, billed and remembered."""
        text, reason = answer_to(asked), "stop"
        most = body.get("max_tokens") or body.get("max_completion_tokens")
        if most and tokens_of(text) > most:
            text, reason = text[: most * 4], "length"
        usage = shapes.usage_of(asked.tokens, tokens_of(text), free=model.endswith(":free"))
        name = self.new_id("gen-1790000000-")
        self._generations[name] = shapes.completion(name, model, text, reason, usage)
        self.bill(name, model, asked.text, usage["cost"], body)
        return self._generations[name]

    def models(self, call: Call) -> Reply:
        """All models, a page at a time as ``offset`` and ``limit`` say."""
        start, size = int(call.query.get("offset", 0)), int(call.query.get("limit", 500))
        found = [shapes.model_facts(name) for name in shapes.MODELS[start : start + size]]
        return json_reply(200, {"data": found, "links": {"next": None}, "total_count": len(shapes.MODELS)})

    def key_facts(self, call: Call) -> Reply:
        """What the key may still spend."""
        return json_reply(200, {"data": shapes.key_facts(self.credit, self.ledger.total)})

    def credits(self, call: Call) -> Reply:
        """What was bought, and what is gone."""
        used = self.ledger.total
        bought = used + 100.0 if self.credit is None else self.credit
        return json_reply(200, {"data": {"total_credits": bought, "total_usage": used}})

    def generation(self, call: Call) -> Reply:
        """What one answer cost in the end."""
        content = self._generations.get(call.query.get("id", ""))
        if content is None:
            return self.error(404, "Generation not found", "not_found")
        return json_reply(200, {"data": shapes.generation_facts(content)})
