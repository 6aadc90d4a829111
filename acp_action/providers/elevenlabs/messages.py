"""ElevenLabs' messages, as pure functions: requests from settings, facts from headers, sound from samples.

Sources: https://elevenlabs.io/docs/api-reference/text-to-speech/convert, .../api-reference/history/get-audio,
.../developers/resources/error-messages and the requests of the official elevenlabs package.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.providers.base import Announced
from acp_action.providers.reading import amount_of, entry
from acp_action.providers.wire.answer import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

_HISTORY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# How the first word of a format is kept as a file, and, for bare samples, which WAV code and how many bits.
_EXTENSIONS: Final = {"mp3": "mp3", "opus": "opus", "wav": "wav", "pcm": "wav", "ulaw": "wav", "alaw": "wav"}
_SAMPLES: Final = {"pcm": (1, 16), "ulaw": (7, 8), "alaw": (6, 8)}


def path(voice: str) -> str:
    """Where speech of a voice is ordered."""
    return f"/v1/text-to-speech/{voice}"


def history_path(item: str) -> str:
    """Where sound that was made before is fetched."""
    return f"/v1/history/{item}/audio"


def body(text: str, model: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """A request; what is not set, the voice's own settings decide."""
    return {"text": text, "model_id": model, **settings}


class Heard(NamedTuple):
    """What the headers of an answer tell. ``item``: under what the sound is kept; ``characters``: billed."""

    item: str | None
    characters: float | None
    announced: Announced | None


def heard(headers: Mapping[str, str]) -> Heard:
    """The facts of an answer's headers; each None where it is missing or makes no sense."""
    item = headers.get("history-item-id", "")
    most = amount_of(headers.get("maximum-concurrent-requests"))
    return Heard(
        item if _HISTORY_ID.fullmatch(item) else None,
        amount_of(headers.get("character-cost")),
        Announced(concurrency=int(most)) if most and most >= 1 else None,
    )


def status_of(answer: Any) -> str:
    """The word of an error, such as ``quota_exceeded``; empty when there is none."""
    detail = entry(answer, "detail")
    return str(entry(detail, "status") or entry(detail, "code") or "")


def message_of(answer: Any) -> str:
    """The words of an error; its body has been a text, an object and a list of objects."""
    detail = entry(answer, "detail")
    first = entry(detail, 0) if isinstance(detail, list) else detail
    said = first if isinstance(first, str) else entry(first, "message") or entry(first, "msg")
    return excerpt(str(said or "no reason told"))


def extension(output_format: str) -> str:
    """What a file in an output format is called."""
    return str(_EXTENSIONS[output_format.partition("_")[0]])


def wav_header(output_format: str, size: int) -> bytes:
    """What makes a sound file of ``size`` bytes of bare samples; empty for formats that are files already.

    >>> len(wav_header("pcm_24000", 100)), wav_header("mp3_44100_128", 100)
    (44, b'')
    """
    codec, _, rest = output_format.partition("_")
    if codec not in _SAMPLES:
        return b""
    code, bits = _SAMPLES[codec]
    rate, width = int(rest.partition("_")[0]), bits // 8
    form = struct.pack("<HHIIHH", code, 1, rate, rate * width, width, bits)
    return b"".join([
        b"RIFF", struct.pack("<I", 36 + size), b"WAVE", b"fmt ", struct.pack("<I", 16), form,
        b"data", struct.pack("<I", size),
    ])  # fmt: skip
