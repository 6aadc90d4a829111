"""OpenAI's messages about images: results from answers, and errors that the common table does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from acp_action.providers.account import Account
from acp_action.providers.openai import OpenAIProvider, messages
from acp_action.providers.openai.rules import OpenAIRules
from acp_action.providers.wire.answer import Answer
from tests.providers.making import model_of


def explained(status: int, code: str | None, **headers: str) -> str:
    """The name of the error that the rules see, empty for none."""
    body = json.dumps({"error": {"message": "no", "type": "t", "param": None, "code": code}}).encode()
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    error = OpenAIRules(Account("openai")).explain(Answer(status, told, body, "https://example.com"))
    return "" if error is None else type(error).__name__


@pytest.mark.parametrize(
    ("status", "code", "headers", "name"),
    [
        (400, "moderation_blocked", {}, "PolicyRefusal"),
        (400, "content_policy_violation", {}, "PolicyRefusal"),
        (429, "insufficient_quota", {}, "AccountClosed"),
        (400, "billing_hard_limit_reached", {}, "AccountClosed"),
        (429, "rate_limit_exceeded", {}, ""),
        (429, "rate_limit_exceeded", {"x_should_retry": "false"}, "FatalError"),
        (500, None, {"x_should_retry": "true"}, ""),
        (500, None, {"x_should_retry": "false"}, ""),
        (400, None, {}, ""),
    ],
)
def test_errors_are_told_apart_by_their_code(status: int, code: str | None, headers: Any, name: str) -> None:
    """Refusals and an empty account by code; an order that failed with 500 stays in doubt."""
    assert explained(status, code, **headers) == name


@pytest.mark.parametrize(
    ("told", "result"),
    [
        ({"data": [{"b64_json": "QUJD"}]}, {"encoded": "QUJD"}),
        ({"data": [{"url": "https://example.com/a.png"}]}, {"url": "https://example.com/a.png"}),
        ({"data": [{"b64_json": "QQ==", "revised_prompt": "a b"}], "usage": {"total_tokens": 4, "x": {}}},
         {"encoded": "QQ==", "usage": {"total_tokens": 4}, "revised_prompt": "a b"}),
        ({"data": []}, {"failed": "OpenAI answered without a picture; the request may be billed"}),
        ({"data": [{"b64_json": None}]},
         {"failed": "OpenAI answered without a picture; the request may be billed"}),
        ({}, None), (None, None), ([], None), ({"data": "x"}, None),
    ],
)  # fmt: skip
def test_an_answer_is_read(told: Any, result: Any) -> None:
    """A picture, an address, a failure that was paid for, or nothing that anybody could read."""
    assert messages.result_of(told) == result


def test_a_clear_background_needs_a_format_that_knows_it() -> None:
    """It is told before money, as is a number of pictures beyond one."""
    model = model_of("text_to_image", "openai_image")
    params: dict[str, Any] = {"prompt": "x", "background": "transparent", "output_format": "jpeg", "n": 2}
    found = [
        c.what for c in OpenAIProvider(Account("openai")).check("text_to_image", model, params, preview=False)
    ]
    assert found == [
        "n: a step makes one picture, and would pay for 2",
        "background: transparent, but output_format jpeg knows no transparency",
    ]
