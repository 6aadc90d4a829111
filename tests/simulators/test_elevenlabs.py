"""ElevenLabs, simulated: sound in every format, limits on how many at a time, and what can be had again."""

from __future__ import annotations

import base64
import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import av
import pytest
import requests

from tests.simulators.client import Client, calling
from tests.simulators.elevenlabs import ElevenLabsSimulator
from tests.simulators.latency import Latency

if TYPE_CHECKING:
    from collections.abc import Iterator

RACHEL = "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM"


@contextmanager
def elevenlabs(seconds: float = 0.0, **options: Any) -> Iterator[Client]:
    """A client of an ElevenLabs whose speech takes so long."""
    sim = ElevenLabsSimulator(latency=Latency(seconds, sigma=0), **options)
    with calling(sim, **{"xi-api-key": sim.key}) as call:
        yield call


def played(sound: bytes) -> tuple[int, float]:
    """Rate and seconds of a file, all of it decoded."""
    with av.open(io.BytesIO(sound), "r") as container:
        (stream,) = container.streams.audio
        samples: int = sum(frame.samples for frame in container.decode(stream))
        return stream.rate, samples / stream.rate


@pytest.mark.parametrize(
    ("form", "kind", "rate"),
    [
        ("mp3_22050_32", "audio/mpeg", 22_050),
        ("mp3_44100_128", "audio/mpeg", 44_100),
        ("opus_48000_64", "audio/ogg", 48_000),
        ("wav_16000", "audio/wav", 16_000),
    ],
)
def test_speech_is_a_file_of_the_format(form: str, kind: str, rate: int) -> None:
    """About as long as the text takes."""
    with elevenlabs() as call:
        answer = call("POST", f"{RACHEL}?output_format={form}", json={"text": "Twenty-four characters."})
    assert answer.headers["content-type"] == kind
    found, seconds = played(answer.content)
    assert found == rate
    assert seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("form", "size"), [("pcm_16000", 32_000), ("ulaw_8000", 8_000), ("alaw_8000", 8_000)]
)
def test_bare_samples_have_no_head(form: str, size: int) -> None:
    """A second of them."""
    with elevenlabs() as call:
        assert len(call("POST", f"{RACHEL}?output_format={form}", json={"text": "Hi."}).content) == size


def test_headers_tell_what_it_cost_and_where_it_is_kept() -> None:
    """Fast models count half; what shall not be kept has no address."""
    with elevenlabs() as call:
        plain = call("POST", RACHEL, json={"text": "x" * 100})
        fast = call("POST", RACHEL, json={"text": "x" * 100, "model_id": "eleven_flash_v2_5"})
        unkept = call("POST", f"{RACHEL}?enable_logging=false", json={"text": "x"})
        left = call("GET", "/v1/user/subscription").json()
    assert (plain.headers["character-cost"], fast.headers["character-cost"]) == ("100", "50")
    assert plain.headers["history-item-id"] == call.sim.ledger.bills[0].id
    assert "history-item-id" not in unkept.headers
    assert left["character_count"] == 151


def test_speech_that_was_lost_on_its_way_can_be_had_again() -> None:
    """It is in the history, and costs nothing more."""
    with elevenlabs() as call:
        call.sim.script("N2.drop")
        with pytest.raises(requests.ConnectionError):
            call("POST", RACHEL, json={"text": "Hello there."})
        (item,) = call("GET", "/v1/history?page_size=5").json()["history"]
        again = call("GET", f"/v1/history/{item['history_item_id']}/audio")
        fresh = call("POST", RACHEL, json={"text": "Hello there."})
    assert item["text"] == "Hello there."
    assert again.content == fresh.content
    assert len(call.sim.ledger) == 2


def test_streams_are_the_same_sound() -> None:
    """In chunks, as JSON, and as lines of JSON."""
    with elevenlabs() as call:
        whole = call("POST", RACHEL, json={"text": "Hello."}).content
        chunks = call("POST", f"{RACHEL}/stream", json={"text": "Hello."}).content
        told = call("POST", f"{RACHEL}/with-timestamps", json={"text": "Hello."}).json()
        lines = call("POST", f"{RACHEL}/stream/with-timestamps", json={"text": "Hello."}).text.splitlines()
    pieces = [base64.b64decode(json.loads(line)["audio_base64"]) for line in lines]
    assert whole == chunks == base64.b64decode(told["audio_base64"]) == b"".join(pieces)
    assert told["alignment"]["characters"] == list("Hello.")


def test_one_too_many_at_a_time_is_refused() -> None:
    """Until one has ended; every answer tells how many there are, and may be."""
    sim = ElevenLabsSimulator(latency=Latency(0, sigma=0), concurrency=1)
    with calling(sim, **{"xi-api-key": sim.key}) as call:
        sim.in_flight.take(0)
        refused = call("POST", RACHEL, json={"text": "x"})
        sim.in_flight.release()
        after = call("POST", RACHEL, json={"text": "x"})
    assert (refused.status_code, after.status_code) == (429, 200)
    assert refused.json()["detail"]["status"] == "too_many_concurrent_requests"
    counts = [f"{what}-concurrent-requests" for what in ("current", "maximum")]
    assert [answer.headers[name] for answer in (refused, after) for name in counts] == ["1"] * 4


@pytest.mark.parametrize(
    ("place", "body", "status", "word"),
    [
        ("/v1/text-to-speech/nobody", {"text": "x"}, 404, "voice_not_found"),
        (RACHEL, {"text": "x" * 10_001}, 400, "max_character_limit_exceeded"),
        (RACHEL, {"text": ""}, 422, "text"),
        (RACHEL, {"text": "x", "model_id": "eleven_none"}, 422, "model_id"),
        (RACHEL, {"text": "x", "voice_settings": {"speed": 2}}, 422, "voice_settings.speed"),
        (RACHEL, {"text": "x", "seed": -1}, 422, "seed"),
        (RACHEL, {"text": "x", "stability": 1}, 422, "stability"),
        (f"{RACHEL}?output_format=flac", {"text": "x"}, 422, "output_format"),
    ],
)
def test_what_cannot_be_spoken_is_refused(place: str, body: dict[str, Any], status: int, word: str) -> None:
    """By a word, or by the name of the field; nothing is billed."""
    with elevenlabs() as call:
        answer = call("POST", place, json=body)
    detail = answer.json()["detail"]
    assert answer.status_code == status
    assert (detail[0]["loc"][-1] if isinstance(detail, list) else detail["status"]) == word
    assert len(call.sim.ledger) == 0


@pytest.mark.parametrize(("shape", "kind"), [("object", dict), ("string", str), ("list", list)])
def test_errors_come_in_three_shapes(shape: str, kind: type) -> None:
    """Whoever reads them must know all."""
    with elevenlabs(error_shape=shape) as call:
        answer = call("GET", "/v1/user/subscription", headers={"xi-api-key": "wrong"})
    assert answer.status_code == 401
    assert type(answer.json()["detail"]) is kind


def test_a_quota_that_is_used_up_is_no_matter_of_the_key() -> None:
    """The status is the same; the word is another."""
    with elevenlabs(quota=10) as call:
        codes = [call("POST", RACHEL, json={"text": "x" * 6}) for _ in range(2)]
    assert [answer.status_code for answer in codes] == [200, 401]
    assert codes[1].json()["detail"]["status"] == "quota_exceeded"


def test_voices_are_paged_to_the_end() -> None:
    """By tokens."""
    with elevenlabs() as call:
        pages = [call("GET", "/v2/voices?page_size=4").json()]
        while token := pages[-1]["next_page_token"]:
            pages.append(call("GET", f"/v2/voices?page_size=4&next_page_token={token}").json())
    assert [len(page["voices"]) for page in pages] == [4, 4, 2]
    assert [page["has_more"] for page in pages] == [True, True, False]
