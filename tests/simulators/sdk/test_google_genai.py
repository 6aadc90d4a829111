"""google-genai, unchanged, gets from the simulator what it gets from Gemini."""

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
    return play("gemini", call).answer


def kinds(call: str) -> list[str]:
    """What its requests were for."""
    return [request["kind"] for request in play("gemini", call).requests]


def test_a_picture_within_the_request_is_asked_about() -> None:
    """In both versions of the API."""
    assert answer("description")["text"].endswith("It shows 1 picture.")
    assert answer("own_version")["text"].endswith("It shows 1 picture.")


def test_an_answer_tells_its_tokens() -> None:
    """A picture counts 258."""
    assert answer("question")["tokens"] > 258


def test_an_answer_fits_its_schema() -> None:
    """As JSON."""
    assert answer("structured") == {"label": "Name it."}


def test_a_picture_is_made() -> None:
    """It comes within the answer."""
    assert answer("generation") == {"type": "image/png", "begins": "89504e47"}


def test_a_stream_comes_in_pieces() -> None:
    """The client puts them together."""
    assert answer("stream") == {"pieces": 4, "text": "An answer to: Hi."}


def test_a_picture_is_uploaded_and_asked_about() -> None:
    """It is ready at once."""
    assert answer("upload")["state"] == "ACTIVE"
    assert answer("upload")["text"].endswith("It shows 1 picture.")
    assert kinds("upload") == ["upload", "upload", "order"]


def test_a_video_is_looked_after_until_it_is_ready() -> None:
    """And deleted in the end."""
    assert (answer("poll")["first"], answer("poll")["last"]) == ("PROCESSING", "ACTIVE")
    assert kinds("poll") == ["upload", "upload", "status", "order", "delete"]


def test_the_models_are_listed() -> None:
    """Which costs nothing."""
    assert "models/gemini-2.5-flash-lite" in answer("models")["names"]


def test_a_blocked_prompt_has_a_reason_and_no_text() -> None:
    """It is no error to the client."""
    assert answer("blocked") == {"text": None, "reason": "SAFETY"}


def test_a_quota_is_told_by_name() -> None:
    """With the time when it is renewed."""
    got = answer("throttled")
    assert (got["code"], got["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert [detail["@type"].rpartition(".")[2] for detail in got["details"]] == ["QuotaFailure", "RetryInfo"]


def test_a_bad_key_is_a_bad_request() -> None:
    """At 400."""
    assert (answer("bad_key")["code"], answer("bad_key")["status"]) == (400, "INVALID_ARGUMENT")
