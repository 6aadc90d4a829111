"""openai, unchanged, gets from the simulator what it gets from OpenAI."""

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
    return play("openai", call).answer


def kinds(call: str) -> list[str]:
    """What its requests were for."""
    return [request["kind"] for request in play("openai", call).requests]


def test_a_picture_is_made() -> None:
    """With the tokens that it took."""
    got = answer("generation")
    assert (got["begin"], got["size"]) == (["89504e47"], "1536x1024")
    assert got["tokens"] > 400


def test_several_pictures_are_made() -> None:
    """In another format."""
    assert [begin[:6] for begin in answer("several")["begin"]] == ["ffd8ff"] * 3


def test_pictures_are_changed() -> None:
    """One, or several with a mask."""
    assert answer("upload")["begin"] == answer("upload_several")["begin"] == ["89504e47"]


def test_a_stream_ends_with_the_picture() -> None:
    """As an event of its own kind."""
    assert answer("stream") == {"types": ["image_generation.completed"], "begins": "89504e47"}


def test_the_models_are_listed() -> None:
    """Which costs nothing."""
    assert "gpt-image-2.5-flare" in answer("models")["names"]


def test_a_refusal_has_a_code_and_a_number() -> None:
    """By which it can be asked about."""
    got = answer("refused")
    assert (got["status"], got["body"]["code"]) == (400, "moderation_blocked")
    assert got["request"].startswith("req_")


def test_a_limit_is_waited_out_by_the_client() -> None:
    """As the header says."""
    assert answer("repeated")["begin"] == ["89504e47"]
