"""``text_to_speech``: audio as long as the text takes; spoken where espeak-ng is there, else tones."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Any, Final, Literal

from acp_action.errors import FatalError
from acp_action.providers.base import ProductFile
from acp_action.providers.local.espeak import PROGRAM, find_espeak, speak
from acp_action.providers.local.product import finished
from acp_action.providers.local.tones import write_tones
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, Request, Token

# About an hour of speech.
_MOST_CHARACTERS: Final = 50_000

Engine = Literal["auto", "espeak-ng", "tones"]


def make_speech(request: Request, token: Token, preferred: Engine = "auto") -> Product:
    """Carry out a ``text_to_speech`` request. ``preferred``: the engine when the request names none.

    Raises FatalError when espeak-ng is asked for by name and not installed.
    """
    text, params = request.text or "", request.params
    most = request.model.entry.get("max_chars") or _MOST_CHARACTERS
    if len(text) > most:
        raise FatalError(
            f"the text has {len(text)} characters, and {request.model.key} takes {most}; split the step"
        )
    wanted = str(params.get("engine") or "auto").strip().lower()
    wanted = preferred if wanted == "auto" else wanted
    program = None if wanted == "tones" else find_espeak()
    if wanted == PROGRAM and program is None:
        raise FatalError(f"{PROGRAM} is not installed here; install it, or use engine: tones")
    speed = _speed(params)
    path = request.stage("wav")
    if program:
        speak(program, text, path, token, speed=speed, language=str(params.get("language_code") or ""))
    else:
        write_tones(text, path, token, speed=speed)
    engine = PROGRAM if program else "tones"
    facts = _measured(path, engine)
    used: dict[str, JsonValue] = {"speed": speed, "engine": engine, "duration": facts["duration"]}
    return finished(request, (ProductFile("audio", path, facts),), engine, used)


def _speed(params: Mapping[str, Any]) -> float:
    settings = params.get("voice_settings")
    nested = settings.get("speed") if isinstance(settings, dict) else None
    given = (values.number(v) for v in (params.get("speed"), params.get("voice_settings.speed"), nested))
    return next((speed for speed in given if speed), 1.0)


def _measured(path: Path, engine: str) -> dict[str, JsonValue]:
    try:
        with wave.open(str(path), "rb") as file:
            rate, frames = file.getframerate(), file.getnframes()
            channels = file.getnchannels()
    except (OSError, EOFError, wave.Error) as error:
        raise FatalError(f"{engine} wrote no audio: {error}") from error
    return {
        "duration": round(frames / rate, 3),
        "sample_rate": rate,
        "channels": channels,
        "engine": engine,
        "format": "WAV",
    }
