"""What goes wrong with OpenAI's images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tests.simulators.faults import Shape, fault, table
from tests.simulators.openai_shapes import failure
from tests.simulators.shapes import altered, says
from tests.simulators.wire import Call, Reply, json_reply

if TYPE_CHECKING:
    from tests.simulators.core import Simulator
    from tests.simulators.faults import Make

_BLOCKED: Final = failure(
    "Your request was rejected by the safety system.", "image_generation_user_error", "moderation_blocked"
)
_ORGANISATION: Final = failure("Your organization must be verified.", "invalid_request_error", None)


def _data(text: str | None) -> Shape:
    return altered(lambda content: content["data"][0].update(b64_json=text))


def _should(retry: str) -> Shape:
    """An error at 500 that says whether to come again; not billed."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        reply = sim.error(500, "The server had an error.", "server_error")
        return replace(reply, headers={**reply.headers, "x-should-retry": retry})

    return shape


def _milliseconds(sim: Simulator, call: Call, make: Make) -> Reply:
    body = failure("Rate limit reached. Please try again in 250ms.", "requests", "rate_limit_exceeded")
    return json_reply(429, body, {"retry-after-ms": "250", "retry-after": "1"})


FAULTS: Final = table(
    fault("P1.milliseconds", "order", "429 with retry-after-ms", _milliseconds),
    fault("P5.organisation", "order", "403: the organisation is not verified", says(403, _ORGANISATION),
          random=False),
    fault("P7.blocked", "order", "400: moderation_blocked", says(400, _BLOCKED), random=False),
    fault("P8.retry", "order", "500 that says: come again", _should("true")),
    fault("P8.no_retry", "order", "500 that says: do not come again", _should("false"), random=False),
    fault("P9.fewer", "order", "billed, one picture less", altered(lambda content: content["data"].pop()),
          random=False),
    fault("P9.empty", "order", "billed, no pictures", altered(lambda content: content.update(data=[])),
          random=False),
    fault("P9.null", "order", "billed, null for the picture", _data(None), random=False),
    fault("P13.missing", "order", "billed, no usage", altered(lambda content: content.pop("usage"))),
    fault("P13.negative", "order", "billed, a negative usage",
          altered(lambda content: content["usage"].update(total_tokens=-1, output_tokens=-1))),
    fault("P13.nan", "order", "billed, NaN for the usage",
          altered(lambda content: content["usage"].update(total_tokens=float("nan")))),
    fault("P14.invalid", "order", "billed, no base64 for the picture", _data("@@@"), random=False),
    fault("P14.text", "order", "billed, base64 of no picture", _data("aGVsbG8gd29ybGQ="), random=False),
    fault("P14.huge", "order", "billed, 48 MB of base64", _data("QUFB" * 12_000_000), random=False),
)  # fmt: skip
