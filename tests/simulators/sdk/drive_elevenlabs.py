"""Calls of elevenlabs, run in the environment of `make sdk-clients`: drive_elevenlabs.py CALL URLS KEY.

The last line printed is what the caller of the client got, as JSON. There is nothing to poll; what was made
can be had again from the history. A stream is cancelled by leaving it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

from elevenlabs import ElevenLabs, VoiceSettings
from elevenlabs.core.api_error import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

CALL, URLS, KEY = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
CLIENT = ElevenLabs(base_url=URLS["api"], api_key=KEY)
RACHEL, MODEL = "21m00Tcm4TlvDq8ikWAM", "eleven_multilingual_v2"


def _heard(chunks: Iterable[bytes]) -> dict[str, Any]:
    sound = b"".join(chunks)
    return {"begins": sound[:4].hex(), "sha256": hashlib.sha256(sound).hexdigest()}


def generation() -> Any:
    """Speech, with settings of the voice."""
    settings = VoiceSettings(
        stability=0.5, similarity_boost=0.75, style=0.2, use_speaker_boost=True, speed=1.0
    )
    speech = CLIENT.text_to_speech.convert(
        RACHEL,
        text="Hello there.",
        model_id=MODEL,
        output_format="mp3_44100_128",
        voice_settings=settings,
        seed=7,
    )
    return _heard(speech)


def plain() -> Any:
    """Speech with nothing set."""
    return _heard(CLIENT.text_to_speech.convert(RACHEL, text="Hello there."))


def samples() -> Any:
    """Bare samples."""
    return _heard(
        CLIENT.text_to_speech.convert(RACHEL, text="Hello.", model_id=MODEL, output_format="pcm_16000")
    )


def stream() -> Any:
    """Speech in chunks."""
    return _heard(CLIENT.text_to_speech.stream(RACHEL, text="Hello there.", model_id=MODEL))


def cancel() -> Any:
    """A stream that is left after its first chunk."""
    chunks = CLIENT.text_to_speech.stream(RACHEL, text="A long story. " * 40, model_id=MODEL)
    return {"chunk": len(next(iter(chunks))) > 0}


def timestamps() -> Any:
    """Speech as JSON, with the time of each character."""
    answer = CLIENT.text_to_speech.convert_with_timestamps(RACHEL, text="Hello.", model_id=MODEL)
    heard = _heard([base64.b64decode(answer.audio_base_64)])
    return {**heard, "characters": "".join(answer.alignment.characters)}


def history() -> Any:
    """Speech that was made, found again by its text."""
    with CLIENT.text_to_speech.with_raw_response.convert(
        RACHEL, text="Hello there.", model_id=MODEL
    ) as answer:
        first = _heard(answer.data)
        name = answer.headers["history-item-id"]
    items = CLIENT.history.list(page_size=10).history
    found = [item.history_item_id for item in items if item.text == "Hello there."]
    return {"same": _heard(CLIENT.history.get_audio(name)) == first, "listed": found == [name]}


def voices() -> Any:
    """Voices by name, a page of them, and all."""
    page = CLIENT.voices.search(page_size=4)
    return {
        "rachel": [voice.voice_id for voice in CLIENT.voices.search(search="rachel").voices],
        "page": [len(page.voices), page.has_more, page.total_count],
        "next": len(CLIENT.voices.search(page_size=4, next_page_token=page.next_page_token).voices),
        "all": len(CLIENT.voices.get_all().voices),
    }


def account() -> Any:
    """What a key can be tried on for nothing."""
    subscription = CLIENT.user.subscription.get()
    return {
        "left": subscription.character_limit - subscription.character_count,
        "models": [model.model_id for model in CLIENT.models.list()],
    }


def sound() -> Any:
    """A noise."""
    return _heard(CLIENT.text_to_sound_effects.convert(text="rain", duration_seconds=1.5))


def upload() -> Any:
    """A file to be written down; fields that are not set come as the text null."""
    file = ("a.mp3", b"bytes of a recording", "audio/mpeg")
    answer = CLIENT.speech_to_text.convert(model_id="scribe_v2", file=file, diarize=True, language_code="en")
    return {"text": answer.text, "words": len(answer.words), "language": answer.language_code}


def refused() -> Any:
    """What the client makes of an error, whichever it is."""
    try:
        _heard(CLIENT.text_to_speech.convert(RACHEL, text="Hello there.", model_id=MODEL))
    except ApiError as error:
        return {"status": error.status_code, "body": error.body, "headers": dict(error.headers or {})}
    return None


print(json.dumps(globals()[CALL](), default=str))
