"""OpenRouter, simulated: chats, what they cost, and errors before and within answers."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulators.client import Client, calling
from tests.simulators.latency import Latency
from tests.simulators.limits import SlidingWindow
from tests.simulators.openrouter import OpenRouterSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT = "/api/v1/chat/completions"
LITE = "google/gemini-2.5-flash-lite"


@contextmanager
def openrouter(**options: Any) -> Iterator[Client]:
    """A client of an OpenRouter that has everything ready at once."""
    sim = OpenRouterSimulator(latency=Latency(0, sigma=0), **options)
    with calling(sim, Authorization=f"Bearer {sim.key}") as call:
        yield call


def asking(content: Any, model: str = LITE, **settings: Any) -> dict[str, Any]:
    """A request."""
    return {"model": model, "messages": [{"role": "user", "content": content}], **settings}


def test_an_answer_tells_what_it_cost() -> None:
    """The ledger has the same sum, and so has the generation; free models cost nothing."""
    with openrouter() as call:
        answer = call("POST", CHAT, json=asking("Hello?"))
        name = answer.headers["X-Generation-Id"]
        later = call("GET", f"/api/v1/generation?id={name}").json()["data"]
        free = call("POST", CHAT, json=asking("Hello?", "meta-llama/llama-3.3-70b-instruct:free")).json()
    cost = answer.json()["usage"]["cost"]
    assert answer.json()["id"] == name
    assert cost == call.sim.ledger.total == later["total_cost"] > 0
    assert free["usage"]["cost"] == 0


def test_a_stream_has_comments_and_an_end() -> None:
    """The pieces make the text; the last of them has the usage."""
    with openrouter() as call:
        lines = call("POST", CHAT, json=asking("Hello?", stream=True)).text.split("\n\n")[:-1]
    events = [json.loads(line.removeprefix("data: ")) for line in lines[2:-1]]
    assert lines[0] == lines[1] == ": OPENROUTER PROCESSING"
    assert lines[-1] == "data: [DONE]"
    assert "".join(e["choices"][0]["delta"]["content"] for e in events) == "An answer to: Hello."
    assert ["usage" in event for event in events] == [False] * 4 + [True]


def test_an_answer_is_cut_where_its_tokens_end() -> None:
    """It says so."""
    with openrouter() as call:
        choice = call("POST", CHAT, json=asking("Hello?", max_tokens=2)).json()["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "An answe")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (asking("x", "nobody/nothing"), 404),
        ({"model": LITE}, 400),
        (asking("x", max_token=3), 400),
        (asking([{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]), 400),
        (asking([{"type": "image_url", "image_url": {"url": "http://127.0.0.1/x.png"}}]), 400),
    ],
)
def test_what_cannot_be_used_is_refused(body: dict[str, Any], status: int) -> None:
    """With the status in the body too; nothing is billed."""
    with openrouter() as call:
        answer = call("POST", CHAT, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)
    assert len(call.sim.ledger) == 0


def test_a_list_of_models_is_gone_through() -> None:
    """The first that exists answers."""
    with openrouter() as call:
        answer = call("POST", CHAT, json=asking("x", "nobody/nothing", models=["anthropic/claude-haiku-4.5"]))
    assert answer.json()["model"] == "anthropic/claude-haiku-4.5"


@pytest.mark.parametrize(("told", "header", "within"), [("header", True, False), ("body", False, True)])
def test_the_end_of_a_window_is_told(told: str, header: bool, within: bool) -> None:
    """By Retry-After, or in the error as milliseconds of the clock on the wall."""
    with openrouter(limits=[SlidingWindow(1, 60)], told=told) as call:
        call("POST", CHAT, json=asking("x"))
        refused = call("POST", CHAT, json=asking("x"))
    headers = refused.json()["error"]["metadata"].get("headers", {})
    assert (refused.status_code, "Retry-After" in refused.headers, bool(headers)) == (429, header, within)
    if within:
        assert 50 < int(headers["X-RateLimit-Reset"]) / 1000 - time.time() < 61


def test_free_models_have_a_limit_of_their_own() -> None:
    """Others do not mind."""
    free = "meta-llama/llama-3.3-70b-instruct:free"
    with openrouter(free_limits=[SlidingWindow(1, 60)]) as call:
        codes = [call("POST", CHAT, json=asking("x", model)).status_code for model in (free, free, LITE)]
    assert codes == [200, 429, 200]


def test_credit_runs_out_before_the_work_begins() -> None:
    """What could be too dear is refused."""
    with openrouter(credit=0.0005) as call:
        codes = [
            call("POST", CHAT, json=asking("x", max_tokens=most)).status_code for most in (1000, 5000, None)
        ]
    assert codes == [200, 402, 200]


def test_a_wrong_key_is_refused() -> None:
    """By the read that costs nothing too."""
    with openrouter() as call:
        wrong = {"Authorization": "Bearer sk-or-v1-wrong"}
        answers = [
            call("POST", CHAT, json=asking("x"), headers=wrong),
            call("GET", "/api/v1/key", headers=wrong),
        ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(401, 401)] * 2
