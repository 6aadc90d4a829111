"""OpenAI's images, simulated: sizes, forms, and headers that tell limits."""

from __future__ import annotations

import base64
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.simulators.client import Client, calling
from tests.simulators.latency import Latency
from tests.simulators.limits import SlidingWindow
from tests.simulators.media import sample
from tests.simulators.openai import OpenAISimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATE, EDIT = "/v1/images/generations", "/v1/images/edits"
MODEL = "gpt-image-2.5-flare"
BOAT = {"model": MODEL, "prompt": "a paper boat"}
PICTURE = ("a.png", sample("png"), "image/png")


@contextmanager
def openai(**options: Any) -> Iterator[Client]:
    """A client of an OpenAI that has everything ready at once."""
    sim = OpenAISimulator(latency=Latency(0, sigma=0), **options)
    with calling(sim, Authorization=f"Bearer {sim.key}") as call:
        yield call


@pytest.mark.parametrize(("form", "kind"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_pictures_have_the_format_and_the_shape(form: str, kind: str) -> None:
    """As many as asked for, each of its own; billed once."""
    wanted = {**BOAT, "size": "1536x1024", "output_format": form, "n": 2}
    with openai() as call:
        data = call("POST", GENERATE, json=wanted).json()["data"]
    first, _ = (base64.b64decode(item["b64_json"]) for item in data)
    with Image.open(io.BytesIO(first)) as picture:
        assert (picture.format, picture.width / picture.height) == (kind, 1.5)
    assert len(call.sim.ledger.by("a paper boat")) == 1


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 11}, "n"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"size": "100x100"}, "size"),
        ({"size": "3840x16"}, "size"),
        ({"quality": "best"}, "quality"),
        ({"response_format": "url"}, "response_format"),
        ({"background": "transparent", "output_format": "jpeg"}, "background"),
    ],
)
def test_a_field_that_is_wrong_is_named(change: dict[str, Any], param: str) -> None:
    """Nothing is billed."""
    with openai() as call:
        answer = call("POST", GENERATE, json={**BOAT, **change})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert len(call.sim.ledger) == 0


@pytest.mark.parametrize("model", ["dall-e-3", "gpt-image-1", "gpt-7"])
def test_models_that_are_gone_are_not_found(model: str) -> None:
    """As those that never were."""
    with openai() as call:
        answer = call("POST", GENERATE, json={**BOAT, "model": model})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("files", "param"),
    [
        ([("image", PICTURE)], None),
        ([("image[]", PICTURE), ("image[]", PICTURE), ("mask", PICTURE)], None),
        ([("mask", PICTURE)], "image"),
        ([("image", ("a.png", b"no picture", "image/png"))], "image"),
        ([("image", PICTURE), ("mask", ("m.png", sample("png", size=(8, 8)), "image/png"))], "mask"),
    ],
)
def test_pictures_to_change_come_in_a_form(files: list[Any], param: str | None) -> None:
    """One or several, and a mask of the same size."""
    with openai() as call:
        answer = call("POST", EDIT, data=BOAT, files=files)
    assert answer.json().get("error", {}).get("param") == param
    assert [bill.text for bill in call.sim.ledger.bills] == ([] if param else ["a paper boat"])


def test_headers_tell_the_limit_on_every_answer() -> None:
    """What is left, when all is again, and a number of the request."""
    with openai(limits=[SlidingWindow(1, 60)], clock=lambda: 100.0) as call:
        good, refused = (call("POST", GENERATE, json=BOAT) for _ in range(2))
    assert good.headers["x-ratelimit-limit-requests"] == "1"
    assert good.headers["x-ratelimit-remaining-requests"] == "0"
    assert good.headers["x-ratelimit-reset-requests"] == "1m0s"
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert refused.headers["Retry-After"] == "60"
    assert good.headers["x-request-id"] != refused.headers["x-request-id"]


def test_an_empty_account_is_a_429_too() -> None:
    """Its code is what tells it from a limit."""
    with openai(credit=0.001) as call:
        answer = call("POST", GENERATE, json=BOAT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "insufficient_quota")


def test_a_wrong_key_is_refused_by_a_read_as_well() -> None:
    """Which is how a key is tried."""
    with openai() as call:
        answer = call("GET", "/v1/models", headers={"Authorization": "Bearer sk-wrong"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
