"""ElevenLabs, simulated: speech in every variant and format, voices, models, history, sounds, transcripts."""

from __future__ import annotations

import base64
import json
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulators import elevenlabs_shapes as shapes
from tests.simulators.answers import BadInputError
from tests.simulators.audio import CHARACTERS_A_SECOND, Format, speech
from tests.simulators.core import prompt_in, route
from tests.simulators.direct import DirectSimulator
from tests.simulators.elevenlabs_faults import FAULTS
from tests.simulators.forms import parts
from tests.simulators.limits import InFlight
from tests.simulators.wire import Call, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulators.limits import Refusal

_VOICE = r"/v1/text-to-speech/([\w-]+)"
_CHUNK = 4096
# What speech to text costs a second, USD: 0.40 an hour.
_TRANSCRIPT = 0.40 / 3600


class ElevenLabsSimulator(DirectSimulator):
    """``concurrency``: calls at a time; others are refused. ``quota``: characters until it is used up.

    ``error_shape``: how errors are worded: "object" (``{"detail": {"status": ...}}``), "string" or "list".
    """

    provider = "elevenlabs"
    key = "xi-test-only-key"
    ROUTES = (
        route("order", "POST", _VOICE, "speak"),
        route("order", "POST", _VOICE + "/stream", "speak_in_chunks"),
        route("order", "POST", _VOICE + "/with-timestamps", "speak_with_times"),
        route("order", "POST", _VOICE + "/stream/with-timestamps", "speak_in_lines"),
        route("order", "POST", r"/v1/sound-generation", "sound"),
        route("order", "POST", r"/v1/speech-to-text", "transcribe"),
        route("voices", "GET", r"/v1/voices", "all_voices"),
        route("voices", "GET", r"/v1/voices/([\w-]+)", "voice"),
        route("voices", "GET", r"/v2/voices", "search_voices"),
        route("models", "GET", r"/v1/models", "models"),
        route("account", "GET", r"/v1/user/subscription", "subscription"),
        route("status", "GET", r"/v1/history", "history"),
        route("status", "GET", r"/v1/history/([\w-]+)", "history_item"),
        route("audio", "GET", r"/v1/history/([\w-]+)/audio", "history_audio"),
    )
    FAULTS: ClassVar = FAULTS

    def __init__(
        self,
        *,
        concurrency: int | None = None,
        quota: int = 1_000_000,
        error_shape: str = "object",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.in_flight = InFlight(concurrency or 0)
        if concurrency:
            self.limits.append(self.in_flight)
        self.quota = quota
        self.used = 0
        self.error_shape = error_shape
        self._spoken: dict[str, shapes.Spoken] = {}

    def environment(self) -> dict[str, str]:
        return {"ACP_ELEVENLABS_BASE_URL": self.url, "ELEVENLABS_API_KEY": self.key}

    # What the core asks.

    def authorised(self, call: Call) -> bool:
        return call.headers.get("xi-api-key") == self.key

    def text_of(self, call: Call) -> str:
        made = self._spoken.get(call.path.removeprefix("/v1/history/").partition("/")[0])
        return made.text if made else super().text_of(call)

    def order_text(self, call: Call) -> str:
        return prompt_in(call)

    def price_of(self, call: Call) -> float:
        return len(call.text) * shapes.MODELS[shapes.DEFAULT_MODEL][1]

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        status_word = {"unauthorized": "invalid_api_key"}.get(kind, kind or "error")
        return json_reply(status, shapes.failure(self.error_shape, status_word, message))

    def invalid(self, field: str, message: str) -> Reply:
        return json_reply(422, {"detail": [{"loc": ["body", field], "msg": message, "type": "value_error"}]})

    def broke(self) -> Reply:
        return self.error(
            401, "This request exceeds your quota. You have 0 credits remaining.", "quota_exceeded"
        )

    def busy(self) -> Reply:
        return self.error(429, "The system is experiencing heavy traffic, please try again.", "system_busy")

    def throttled(self, refusal: Refusal, told: str | None = None) -> Reply:
        """By concurrency; the others do not exist here, and are answered as heavy traffic."""
        if refusal.kind == "day":
            return self.broke()
        if refusal.kind != "concurrency":
            reply = self.busy()
        else:
            message = f"Too many concurrent requests. Your plan allows {self.in_flight.size} at a time."
            reply = self.error(429, message, "too_many_concurrent_requests")
        return replace(reply, headers={**reply.headers, **self._counts(), **self.wait_header(refusal, told)})

    def announce(self, call: Call) -> Mapping[str, str]:
        return self._counts() if call.kind == "order" else {}

    def _counts(self) -> dict[str, str]:
        """How many calls are under way, and may be; nothing where there is no limit."""
        if self.in_flight not in self.limits:
            return {}
        now, most = self.in_flight.used, self.in_flight.size
        return {"current-concurrent-requests": str(now), "maximum-concurrent-requests": str(most)}

    # Speech.

    def speak(self, call: Call, voice: str) -> Reply:
        """Audio in one piece."""
        made = self._paid_for(call, voice)
        return made if isinstance(made, Reply) else self._audio(made, self._seconds(made))

    def speak_in_chunks(self, call: Call, voice: str) -> Reply:
        """Audio in chunks, the first of them early."""
        if isinstance(made := self._paid_for(call, voice), Reply):
            return made
        whole = self._audio(made, 0.0)
        chunks = [whole.body[at : at + _CHUNK] for at in range(0, len(whole.body), _CHUNK)]
        pause = self._seconds(made) / len(chunks)
        return replace(whole, parts=iter([(pause, chunk) for chunk in chunks]))

    def speak_with_times(self, call: Call, voice: str) -> Reply:
        """JSON: the audio as base64, and when each character is spoken."""
        if isinstance(made := self._paid_for(call, voice), Reply):
            return made
        reply = self._audio(made, self._seconds(made))
        content = json.dumps(self._timed(made, reply.body)).encode()
        return replace(reply, body=content, headers={**reply.headers, "Content-Type": "application/json"})

    def speak_in_lines(self, call: Call, voice: str) -> Reply:
        """The same, a line of JSON for each half."""
        if isinstance(made := self._paid_for(call, voice), Reply):
            return made
        reply = self._audio(made, 0.0)
        half, pause = len(reply.body) // 2, self._seconds(made) / 2
        pieces = [self._timed(made, part) for part in (reply.body[:half], reply.body[half:])]
        lines = iter([(pause, json.dumps(piece).encode() + b"\n") for piece in pieces])
        return replace(reply, parts=lines, headers={**reply.headers, "Content-Type": "application/json"})

    def _paid_for(self, call: Call, voice: str) -> shapes.Spoken | Reply:
        """What the call asks for, billed and in the history; or why not."""
        form = call.query.get("output_format", "mp3_44100_128")
        try:
            model = shapes.check_speech(body := call.json(), form)
        except BadInputError as error:
            return self.invalid(error.param, str(error))
        except ValueError as error:
            return self.invalid("", f"JSON decode error: {error}")
        if voice not in shapes.VOICES:
            return self.error(404, f"A voice with voice_id {voice} was not found.", "voice_not_found")
        text, most = body["text"], shapes.MODELS[model][0]
        if len(text) > most:
            message = f"The text has {len(text)} characters; {model} takes {most} in a request."
            return self.error(400, message, "max_character_limit_exceeded")
        settings = body.get("voice_settings") or {}
        made = shapes.Spoken(
            self.new_id("hist-"), voice, model, text, form, int(time.time()), self.used, settings
        )
        if self.used + made.characters > self.quota:
            return self.broke()
        self.used += made.characters
        if call.query.get("enable_logging") != "false":
            self._spoken[made.id] = made
        self.bill(made.id, model, text, len(text) * shapes.MODELS[model][1], body)
        return made

    def _seconds(self, made: shapes.Spoken) -> float:
        return self.seconds(made.model, made.text)

    def _audio(self, made: shapes.Spoken, delay: float) -> Reply:
        headers = {
            "Content-Type": Format.named(made.format).content_type,
            "request-id": f"req-{made.id}",
            "character-cost": str(made.characters),
        }
        if made.id in self._spoken:
            headers["history-item-id"] = made.id
        return Reply(200, speech(made.format, made.text), headers, delay=delay)

    def _timed(self, made: shapes.Spoken, audio: bytes) -> dict[str, Any]:
        times = shapes.alignment(made.text, len(made.text) / CHARACTERS_A_SECOND)
        return {
            "audio_base64": base64.b64encode(audio).decode(),
            "alignment": times,
            "normalized_alignment": times,
        }

    # Sounds and transcripts.

    def sound(self, call: Call) -> Reply:
        """A noise; billed by its length."""
        body = call.json()
        if not (text := body.get("text")):
            return self.invalid("text", "Field required")
        length = body.get("duration_seconds")
        if length is not None and not 0.5 <= length <= 30:
            return self.invalid("duration_seconds", "Input should be between 0.5 and 30")
        form = call.query.get("output_format", "mp3_44100_128")
        name, cost = self.new_id("sound-"), math.ceil((length or 5) * 40)
        self.used += cost
        self.bill(name, "sound-generation", text, cost * shapes.MODELS[shapes.DEFAULT_MODEL][1], body)
        headers = {"Content-Type": "audio/mpeg", "request-id": f"req-{name}", "character-cost": str(cost)}
        return Reply(200, speech(form, text), headers, delay=self.seconds("sound-generation", text))

    def transcribe(self, call: Call) -> Reply:
        """What a file says, which is always the same; fields that hold the text ``null`` are not set."""
        try:
            fields, file = shapes.check_transcript(parts(call))
        except BadInputError as error:
            return self.invalid(error.param, str(error))
        model, name = fields["model_id"], self.new_id("stt-")
        self.bill(name, model, file.file, _TRANSCRIPT * 60, fields)
        said = shapes.transcript(f"What {file.file} says.", fields.get("language_code", "en"))
        return replace(json_reply(200, said, {"request-id": name}), delay=self.seconds(model, file.file))

    # Reads.

    def all_voices(self, call: Call) -> Reply:
        """Every voice, unpaged."""
        return json_reply(200, {"voices": [shapes.voice_facts(name) for name in shapes.VOICES]})

    def voice(self, call: Call, name: str) -> Reply:
        """One voice."""
        if name not in shapes.VOICES:
            return self.error(404, f"A voice with voice_id {name} was not found.", "voice_not_found")
        return json_reply(200, shapes.voice_facts(name))

    def search_voices(self, call: Call) -> Reply:
        """The voices whose name contains ``search``, a page at a time."""
        return json_reply(200, shapes.voices_found(call.query))

    def models(self, call: Call) -> Reply:
        """Every model; a bare list."""
        return json_reply(200, [shapes.model_facts(name) for name in shapes.MODELS])

    def subscription(self, call: Call) -> Reply:
        """What is left of the quota."""
        return json_reply(200, shapes.subscription(self.used, self.quota))

    def history(self, call: Call) -> Reply:
        """What was made, the newest first, a page at a time."""
        return json_reply(200, shapes.history_page([*self._spoken.values()][::-1], call.query))

    def history_item(self, call: Call, name: str) -> Reply:
        """One thing that was made."""
        if name not in self._spoken:
            return self.error(404, f"History item {name} was not found.", "history_item_not_found")
        return json_reply(200, self._spoken[name].facts())

    def history_audio(self, call: Call, name: str) -> Reply:
        """The audio that was made, again: free."""
        if name not in self._spoken:
            return self.error(404, f"History item {name} was not found.", "history_item_not_found")
        whole = self._audio(self._spoken[name], 0.0)
        return replace(whole, headers={"Content-Type": whole.headers["Content-Type"]})
