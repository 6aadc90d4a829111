"""openrouter, unchanged, gets from the simulator what it gets from OpenRouter."""

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
    return play("openrouter", call).answer


def kinds(call: str) -> list[str]:
    """What its requests were for."""
    return [request["kind"] for request in play("openrouter", call).requests]


def test_a_chat_about_a_picture_tells_what_it_cost() -> None:
    """The client checks the shape of every answer."""
    got = answer("generation")
    assert got["text"] == "An answer to: slow dolly in. It shows 1 picture."
    assert (got["reason"], got["cost"] > 0) == ("stop", True)


def test_an_answer_fits_its_schema() -> None:
    """As JSON."""
    assert answer("structured") == {"prompt": "slow dolly in"}


def test_a_stream_is_read_past_its_comments_to_its_end() -> None:
    """The last piece has the cost."""
    got = answer("stream")
    assert (got["text"], got["reason"]) == ("An answer to: Tell me a story.", "stop")
    assert got["cost"] > 0


def test_a_stream_can_be_left() -> None:
    """Which is all the cancelling there is."""
    assert answer("cancel") == {"text": "An"}


def test_what_costs_nothing_can_be_read() -> None:
    """Models, the key, credit, and what an answer cost."""
    got = answer("reads")
    assert got["cost"] == got["used"] > 0
    assert (got["models"], got["label"]) == (5, "sk-or-v1-tes...key")


def test_want_of_credit_is_an_error_of_its_own() -> None:
    """By status and body."""
    got = answer("refused")
    assert (got["kind"], got["status"]) == ("PaymentRequiredResponseError", 402)


def test_an_error_within_a_stream_is_seen() -> None:
    """As the last piece."""
    assert answer("broken_stream") == {"code": 502, "reason": "error"}
