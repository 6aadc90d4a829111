"""elevenlabs, unchanged, gets from the simulator what it gets from ElevenLabs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.sdk.proof import PYTHON
from tests.simulators.sdk.scenes import play

pytestmark = [
    pytest.mark.sdk,
    pytest.mark.skipif(not PYTHON.exists(), reason="not there: run `make sdk-clients`"),
]


def answer(call: str) -> Any:
    """What the caller of the SDK got."""
    return play("elevenlabs", call).answer


def kinds(call: str) -> list[str]:
    """What its requests were for."""
    return [request["kind"] for request in play("elevenlabs", call).requests]


def test_speech_comes_in_one_piece_or_in_chunks() -> None:
    """The same sound."""
    assert answer("generation")["begins"].startswith("494433")
    assert answer("generation") == answer("plain") == answer("stream")


def test_samples_are_bare() -> None:
    """No head of a file."""
    assert answer("samples")["begins"].startswith("0000")


def test_a_stream_can_be_left() -> None:
    """Which is all the cancelling there is."""
    assert answer("cancel") == {"chunk": True}


def test_characters_have_their_times() -> None:
    """Beside the sound."""
    assert answer("timestamps")["characters"] == "Hello."


def test_speech_can_be_had_again() -> None:
    """From the history, where it is listed by its text."""
    assert answer("history") == {"same": True, "listed": True}
    assert kinds("history") == ["order", "status", "audio"]


def test_voices_are_found_by_name_and_paged() -> None:
    """All of them in the older version."""
    assert answer("voices") == {
        "rachel": ["21m00Tcm4TlvDq8ikWAM"],
        "page": [4, True, 10],
        "next": 4,
        "all": 10,
    }


def test_an_account_can_be_read() -> None:
    """Which costs nothing."""
    assert (answer("account")["left"], len(answer("account")["models"])) == (1_000_000, 4)


def test_a_noise_is_made() -> None:
    """As MP3."""
    assert answer("sound")["begins"].startswith("494433")


def test_a_file_is_written_down() -> None:
    """Though what is not set comes as the text null."""
    assert answer("upload") == {"text": "What a.mp3 says.", "words": 3, "language": "en"}


def test_one_too_many_at_a_time_is_refused_by_a_word() -> None:
    """Headers tell how many may be."""
    got = answer("refused")
    assert (got["status"], got["body"]["detail"]["status"]) == (429, "too_many_concurrent_requests")
    assert got["headers"]["maximum-concurrent-requests"] == "5"
