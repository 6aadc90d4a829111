"""What goes wrong with ElevenLabs: the faults of files, as its answers are files; and errors of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tests.simulators.elevenlabs_shapes import failure
from tests.simulators.faults import COMMON, Shape, edited, fault, table
from tests.simulators.wire import Call, Reply, json_reply

if TYPE_CHECKING:
    from tests.simulators.core import Simulator
    from tests.simulators.faults import Make

_OF_FILES = ("N7.short", "N7.chunked", "N8.early", "N9.gzip", "N9.cut", "N11.drip", "N11.stall", "N13.html",
             "N13.json", "N13.empty", "N13.magic", "N13.half")  # fmt: skip
_KINDS: Final = frozenset({"media", "order", "audio"})


def _says(status: int, word: str, message: str, shape: str = "object") -> Shape:
    return lambda sim, call, make: json_reply(status, failure(shape, word, message))


def _cost(text: str | None) -> Shape:
    """The true answer, with this for its cost."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        reply = make()
        others = {name: value for name, value in reply.headers.items() if name != "character-cost"}
        return replace(reply, headers=others if text is None else {**others, "character-cost": text})

    return shape


def _no_sound(sim: Simulator, call: Call, make: Make) -> Reply:
    make()
    return json_reply(200, {"status": ""})


def _audio_of_json(text: str) -> Shape:
    """Another text for the base64 of an answer with timestamps; other answers stay as they are."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        if not call.path.endswith("/with-timestamps") or "/stream/" in call.path:
            return make()
        return edited(make, lambda content: content.update(audio_base64=text))

    return shape


FAULTS: Final = {name: replace(COMMON[name], on=_KINDS) for name in _OF_FILES} | table(
    fault("N3.no_id", "order", "billed, JSON without a sound", _no_sound),
    fault("P4.402", "order", "402: a better plan is needed",
          _says(402, "payment_required", "Upgrade your plan to use this."), random=False),
    fault("P5.unusual", "order", "401: unusual activity, free plan closed",
          _says(401, "detected_unusual_activity", "Unusual activity detected."), random=False),
    fault("P5.permission", "order", "401: the key lacks a permission",
          _says(401, "missing_permissions", "The API key may not text_to_speech."), random=False),
    fault("P6.voice", "order", "404: no such voice",
          _says(404, "voice_not_found", "A voice with this voice_id was not found."), random=False),
    fault("P6.string", "order", "400: the detail is a text", _says(400, "", "Bad request", "string"),
          random=False),
    fault("P6.list", "order", "422: the detail is a list", _says(422, "missing", "Field required", "list"),
          random=False),
    fault("P7.policy", "order", "400: against the policy",
          _says(400, "content_against_policy", "Our safety systems do not allow this text."), random=False),
    fault("P13.missing", "order", "billed, no cost", _cost(None)),
    fault("P13.negative", "order", "billed, a negative cost", _cost("-5")),
    fault("P13.nan", "order", "billed, NaN for the cost", _cost("NaN")),
    fault("P14.invalid", "order", "billed, audio that is no base64", _audio_of_json("@@@"), random=False),
    fault("P14.huge", "order", "billed, 48 MB of base64", _audio_of_json("QUFB" * 12_000_000), random=False),
)  # fmt: skip
