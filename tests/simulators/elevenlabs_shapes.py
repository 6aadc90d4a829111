"""The JSON of ElevenLabs, its voices and models, and what it refuses in a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.simulators.answers import BadInputError, words
from tests.simulators.audio import Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.simulators.forms import Part

VOICES: Final = {
    "21m00Tcm4TlvDq8ikWAM": "Rachel",
    "29vD33N1CtxCmqQRPOHJ": "Drew",
    "2EiwWnXFnvU5JabPnv8n": "Clyde",
    "EXAVITQu4vr4xnSDxMaL": "Bella",
    "ErXwobaYiN019PkySvjV": "Antoni",
    "MF3mGyEYCl7XYWbV9V6O": "Elli",
    "TxGEqnHWrfWFTfGW9XjX": "Josh",
    "VR6AewLTigWG4xSOukaG": "Arnold",
    "pNInz6obpgDQGcFmaJgB": "Adam",
    "yoZ06aMxZJJ28mfd3POQ": "Sam",
}
DEFAULT_MODEL: Final = "eleven_multilingual_v2"
# Characters a call may have, and USD a character.
MODELS: Final = {
    DEFAULT_MODEL: (10_000, 0.00003),
    "eleven_turbo_v2_5": (40_000, 0.00002),
    "eleven_flash_v2_5": (40_000, 0.00002),
    "eleven_v3": (10_000, 0.00005),
}
FORMATS: Final = words("""
    mp3_22050_32 mp3_24000_48 mp3_44100_32 mp3_44100_64 mp3_44100_96 mp3_44100_128 mp3_44100_192
    pcm_8000 pcm_16000 pcm_22050 pcm_24000 pcm_32000 pcm_44100 pcm_48000 wav_8000 wav_16000
    wav_22050 wav_24000 wav_32000 wav_44100 wav_48000 ulaw_8000 alaw_8000 opus_48000_32
    opus_48000_64 opus_48000_96 opus_48000_128 opus_48000_192""")
_FIELDS: Final = words("""
    text model_id language_code voice_settings pronunciation_dictionary_locators seed previous_text
    next_text previous_request_ids next_request_ids use_pvc_as_ivc apply_text_normalization
    apply_language_text_normalization""")
_SETTINGS: Final = {"stability": (0, 1), "similarity_boost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something that was made: its id in the history, what it was made from, and what it came to."""

    id: str
    voice: str
    model: str
    text: str
    format: str
    at: int
    before: int
    settings: Mapping[str, Any]

    @property
    def characters(self) -> int:
        """What it counts against the quota: turbo and flash count half."""
        return max(1, round(len(self.text) * (0.5 if MODELS[self.model][0] > 10_000 else 1)))

    def facts(self) -> dict[str, Any]:
        """As the history shows it."""
        return {
            "history_item_id": self.id,
            "request_id": f"req-{self.id}",
            "voice_id": self.voice,
            "voice_name": VOICES[self.voice],
            "voice_category": "premade",
            "model_id": self.model,
            "text": self.text,
            "date_unix": self.at,
            "character_count_change_from": self.before,
            "character_count_change_to": self.before + self.characters,
            "content_type": Format.named(self.format).content_type,
            "state": "created",
            "settings": self.settings,
            "source": "TTS",
        }


def check_speech(body: Any, output_format: str) -> str:
    """The model of a request whose fields are all well; raises BadInputError naming the field that is not."""
    text, model = body.get("text"), body.get("model_id") or DEFAULT_MODEL
    if not isinstance(text, str) or not text:
        raise BadInputError("Field required", "text")
    if model not in MODELS:
        raise BadInputError(f"A model with model ID {model} does not exist", "model_id")
    if output_format not in FORMATS:
        raise BadInputError(f"Input should be one of {', '.join(sorted(FORMATS))}", "output_format")
    seed = body.get("seed")
    if seed is not None and not (isinstance(seed, int) and 0 <= seed <= 4_294_967_295):
        raise BadInputError("Input should be between 0 and 4294967295", "seed")
    for name, (least, most) in _SETTINGS.items():
        value = (body.get("voice_settings") or {}).get(name)
        if value is not None and not (isinstance(value, int | float) and least <= value <= most):
            raise BadInputError(f"Input should be between {least} and {most}", f"voice_settings.{name}")
    if unknown := sorted(set(body) - _FIELDS):
        raise BadInputError("Extra inputs are not permitted", unknown[0])
    return str(model)


def failure(shape: str, status: str, message: str) -> dict[str, Any]:
    """The body of an error, in one of the three ways in which they come."""
    if shape == "string":
        return {"detail": message}
    if shape == "list":
        return {"detail": [{"loc": ["body"], "msg": message, "type": status}]}
    kind = {"invalid_api_key": "authentication_error"}.get(status, "api_error")
    return {
        "detail": {"type": kind, "code": status, "status": status, "message": message, "request_id": "req-0"}
    }


def voice_facts(name: str) -> dict[str, Any]:
    """One voice."""
    return {"voice_id": name, "name": VOICES[name], "category": "premade", "labels": {"accent": "american"}}


def model_facts(name: str) -> dict[str, Any]:
    """One model."""
    most, price = MODELS[name]
    return {
        "model_id": name,
        "name": name.replace("_", " ").title(),
        "can_do_text_to_speech": True,
        "can_use_style": True,
        "token_cost_factor": price / MODELS[DEFAULT_MODEL][1],
        "maximum_text_length_per_request": most,
        "languages": [{"language_id": "en", "name": "English"}],
        "concurrency_group": "standard",
    }


def subscription(used: int, quota: int) -> dict[str, Any]:
    """What the account may use, and has used."""
    false = (
        "can_extend_character_limit",
        "allowed_to_extend_character_limit",
        "can_extend_voice_limit",
        "can_use_professional_voice_cloning",
    )
    zero = (
        "voice_slots_used",
        "professional_voice_slots_used",
        "professional_voice_slots_used_in_workspace",
        "voice_add_edit_counter",
        "professional_voice_limit",
        "max_credit_limit_extension",
    )
    return (
        dict.fromkeys(false, False)
        | dict.fromkeys(zero, 0)
        | {
            "tier": "creator",
            "status": "active",
            "character_count": used,
            "character_limit": quota,
            "voice_limit": 30,
            "can_use_instant_voice_cloning": True,
            "currency": "usd",
            "current_overage": {"amount": "0", "currency": "usd"},
            "next_character_count_reset_unix": 1_795_000_000,
        }
    )


def alignment(text: str, seconds: float) -> dict[str, Any]:
    """When each character is spoken."""
    step = seconds / max(1, len(text))
    return {
        "characters": list(text),
        "character_start_times_seconds": [round(i * step, 3) for i in range(len(text))],
        "character_end_times_seconds": [round((i + 1) * step, 3) for i in range(len(text))],
    }


def transcript(text: str, language: str) -> dict[str, Any]:
    """What was said, word by word."""
    found = [
        {"text": word, "start": at * 0.4, "end": at * 0.4 + 0.3, "type": "word", "logprob": -0.1}
        for at, word in enumerate(text.split())
    ]
    return {"language_code": language, "language_probability": 0.98, "text": text, "words": found}


def check_transcript(parts: Iterable[Part]) -> tuple[dict[str, str], Part]:
    """The fields and the file of a request for a transcript; fields that say ``null`` are not set."""
    given = {part.name: part for part in parts if part.content != b"null"}
    fields = {name: part.text for name, part in given.items() if not part.file}
    if fields.get("model_id") not in ("scribe_v1", "scribe_v2"):
        raise BadInputError("Input should be 'scribe_v1' or 'scribe_v2'", "model_id")
    if "file" not in given:
        raise BadInputError("Field required", "file")
    return fields, given["file"]


def voices_found(query: Mapping[str, str]) -> dict[str, Any]:
    """A page of the voices whose name contains ``search``; the token is the number of the next voice."""
    wanted = query.get("search", "").casefold()
    found = [name for name, spoken in VOICES.items() if wanted in spoken.casefold()]
    start, size = int(query.get("next_page_token") or 0), int(query.get("page_size") or 10)
    rest = len(found) > start + size
    return {
        "voices": [voice_facts(name) for name in found[start : start + size]],
        "has_more": rest,
        "total_count": len(found),
        "next_page_token": str(start + size) if rest else None,
    }


def history_page(made: Sequence[Spoken], query: Mapping[str, str]) -> dict[str, Any]:
    """A page of what was made."""
    ids = [item.id for item in made]
    after, size = query.get("start_after_history_item_id"), int(query.get("page_size") or 100)
    start = ids.index(after) + 1 if after in ids else 0
    page = made[start : start + size]
    return {
        "history": [item.facts() for item in page],
        "has_more": len(made) > start + size,
        "last_history_item_id": page[-1].id if page else None,
    }
