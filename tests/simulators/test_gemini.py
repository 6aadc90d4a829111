"""Gemini, simulated: what it takes, what it refuses, and when."""

from __future__ import annotations

import base64
import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.simulators.client import Client, calling
from tests.simulators.gemini import GeminiSimulator
from tests.simulators.latency import Latency
from tests.simulators.limits import SlidingWindow
from tests.simulators.media import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

LITE = "/v1beta/models/gemini-2.5-flash-lite:generateContent"
PAINTER = "/v1beta/models/gemini-2.5-flash-image:generateContent"
DATA = base64.b64encode(sample("png")).decode()


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@contextmanager
def gemini(**options: Any) -> Iterator[Client]:
    """A client of a Gemini that has everything ready at once."""
    sim = GeminiSimulator(latency=Latency(0, sigma=0), **options)
    with calling(sim, **{"x-goog-api-key": sim.key}) as call:
        yield call


def asking(*parts: Any, **config: Any) -> dict[str, Any]:
    """A request; texts become parts."""
    found = [{"text": part} if isinstance(part, str) else part for part in parts]
    return {"contents": [{"role": "user", "parts": found}], "generationConfig": config}


def parts_of(answer: Any) -> list[dict[str, Any]]:
    """What the first candidate says."""
    found: list[dict[str, Any]] = answer["candidates"][0]["content"]["parts"]
    return found


@pytest.mark.parametrize("version", ["v1", "v1beta"])
@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "image/png", "data": DATA}},
        {"inline_data": {"mime_type": "image/png", "data": DATA}},
        {"inlineData": {"mime_type": "image/png", "data": DATA.replace("+", "-").replace("/", "_")}},
    ],
)
def test_both_versions_and_all_spellings_are_taken(version: str, part: dict[str, Any]) -> None:
    """Keys in camelCase or snake_case, base64 of either alphabet; each answer is billed once."""
    with gemini() as call:
        answer = call("POST", LITE.replace("v1beta", version), json=asking("What?", part)).json()
    assert parts_of(answer) == [{"text": "An answer to: What. It shows 1 picture."}]
    assert [bill.text for bill in call.sim.ledger.bills] == ["What?"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({**asking("x"), "prompt": "x"}, 'Unknown name "prompt"'),
        (asking("x", maxTokens=3), 'Unknown name "maxTokens"'),
        ({"contents": []}, "contents is not specified"),
        (asking({"inlineData": {"mimeType": "image/png", "data": "@@"}}), "Base64 decoding failed"),
        (asking({"inlineData": {"mimeType": "image/png", "data": "aGk="}}), "Unable to process input image"),
        (asking({"fileData": {"fileUri": "https://x/files/none"}}), "may not exist"),
        (asking("x", responseModalities=["IMAGE"]), "not supported by the model"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(body: dict[str, Any], said: str) -> None:
    """Nothing is billed for it."""
    with gemini() as call:
        answer = call("POST", LITE, json=body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert said in answer.json()["error"]["message"]
    assert len(call.sim.ledger) == 0


@pytest.mark.parametrize("model", ["gemini-2.0-flash", "gemini-2.0-flash-exp", "gpt-4"])
def test_models_that_were_shut_down_are_not_found(model: str) -> None:
    """As those that never were."""
    with gemini() as call:
        answer = call("POST", f"/v1beta/models/{model}:generateContent", json=asking("x"))
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_a_picture_has_the_shape_that_was_asked_for() -> None:
    """And carries the prompt."""
    config = {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "16:9"}}
    with gemini() as call:
        (part,) = parts_of(call("POST", PAINTER, json=asking("a paper boat", **config)).json())
    with Image.open(io.BytesIO(base64.b64decode(part["inlineData"]["data"]))) as picture:
        picture.load()
        assert picture.width / picture.height == pytest.approx(16 / 9, abs=0.01)
        assert picture.info["Comment"] == "a paper boat"


def test_an_answer_fits_the_schema_that_was_asked_for() -> None:
    """Types in capitals; property names keep their spelling."""
    schema = {"type": "OBJECT", "properties": {"main_colour": {"type": "STRING", "enum": ["red", "blue"]}}}
    config = {"responseMimeType": "application/json", "responseSchema": schema}
    with gemini() as call:
        (part,) = parts_of(call("POST", LITE, json=asking("Colour?", **config)).json())
    assert json.loads(part["text"]) == {"main_colour": "red"}


def test_an_answer_is_cut_where_its_tokens_end() -> None:
    """It says so."""
    with gemini() as call:
        answer = call("POST", LITE, json=asking("Tell me everything", maxOutputTokens=2)).json()
    assert answer["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert parts_of(answer) == [{"text": "An answe"}]


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_wrong_key_is_a_bad_request(key: str) -> None:
    """At 400 and not 401, with a reason; reads are refused as well."""
    with gemini() as call:
        answers = [
            call("POST", LITE, json=asking("x"), headers={"x-goog-api-key": key}),
            call("GET", "/v1beta/models", headers={"x-goog-api-key": key}),
        ]
    assert {answer.status_code for answer in answers} == {400}
    assert {a.json()["error"]["details"][0]["reason"] for a in answers} == {"API_KEY_INVALID"}


def test_every_model_has_a_minute_of_its_own() -> None:
    """The wait stands in a detail; no header tells it."""
    clock = Clock()
    with gemini(per_model=lambda: [SlidingWindow(1, 60)], clock=clock) as call:
        other = LITE.replace("-lite", "")
        codes = [call("POST", place, json=asking("x")).status_code for place in (LITE, other)]
        refused = call("POST", LITE, json=asking("x"))
        clock.at += 60
        codes.append(call("POST", LITE, json=asking("x")).status_code)
    quota, retry = refused.json()["error"]["details"]
    assert codes == [200, 200, 200]
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, False)
    (violation,) = quota["violations"]
    assert "PerMinute" in violation["quotaId"]
    assert (violation["quotaDimensions"]["model"], violation["quotaValue"]) == ("gemini-2.5-flash-lite", "1")
    assert retry["retryDelay"] == "60s"


def start(call: Client, kind: str, size: int) -> str:
    """The address for the bytes of an upload."""
    headers = {
        **call.headers,
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Length": str(size),
        "X-Goog-Upload-Header-Content-Type": kind,
    }
    answer = call("POST", "/upload/v1beta/files", headers=headers, json={"file": {"display_name": "x"}})
    return answer.headers["x-goog-upload-url"]


def test_a_file_comes_in_pieces() -> None:
    """In their order; a wrong offset is refused."""
    with gemini() as call:
        there = start(call, "image/png", 6)

        def piece(content: bytes, offset: int, command: str) -> Any:
            headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}
            return call("POST", there, headers=headers, data=content)

        first = piece(b"abc", 0, "upload")
        wrong = piece(b"def", 4, "upload, finalize")
        last = piece(b"def", 3, "upload, finalize")
    assert first.headers["x-goog-upload-status"] == "active"
    assert wrong.status_code == 400
    assert last.headers["x-goog-upload-status"] == "final"
    assert (last.json()["file"]["sizeBytes"], last.json()["file"]["state"]) == ("6", "ACTIVE")


def test_a_video_can_be_used_when_it_is_ready() -> None:
    """Not before, and not two days later."""
    clock = Clock()
    with gemini(processing=5, clock=clock) as call:
        headers = {"X-Goog-Upload-Command": "upload, finalize"}
        file = call("POST", start(call, "video/mp4", 3), headers=headers, data=b"abc").json()["file"]
        asked = asking("What?", {"fileData": {"mimeType": "video/mp4", "fileUri": file["uri"]}})
        seen = []
        for seconds in (0, 5, 48 * 3600):
            clock.at += seconds
            state = call("GET", f"/v1beta/{file['name']}").json().get("state", "gone")
            seen.append((state, call("POST", LITE, json=asked).status_code))
    assert seen == [("PROCESSING", 400), ("ACTIVE", 200), ("gone", 400)]


def test_a_stream_ends_with_how_it_ended() -> None:
    """Events when ``alt=sse``, a list of JSON else."""
    there = LITE.replace("generateContent", "streamGenerateContent")
    with gemini() as call:
        events = call("POST", f"{there}?alt=sse", json=asking("Hi")).text.split("\r\n\r\n")[:-1]
        listed = call("POST", there, json=asking("Hi")).json()
    pieces = [json.loads(event.removeprefix("data: ")) for event in events]
    assert "".join(parts_of(piece)[0]["text"] for piece in pieces) == parts_of(listed[0])[0]["text"]
    assert [piece["candidates"][0].get("finishReason") for piece in pieces] == [None, None, None, "STOP"]
