"""What goes wrong inside OpenRouter's answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.simulators.faults import Shape, edited, fault, table
from tests.simulators.openrouter_shapes import MODELS, event, failure, opening
from tests.simulators.shapes import altered, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.core import Simulator
    from tests.simulators.faults import Make
    from tests.simulators.wire import Call, Reply

_BROKEN: Final = {
    "code": 502,
    "message": "Upstream error",
    "metadata": {"error_type": "provider_unavailable"},
}
_FLAGGED: Final = {
    "reasons": ["violence"],
    "flagged_input": "a cat...",
    "provider_name": "Google",
    "model_slug": MODELS[0],
}
_UPSTREAM: Final = {
    "provider_name": "Google",
    "raw": '{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}',
    "error_type": "rate_limit_exceeded",
}


def _choice(**changes: Any) -> Shape:
    """The true answer, billed, with another first choice."""

    def change(content: Any) -> None:
        choice = content["choices"][0]
        choice["message"].update(changes.get("message", {}))
        choice.update({name: value for name, value in changes.items() if name != "message"})

    return altered(change)


def _usage(**changes: Any) -> Shape:
    return altered(lambda content: content["usage"].update(changes))


def _half_said(sim: Simulator, call: Call, make: Make) -> Reply:
    """Half a text, then the error: as the stream's last event, or beside the choices."""

    def change(content: Any) -> None:
        choice = content["choices"][0]
        text = choice["message"]["content"]
        choice["message"]["content"] = text[: len(text) // 2]
        choice.update(finish_reason="error", error=_BROKEN)
        content["error"] = _BROKEN

    reply = make()
    if reply.parts is None:
        return edited(lambda: reply, change)
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    last = opening("gen-0", MODELS[0], stream=True) | {"choices": [choice], "error": _BROKEN}
    return replace(reply, parts=_half(reply.parts, event(last)))


def _no_end(sim: Simulator, call: Call, make: Make) -> Reply:
    """Half an answer that is framed as if it were whole."""
    reply = make()
    if reply.parts is not None:
        return replace(reply, parts=_half(reply.parts))
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _half(parts: Iterator[tuple[float, bytes]], *more: bytes) -> Iterator[tuple[float, bytes]]:
    whole = list(parts)
    return iter([*whole[: len(whole) // 2], *((0.0, text) for text in more)])


def _broke_for_now(sim: Simulator, call: Call, make: Make) -> Reply:
    return replace(reply := sim.broke(), headers={**reply.headers, "Retry-After": "1"})


def _edge_timeout(sim: Simulator, call: Call, make: Make) -> Reply:
    make()
    return sim.error(524, "A timeout occurred", "timeout")


FAULTS: Final = table(
    fault("N2.524", "order", "billed, then the edge gives up", _edge_timeout),
    fault("P3.upstream", "order", "429 of the provider behind",
          says(429, failure(429, "Provider returned error", _UPSTREAM))),
    fault("P3.529", "order", "529: overloaded", says(529, failure(529, "Provider overloaded"))),
    fault("P4.wait", "order", "402 with Retry-After", _broke_for_now, random=False),
    fault("P7.flagged", "order", "403: the input is flagged",
          says(403, failure(403, "Your input was flagged", _FLAGGED)), random=False),
    fault("P7.filtered", "order", "billed, nothing said: content_filter",
          _choice(message={"content": ""}, finish_reason="content_filter"), random=False),
    fault("P7.refusal", "order", "billed, a refusal for the text",
          _choice(message={"content": None, "refusal": "I cannot help with that."}), random=False),
    fault("P8.inside_402", "order", "200 with error 402", says(200, failure(402, "Insufficient credits")),
          random=False),
    fault("P8.inside_429", "order", "200 with error 429", says(200, failure(429, "Rate limited upstream"))),
    fault("P8.inside_502", "order", "200 with error 502", says(200, failure(502, "Upstream error"))),
    fault("P8.half", "order", "billed, half a text and an error", _half_said),
    fault("P8.no_end", "order", "billed, ends in the middle", _no_end),
    fault("P8.length", "order", "billed, cut by the token limit",
          _choice(finish_reason="length", native_finish_reason="MAX_TOKENS"), random=False),
    fault("P9.empty", "order", "billed, no choices", altered(lambda content: content.update(choices=[])),
          random=False),
    fault("P9.null", "order", "billed, null for the text", _choice(message={"content": None}),
          random=False),
    fault("P13.missing", "order", "billed, no usage", altered(lambda content: content.pop("usage"))),
    fault("P13.no_cost", "order", "billed, usage without cost", altered(lambda c: c["usage"].pop("cost"))),
    fault("P13.negative", "order", "billed, a negative cost", _usage(cost=-1.0)),
    fault("P13.nan", "order", "billed, NaN for the cost", _usage(cost=float("nan"))),
)  # fmt: skip
