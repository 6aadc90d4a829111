"""OpenAI's image API, simulated: generations and edits, with its limit headers and its errors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from tests.simulators import openai_shapes as shapes
from tests.simulators.answers import BadInputError
from tests.simulators.core import prompt_in, route
from tests.simulators.direct import DirectSimulator
from tests.simulators.forms import parts
from tests.simulators.media import sample
from tests.simulators.openai_faults import FAULTS
from tests.simulators.wire import Call, Reply, in_pieces, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulators.limits import Refusal

_QUOTAS = {"day": "images per day", "concurrency": "concurrent requests"}


class OpenAISimulator(DirectSimulator):
    """Images for JSON, and for forms with pictures; the models, which a key can be tried on."""

    provider = "openai"
    key = "sk-test-only-key"
    ROUTES = (
        route("order", "POST", r"/v1/images/generations", "generate"),
        route("order", "POST", r"/v1/images/edits", "edit"),
        route("models", "GET", r"/v1/models", "models"),
        route("models", "GET", r"/v1/models/([\w.-]+)", "model"),
    )
    FAULTS: ClassVar = FAULTS

    def environment(self) -> dict[str, str]:
        return {"ACP_OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_API_KEY": self.key}

    # What the core asks.

    def authorised(self, call: Call) -> bool:
        return call.headers.get("authorization") == f"Bearer {self.key}"

    def order_text(self, call: Call) -> str:
        if call.path.endswith("/edits"):
            return next((part.text for part in parts(call) if part.name == "prompt"), "")
        return prompt_in(call)

    def price_of(self, call: Call) -> float:
        order = self._ordered(call)
        return 0.0 if isinstance(order, Reply) else order.price

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        if kind == "unauthorized":
            message = "Incorrect API key provided. You can find your API key in your account."
            return json_reply(status, shapes.failure(message, "invalid_request_error", "invalid_api_key"))
        sort = "invalid_request_error" if status < 500 else "server_error"
        return json_reply(status, shapes.failure(message, sort, kind or None))

    def invalid(self, field: str, message: str) -> Reply:
        return json_reply(400, shapes.failure(message, "invalid_request_error", "invalid_value", field))

    def broke(self) -> Reply:
        message = "You exceeded your current quota, please check your plan and billing details."
        return json_reply(429, shapes.failure(message, "insufficient_quota", "insufficient_quota"))

    def throttled(self, refusal: Refusal, told: str | None = None) -> Reply:
        """``rate_limit_exceeded``; the wait in headers, in the text, or not at all."""
        span = {"day": "images per day", "concurrency": "concurrent requests"}.get(
            refusal.kind, "images per min"
        )
        message = f"Rate limit reached for {shapes.MODELS[3]} on {span}."
        if refusal.wait is not None and (told or self.told) in ("body", "both"):
            message += f" Please try again in {refusal.wait:g}s."
        body = shapes.failure(message, "requests", "rate_limit_exceeded")
        return json_reply(429, body, {**self._counts(), **self.wait_header(refusal, told)})

    def announce(self, call: Call) -> Mapping[str, str]:
        return self._counts() if call.kind == "order" else {}

    def _serve(self, call: Call) -> Reply:
        """Every answer has a number, refusals too."""
        reply = super()._serve(call)
        return replace(reply, headers={**reply.headers, "x-request-id": f"req_{call.number:08d}"})

    def _counts(self) -> dict[str, str]:
        """The limit of requests; nothing where there is none."""
        if not self.limits:
            return {}
        left, resets_in = self.limits[0].left(self.now())
        return {
            "x-ratelimit-limit-requests": str(self.limits[0].size),
            "x-ratelimit-remaining-requests": str(max(left, 0)),
            "x-ratelimit-reset-requests": _span(resets_in),
        }

    # Answers.

    def generate(self, call: Call) -> Reply:
        """Pictures for a prompt."""
        order = self._ordered(call)
        return order if isinstance(order, Reply) else self._finished(order, "image_generation")

    def edit(self, call: Call) -> Reply:
        """Pictures for a prompt and pictures."""
        order = self._ordered(call)
        return order if isinstance(order, Reply) else self._finished(order, "image_edit")

    def _ordered(self, call: Call) -> shapes.Order | Reply:
        """What is asked for; or why it cannot be made."""
        try:
            if call.path.endswith("/edits"):
                order = shapes.edit_ordered(parts(call))
            else:
                order = shapes.ordered(call.json())
        except BadInputError as error:
            return self.invalid(error.param, str(error))
        except ValueError as error:
            return self.error(400, f"We could not parse the JSON body of your request: {error}")
        if order.model in shapes.MODELS:
            return order
        message = f"The model '{order.model}' does not exist or you do not have access to it."
        if order.model in shapes.RETIRED:
            message = f"The model '{order.model}' has been deprecated."
        said = shapes.failure(message, "invalid_request_error", "model_not_found", "model")
        return json_reply(404, said)

    def _finished(self, order: shapes.Order, kind: str) -> Reply:
        """The answer, billed."""
        self.bill(self.new_id("img-"), order.model, order.prompt, order.price)
        content = shapes.made(order, (self._picture(order, nth) for nth in range(order.count)))
        delay = self.seconds(order.model, order.prompt, expected=20.0)
        if not order.stream:
            return replace(json_reply(200, content), delay=delay)
        return in_pieces(shapes.streamed(content, kind, delay), {"Content-Type": "text/event-stream"})

    def _picture(self, order: shapes.Order, nth: int) -> bytes:
        # An eighth of the size: the shape is what matters.
        width, height = (side // 8 for side in order.size)
        return sample(order.format, f"{order.prompt} {nth or ''}".rstrip(), (width, height))

    def models(self, call: Call) -> Reply:
        """All models."""
        found = [shapes.model_facts(name) for name in shapes.MODELS]
        return json_reply(200, {"object": "list", "data": found})

    def model(self, call: Call, name: str) -> Reply:
        """One model."""
        if name not in shapes.MODELS:
            return self.error(404, f"The model '{name}' does not exist", "model_not_found")
        return json_reply(200, shapes.model_facts(name))


def _span(seconds: float) -> str:
    """As these headers say it: 250ms, 6.5s, 6m0s."""
    if seconds < 1:
        return f"{int(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{int(rest)}s" if minutes else f"{rest:.3g}s"
