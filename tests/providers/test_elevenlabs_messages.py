"""ElevenLabs' messages: voices by name, facts from headers, files from bare samples, errors by their word."""

from __future__ import annotations

import json
import wave
from typing import TYPE_CHECKING, Any

import av
import pytest

from acp_action.catalogue.models import catalogue
from acp_action.errors import FatalError
from acp_action.providers.account import Account
from acp_action.providers.base import Announced
from acp_action.providers.elevenlabs import ElevenLabsProvider, messages
from acp_action.providers.elevenlabs.provider import make_playable
from acp_action.providers.elevenlabs.rules import ElevenLabsRules
from acp_action.providers.elevenlabs.voices import found_voice, known_voice
from acp_action.providers.wire.answer import Answer
from tests.providers.making import model_of

if TYPE_CHECKING:
    from pathlib import Path

VOICE = "21m00Tcm4TlvDq8ikWAM"


def explained(status: int, detail: Any) -> str:
    """The name of the error that the rules see, empty for none."""
    answer = Answer(status, {}, json.dumps({"detail": detail}).encode(), "https://example.com")
    error = ElevenLabsRules(Account("elevenlabs"), wall=lambda: 0.0).explain(answer)
    return (
        "" if error is None else f"{type(error).__name__} {getattr(error, 'why', getattr(error, 'kind', ''))}"
    )


@pytest.mark.parametrize(
    ("status", "word", "name"),
    [
        (401, "quota_exceeded", "AccountClosed credit"),
        (402, "quota_exceeded", "AccountClosed credit"),
        (401, "invalid_api_key", ""),
        (429, "too_many_concurrent_requests", "RateLimited concurrency"),
        (429, "system_busy", "TransientError "),
        (429, "something_new", ""),
        (400, "content_against_policy", "PolicyRefusal "),
        (403, "only_for_creator", "FatalError "),
        (403, "forbidden", ""),
        (400, "max_character_limit_exceeded", ""),
        (404, "voice_not_found", ""),
    ],
)
def test_errors_are_told_apart_by_their_word(status: int, word: str, name: str) -> None:
    """Credit, requests in flight, a busy service and content; the common table has the rest."""
    assert explained(status, {"status": word, "message": "no"}) == name


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("plain", "plain"),
        ([{"msg": "field required"}], "field required"),
        ({"message": "m"}, "m"),
        (None, "no reason told"),
    ],
)
def test_the_words_of_an_error_come_in_three_shapes(detail: Any, said: str) -> None:
    """A text, a list and an object."""
    assert messages.message_of({"detail": detail}) == said


@pytest.mark.parametrize(
    ("name", "found"),
    [(VOICE, VOICE), ("Rachel", VOICE), (" rachel ", VOICE), ("Nobody", None), ("../../user", None)],
)
def test_a_voice_is_known_by_id_or_by_a_name_of_old(name: str, found: str | None) -> None:
    """Everything else is looked for; nothing else can become part of an address."""
    assert known_voice(name) == found


VOICES = {"voices": [
    {"name": "Mia - warm", "voice_id": "a" * 20}, {"name": "Mia Two", "voice_id": "b" * 20},
    {"name": "Bad", "voice_id": "../x"}, {"name": None},
]}  # fmt: skip


def test_a_voice_that_was_looked_for_is_the_one_of_this_name() -> None:
    """Case, and what the service writes behind the name, do not count."""
    assert found_voice("mia", VOICES) == "a" * 20


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("Mia Tow", VOICES, "there is no voice 'Mia Tow' in this account; did you mean 'Mia Two'"),
        ("Zz", {}, "there are rachel, drew"),
        ("Bad", VOICES, "no voice 'Bad'"),
        ("Mia", {"voices": [{"name": "Mia", "voice_id": c * 20} for c in "ab"]}, "2 voices are called 'Mia'"),
    ],
)
def test_a_voice_that_is_not_there_is_told_with_those_that_are(name: str, answer: Any, says: str) -> None:
    """Before anything is ordered; two of one name are no choice to be made in silence."""
    with pytest.raises(FatalError, match=says):
        found_voice(name, answer)


@pytest.mark.parametrize(
    ("headers", "heard"),
    [
        ({"history-item-id": "h1", "character-cost": "12", "maximum-concurrent-requests": "5"},
         ("h1", 12.0, Announced(concurrency=5))),
        ({}, (None, None, None)),
        ({"history-item-id": "../x", "character-cost": "NaN", "maximum-concurrent-requests": "0"},
         (None, None, None)),
        ({"character-cost": "-4", "maximum-concurrent-requests": "many"}, (None, None, None)),
    ],
)  # fmt: skip
def test_headers_are_believed_where_they_make_sense(headers: dict[str, str], heard: Any) -> None:
    """Nonsense counts as nothing told, and an id that could change an address is none."""
    assert messages.heard(headers) == heard


FORMATS = {
    str(v)
    for m in catalogue().models("text_to_speech")
    for p in m.params
    if p.name == "output_format"
    for v in p.values
}


@pytest.mark.parametrize("output", sorted(f for f in FORMATS if f.startswith(("pcm", "ulaw", "alaw"))))
def test_bare_samples_become_a_file_that_plays(tmp_path: Path, output: str) -> None:
    """A second of silence is a second long, at the rate that was asked for."""
    rate = int(output.partition("_")[2])
    path = tmp_path / "a.wav"
    path.write_bytes(b"\x00" * rate * (2 if output.startswith("pcm") else 1))
    make_playable(path, output)
    with av.open(str(path)) as sound:
        frames = list(sound.decode(audio=0))
    assert (frames[0].sample_rate, sum(f.samples for f in frames)) == (rate, rate)


def test_what_is_a_file_already_stays_as_it_is(tmp_path: Path) -> None:
    """History may keep another format than the one that was asked for."""
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\x00" * 16)
    before = path.read_bytes()
    make_playable(path, "pcm_24000")
    assert path.read_bytes() == before


@pytest.mark.parametrize("output", sorted(FORMATS))
def test_every_format_has_an_extension(output: str) -> None:
    """No format of the catalogue is unknown here."""
    assert messages.extension(output) in ("mp3", "opus", "wav")


def test_texts_and_voices_are_checked_before_money() -> None:
    """A text that is too long for the model, two voices at once."""
    model = model_of("text_to_speech", "elevenlabs")
    params: dict[str, Any] = {"text": "x" * 10_001, "voice": "Rachel", "voice_id": VOICE, "stability": 2}
    found = [
        c.what
        for c in ElevenLabsProvider(Account("elevenlabs")).check(
            "text_to_speech", model, params, preview=False
        )
    ]
    assert found == [
        "text: 10,001 characters, but elevenlabs takes 10,000",
        "stability: 2 is out of range",
        "voice and voice_id say the same thing twice",
    ]
