"""Simulators of direct calls answer whatever comes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulators.media import sample
from tests.simulators.test_faults_of_calls import ORDERS, made
from tests.simulators.wire import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.core import Simulator

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=2), SCALARS, max_size=2)
PICTURE = base64.b64encode(sample("png")).decode()
PIECES = [{"text": "x"}, {"inlineData": {"mimeType": "image/png", "data": PICTURE}}]
URI = {"url": f"data:image/png;base64,{PICTURE}"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "array", "items": {}}}}
# What orders of these services are made of, beside what is in the examples.
RICH: dict[str, dict[str, Any]] = {
    "gemini": {
        "contents": [{"parts": PIECES}],
        "generationConfig": {
            "maxOutputTokens": 3,
            "responseSchema": SCHEMA,
            "imageConfig": {"aspectRatio": "1:1"},
            "responseModalities": ["TEXT"],
        },
    },
    "openrouter": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": URI}]}],
        "models": ["x"],
        "max_tokens": 3,
        "stream": True,
        "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
    },
    "elevenlabs": {"text": "x", "voice_settings": {"speed": 1}, "seed": 1, "model_id": "eleven_v3"},
    "openai": {"prompt": "x", "n": 1, "size": "16x16", "quality": "low", "stream": True},
}


@pytest.fixture(scope="module", params=list(ORDERS))
def serving(request: pytest.FixtureRequest) -> Iterator[tuple[str, Simulator, dict[str, str]]]:
    """Each simulator, and the headers that it wants."""
    sim, headers = made(request.param)
    with sim:
        yield request.param, sim, headers


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a body."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same body with something else at a place."""
    if not path:
        return new
    key, *rest = path
    copy = value.copy()
    copy[key] = changed(value[key], tuple(rest), new)
    return copy


def tried(serving: Any, body: bytes) -> tuple[int, int]:
    """The status of the answer to an order, and how many bills it came to."""
    provider, sim, headers = serving
    before = len(sim.ledger)
    reply = sim._serve(Call(0, "api", "POST", ORDERS[provider][2], {}, headers, body))
    return reply.status, len(sim.ledger) - before


@settings(max_examples=100)
@given(choice=st.data())
def test_a_body_of_any_shape_is_answered(serving: Any, choice: st.DataObject) -> None:
    """With a result that is billed once, or with a refusal that is not."""
    body = ORDERS[serving[0]][3] | RICH[serving[0]]
    place = choice.draw(st.sampled_from(list(places(body))))
    body = changed(body, place, choice.draw(ANYTHING))
    status, bills = tried(serving, json.dumps(body).encode())
    assert 200 <= status < 500
    assert bills == (status < 300)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"--x\r\n\r\n--x--"])
def test_what_is_no_json_is_refused(serving: Any, body: bytes) -> None:
    """As a bad request."""
    status, bills = tried(serving, body)
    assert 400 <= status < 500
    assert bills == 0
