"""What goes wrong with Gemini: mostly inside 200."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.simulators.faults import COMMON, Shape, edited, fault, table
from tests.simulators.gemini_shapes import bad_key, event, failure
from tests.simulators.shapes import says

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulators.core import Simulator
    from tests.simulators.faults import Make
    from tests.simulators.wire import Call, Reply

_RATINGS: Final = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}]


def _content(change: Callable[[Any], object]) -> Shape:
    """The true answer, billed, with its content changed; of a stream, as its only event."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        reply = make()
        if reply.parts is None:
            return edited(lambda: reply, lambda content: _changed(change, content))
        return replace(reply, parts=iter([(0.0, event(_changed(change, _empty())))]))

    return shape


def _changed(change: Callable[[Any], object], content: Any) -> Any:
    change(content)
    return content


def _empty() -> dict[str, Any]:
    candidate = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": {"totalTokenCount": 1}}


def _blocked(reason: str) -> Shape:
    """The prompt is refused: no candidates."""

    def change(content: Any) -> None:
        content.pop("candidates")
        content["promptFeedback"] = {"blockReason": reason, "safetyRatings": _RATINGS}

    return _content(change)


def _ended(reason: str) -> Shape:
    """The answer is refused, or empty: a candidate without content."""

    def change(content: Any) -> None:
        content["candidates"] = [{"finishReason": reason, "index": 0, "safetyRatings": _RATINGS}]

    return _content(change)


def _cut_text(content: Any) -> None:
    candidate = content["candidates"][0]
    candidate["finishReason"] = "MAX_TOKENS"
    for part in candidate["content"]["parts"]:
        part["text"] = part.get("text", "")[: len(part.get("text", "")) // 2]


def _data(text: str) -> Shape:
    """This for the base64 of a picture; texts stay as they are."""

    def change(content: Any) -> None:
        for part in content["candidates"][0]["content"]["parts"]:
            if "inlineData" in part:
                part["inlineData"]["data"] = text

    return _content(change)


def _thoughts(content: Any) -> None:
    content["candidates"][0]["content"]["parts"].insert(0, {"text": "Let me think.", "thought": True})


def _usage(**changes: Any) -> Shape:
    return _content(lambda content: content["usageMetadata"].update(changes))


def _half_stream(*more: bytes) -> Shape:
    """Half of a stream's pieces, then these; half the bytes of another answer, framed as if they were all."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        reply = make()
        if reply.parts is None:
            return replace(reply, body=reply.body[: len(reply.body) // 2])
        return replace(reply, parts=_half(reply.parts, *more))

    return shape


def _half(parts: Iterator[tuple[float, bytes]], *more: bytes) -> Iterator[tuple[float, bytes]]:
    whole = list(parts)
    return iter([*whole[: len(whole) // 2], *((0.0, text) for text in more)])


def _state(state: str) -> Shape:
    """A file in this state, whatever it is in."""
    return lambda sim, call, make: edited(make, lambda content: content.update(state=state))


_SPENT: Final = "Your project has exceeded its monthly spending cap. Please go to AI Studio to manage it."
_PLACE: Final = "User location is not supported for the API use."

FAULTS: Final = table(
    fault("N4.upload_reset", "upload", "reset", COMMON["N4.reset"].shape),
    fault("N4.upload_503", "upload", "503", COMMON["N4.503"].shape),
    fault("N5.state", "status", "a state that nobody knows", _state("ARCHIVED")),
    fault("N5.backwards", "status", "processing, again", _state("PROCESSING")),
    fault("P3.spend", "order", "429: the month's money is spent", says(429, failure(429, _SPENT)),
          random=False),
    fault("P5.400", "order", "400: the key is not valid", says(400, bad_key()), random=False),
    fault("P5.401", "order", "401", says(401, failure(401, "Invalid credentials.")), random=False),
    fault("P6.place", "order", "400: not in this country",
          says(400, failure(400, _PLACE, status="FAILED_PRECONDITION")), random=False),
    fault("P7.blocked", "order", "billed, the prompt is blocked", _blocked("SAFETY"), random=False),
    fault("P7.prohibited", "order", "billed, the prompt is prohibited", _blocked("PROHIBITED_CONTENT"),
          random=False),
    fault("P7.safety", "order", "billed, the answer is blocked", _ended("SAFETY"), random=False),
    fault("P7.recitation", "order", "billed, the answer is a quotation", _ended("RECITATION"),
          random=False),
    fault("P7.image", "order", "billed, the picture is blocked", _ended("IMAGE_SAFETY"), random=False),
    fault("P8.max_tokens", "order", "billed, all tokens gone before a text", _ended("MAX_TOKENS"),
          random=False),
    fault("P8.length", "order", "billed, half a text: MAX_TOKENS", _content(_cut_text), random=False),
    fault("P8.inside", "order", "billed, ends in the middle with an error",
          _half_stream(event(failure(503, "The model is overloaded.")))),
    fault("P8.no_end", "order", "billed, ends in the middle", _half_stream()),
    fault("P8.thoughts", "order", "billed, thoughts before the text", _content(_thoughts), random=False),
    fault("P9.empty", "order", "billed, no candidates", _content(lambda c: c.update(candidates=[])),
          random=False),
    fault("P9.no_image", "order", "billed, no picture", _ended("NO_IMAGE"), random=False),
    fault("P10.processing", "status", "a file that never gets ready", _state("PROCESSING"), random=False),
    fault("P10.failed", "status", "a file that could not be read", _state("FAILED"), random=False),
    fault("P13.missing", "order", "billed, no usage", _content(lambda content: content.pop("usageMetadata"))),
    fault("P13.negative", "order", "billed, a negative usage", _usage(totalTokenCount=-5)),
    fault("P13.nan", "order", "billed, NaN for the usage", _usage(totalTokenCount=float("nan"))),
    fault("P14.invalid", "order", "billed, no base64 for the picture", _data("@@@"), random=False),
    fault("P14.huge", "order", "billed, 48 MB of base64", _data("QUFB" * 12_000_000), random=False),
)  # fmt: skip
