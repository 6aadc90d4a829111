"""The faults of providers whose answer is the result: what each shows, and that it bills what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.simulators.client import calling
from tests.simulators.elevenlabs import ElevenLabsSimulator
from tests.simulators.gemini import GeminiSimulator
from tests.simulators.latency import Latency
from tests.simulators.openai import OpenAISimulator
from tests.simulators.openrouter import OpenRouterSimulator
from tests.simulators.wire import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.simulators.core import Simulator

Seen: TypeAlias = "Callable[[Any], Any]"

ASK = {"contents": [{"parts": [{"text": "a cat"}]}]}
DRAW = {**ASK, "generationConfig": {"responseModalities": ["IMAGE"]}}
CHAT = {"model": "google/gemini-2.5-flash-lite", "messages": [{"role": "user", "content": "a cat"}]}
# Simulator, the header of its key, and an order.
ORDERS: dict[str, tuple[type[Simulator], str, str, dict[str, Any]]] = {
    "gemini": (GeminiSimulator, "x-goog-api-key", "/v1beta/models/gemini-2.5-flash:generateContent", ASK),
    "openrouter": (OpenRouterSimulator, "authorization", "/api/v1/chat/completions", CHAT),
    "elevenlabs": (
        ElevenLabsSimulator,
        "xi-api-key",
        "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/with-timestamps",
        {"text": "a cat"},
    ),
    "openai": (
        OpenAISimulator,
        "authorization",
        "/v1/images/generations",
        {"model": "gpt-image-2", "prompt": "a cat", "n": 2},
    ),
}
# Faults of files do to a sound that is an answer what they do to a file, and say only that.
OF_FILES = ("N7", "N8", "N9", "N11", "N13")


def made(provider: str) -> tuple[Simulator, dict[str, str]]:
    """A simulator that has everything ready at once, and the headers that it wants."""
    simulator, header, _, _ = ORDERS[provider]
    sim = simulator(latency=Latency(0, sigma=0))
    return sim, {header: f"Bearer {sim.key}" if header == "authorization" else sim.key}


def billed(sim: Simulator, headers: dict[str, str], provider: str, fault: str) -> int:
    """How many bills an order comes to when this goes wrong."""
    _, _, path, body = ORDERS[provider]
    before = len(sim.ledger)
    sim.script(fault)
    call = Call(0, "api", "POST", path, {}, headers, json.dumps(body).encode())
    reply = sim._serve(call)
    while reply.then is not None:
        reply = reply.then()
    assert call.fault == fault
    return len(sim.ledger) - before


@pytest.mark.parametrize("provider", ORDERS)
def test_a_fault_bills_what_it_says(provider: str) -> None:
    """Those of orders that begin with "billed" do, and no others."""
    sim, headers = made(provider)
    names = {
        name: fault.says.startswith("billed")
        for name, fault in sim.faults().items()
        if "order" in fault.on and fault.row not in OF_FILES and name != "P14.huge"
    }
    with sim:
        assert {name: billed(sim, headers, provider, name) for name in names} == names
    assert len(names) > 40


@pytest.mark.parametrize("provider", ORDERS)
def test_every_row_that_makes_sense_has_a_fault(provider: str) -> None:
    """Jobs and files are the matter of others."""
    wanted = {"N2", "N3", "N12", *(f"P{number}" for number in (1, 2, 3, 4, 5, 6, 7, 9, 13))}
    wanted |= {"N7", "N8", "N9", "N11", "N13", "P14"} if provider == "elevenlabs" else {"P8"}
    wanted -= {"P9"} if provider == "elevenlabs" else set()
    simulator = ORDERS[provider][0]
    assert wanted <= {fault.row for fault in simulator.faults().values() if "order" in fault.on}


def candidate(answer: Any) -> Any:
    """Gemini's only one."""
    return answer["candidates"][0]


def ended(found: Any) -> tuple[str, bool]:
    """Why it ended, and whether it has content."""
    return found["finishReason"], "content" in found


def choice(answer: Any) -> Any:
    """OpenRouter's only one."""
    return answer["choices"][0]


SEEN: list[tuple[str, str, Seen, Any]] = [
    ("gemini", "P2.body", lambda a: a["error"]["details"][1]["retryDelay"], "2s"),
    ("gemini", "P3.day", lambda a: "PerDay" in str(a["error"]["details"]), True),
    ("gemini", "P3.spend", lambda a: (a["error"]["code"], "details" in a["error"]), (429, False)),
    ("gemini", "P3.busy", lambda a: a["error"]["status"], "UNAVAILABLE"),
    ("gemini", "P5.400", lambda a: a["error"]["details"][0]["reason"], "API_KEY_INVALID"),
    ("gemini", "P5.401", lambda a: a["error"]["status"], "UNAUTHENTICATED"),
    ("gemini", "P6.place", lambda a: a["error"]["status"], "FAILED_PRECONDITION"),
    ("gemini", "P7.blocked", lambda a: (a["promptFeedback"]["blockReason"], len(a)), ("SAFETY", 4)),
    ("gemini", "P7.safety", lambda a: ended(candidate(a)), ("SAFETY", False)),
    ("gemini", "P8.max_tokens", lambda a: ended(candidate(a)), ("MAX_TOKENS", False)),
    ("gemini", "P8.length", lambda a: ended(candidate(a)), ("MAX_TOKENS", True)),
    ("gemini", "P8.thoughts", lambda a: candidate(a)["content"]["parts"][0]["thought"], True),
    ("gemini", "P9.empty", lambda a: a["candidates"], []),
    ("gemini", "P9.no_image", lambda a: candidate(a)["finishReason"], "NO_IMAGE"),
    ("gemini", "P13.missing", lambda a: "usageMetadata" in a, False),
    ("gemini", "P13.nan", lambda a: a["usageMetadata"]["totalTokenCount"] >= 0, False),
    ("openrouter", "P3.upstream", lambda a: a["error"]["metadata"]["provider_name"], "Google"),
    ("openrouter", "P3.529", lambda a: a["error"]["code"], 529),
    ("openrouter", "P7.flagged", lambda a: a["error"]["metadata"]["reasons"], ["violence"]),
    ("openrouter", "P7.filtered", lambda a: choice(a)["finish_reason"], "content_filter"),
    ("openrouter", "P7.refusal", lambda a: choice(a)["message"]["refusal"], "I cannot help with that."),
    ("openrouter", "P8.inside_402", lambda a: (a["error"]["code"], "choices" in a), (402, False)),
    ("openrouter", "P8.half", lambda a: (a["error"]["code"], choice(a)["finish_reason"]), (502, "error")),
    ("openrouter", "P8.length", lambda a: choice(a)["finish_reason"], "length"),
    ("openrouter", "P9.empty", lambda a: a["choices"], []),
    ("openrouter", "P9.null", lambda a: choice(a)["message"]["content"], None),
    ("openrouter", "P13.missing", lambda a: "usage" in a, False),
    ("openrouter", "P13.negative", lambda a: a["usage"]["cost"], -1),
    ("elevenlabs", "P3.concurrency", lambda a: a["detail"]["status"], "too_many_concurrent_requests"),
    ("elevenlabs", "P3.busy", lambda a: a["detail"]["status"], "system_busy"),
    ("elevenlabs", "P4.credit", lambda a: a["detail"]["status"], "quota_exceeded"),
    ("elevenlabs", "P5.401", lambda a: a["detail"]["status"], "invalid_api_key"),
    ("elevenlabs", "P5.unusual", lambda a: a["detail"]["status"], "detected_unusual_activity"),
    ("elevenlabs", "P6.string", lambda a: a["detail"], "Bad request"),
    ("elevenlabs", "P6.list", lambda a: a["detail"][0]["type"], "missing"),
    ("elevenlabs", "P7.policy", lambda a: a["detail"]["status"], "content_against_policy"),
    ("elevenlabs", "P14.invalid", lambda a: a["audio_base64"], "@@@"),
    ("openai", "P4.credit", lambda a: a["error"]["code"], "insufficient_quota"),
    ("openai", "P5.401", lambda a: a["error"]["code"], "invalid_api_key"),
    ("openai", "P7.blocked", lambda a: a["error"]["code"], "moderation_blocked"),
    ("openai", "P9.fewer", lambda a: len(a["data"]), 1),
    ("openai", "P9.null", lambda a: a["data"][0]["b64_json"], None),
    ("openai", "P13.missing", lambda a: "usage" in a, False),
    ("openai", "P14.text", lambda a: a["data"][0]["b64_json"], "aGVsbG8gd29ybGQ="),
]  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "name", "seen", "wanted"), SEEN, ids=[f"{one}-{name}" for one, name, *_ in SEEN]
)
def test_what_an_order_is_answered(provider: str, name: str, seen: Seen, wanted: Any) -> None:
    """Once; the next one is answered well."""
    sim, headers = made(provider)
    _, _, path, body = ORDERS[provider]
    with calling(sim, **headers) as call:
        sim.script(name)
        assert seen(call("POST", path, json=body).json()) == wanted
        assert call("POST", path, json=body).status_code == 200


HEADERS: list[tuple[str, str, str, str | None]] = [
    ("gemini", "P1.nan", "Retry-After", "NaN"),
    ("gemini", "P3.pace", "Retry-After", None),
    ("openrouter", "P4.wait", "Retry-After", "1"),
    ("elevenlabs", "P13.nan", "character-cost", "NaN"),
    ("elevenlabs", "P13.missing", "character-cost", None),
    ("openai", "P1.milliseconds", "retry-after-ms", "250"),
    ("openai", "P8.retry", "x-should-retry", "true"),
    ("openai", "P8.no_retry", "x-should-retry", "false"),
]


@pytest.mark.parametrize(("provider", "name", "header", "wanted"), HEADERS)
def test_what_headers_say(provider: str, name: str, header: str, wanted: str | None) -> None:
    """Lies included."""
    sim, headers = made(provider)
    _, _, path, body = ORDERS[provider]
    with calling(sim, **headers) as call:
        sim.script(name)
        assert call("POST", path, json=body).headers.get(header) == wanted


def test_a_stream_can_be_cut_as_a_body_is() -> None:
    """In its middle, framed as if it were whole."""
    sim, headers = made("openrouter")
    _, _, path, body = ORDERS["openrouter"]
    with calling(sim, **headers) as call:
        sim.script("N3.cut_after_id")
        assert call("POST", path, json={**body, "stream": True}).text.endswith("data: [DONE")


@pytest.mark.parametrize(
    ("provider", "name", "last"),
    [
        ("gemini", "P8.no_end", '" answer"'),
        ("gemini", "P8.inside", "The model is overloaded."),
        ("gemini", "P7.blocked", "blockReason"),
        ("openrouter", "P8.no_end", '" answer"'),
        ("openrouter", "P8.half", "Upstream error"),
    ],
)
def test_streams_that_end_badly(provider: str, name: str, last: str) -> None:
    """In the middle, with an error, or with nothing but a refusal."""
    sim, headers = made(provider)
    _, _, path, body = ORDERS[provider]
    if provider == "gemini":
        path = path.replace("generateContent", "streamGenerateContent") + "?alt=sse"
    else:
        body = {**body, "stream": True}
    with calling(sim, **headers) as call:
        sim.script(name)
        events = call("POST", path, json=body).text.split("data: ")
    assert last in events[-1]
    assert "[DONE]" not in events[-1]


def test_base64_can_be_huge() -> None:
    """More than anyone should read."""
    sim, headers = made("openai")
    _, _, path, body = ORDERS["openai"]
    with calling(sim, **headers) as call:
        sim.script("P14.huge")
        with call("POST", path, json=body, stream=True) as answer:
            assert int(answer.headers["Content-Length"]) > 48_000_000


def test_a_picture_can_be_no_base64() -> None:
    """Where a picture is asked for."""
    sim, headers = made("gemini")
    with calling(sim, **headers) as call:
        sim.script("P14.invalid")
        answer = call("POST", "/v1beta/models/gemini-2.5-flash-image:generateContent", json=DRAW).json()
    assert candidate(answer)["content"]["parts"][0]["inlineData"]["data"] == "@@@"


@pytest.mark.parametrize(
    ("name", "state"),
    [("P10.processing", "PROCESSING"), ("P10.failed", "FAILED"), ("N5.state", "ARCHIVED"), ("N5.404", None)],
)
def test_a_file_can_be_in_no_good_state(name: str, state: str | None) -> None:
    """For one reading."""
    sim, headers = made("gemini")
    with calling(sim, **headers) as call:
        start = {**headers, "X-Goog-Upload-Command": "start", "X-Goog-Upload-Header-Content-Length": "1"}
        there = call("POST", "/upload/v1beta/files", headers=start, json={}).headers["x-goog-upload-url"]
        finish = {"X-Goog-Upload-Command": "upload, finalize"}
        file = call("POST", there, headers=finish, data=b"x").json()["file"]
        sim.script(name)
        states = [call("GET", f"/v1beta/{file['name']}").json().get("state") for _ in range(2)]
    assert states == [state, "ACTIVE"]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("N8.early", lambda a: len(a.content) < 16_000),
        ("N13.html", lambda a: a.headers["Content-Type"] == "text/html"),
        ("N13.empty", lambda a: a.content == b""),
        ("N13.magic", lambda a: a.content[:4] == b"\0\1\2\3"),
        ("N13.half", lambda a: len(a.content) < 16_000),
    ],
)
def test_speech_goes_wrong_as_files_do(name: str, wrong: Callable[[requests.Response], bool]) -> None:
    """And as speech that is had again does."""
    sim, headers = made("elevenlabs")
    path = ORDERS["elevenlabs"][2].removesuffix("/with-timestamps")
    with calling(sim, **headers) as call:
        good = call("POST", path, json={"text": "a cat"})
        sim.script(name, times=2)
        assert wrong(call("POST", path, json={"text": "a cat"}))
        again = f"/v1/history/{good.headers['history-item-id']}/audio"
        assert wrong(call("GET", again))
        assert call("GET", again).content == good.content
