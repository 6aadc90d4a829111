"""Gemini's messages: bodies, results from answers, and the time until its day ends."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.catalogue.models import catalogue
from acp_action.errors import AccountClosed
from acp_action.providers.account import Account
from acp_action.providers.gemini import messages
from acp_action.providers.gemini.questions import QUESTIONS, question
from acp_action.providers.gemini.rules import GeminiRules
from acp_action.providers.wire.answer import Answer


def answered(ended: str | None = "STOP", *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An answer with these parts."""
    candidate = {"index": 0, "finishReason": ended, "content": {"role": "model", "parts": [*parts]}}
    return {"candidates": [candidate], **more}


def test_texts_are_joined_without_thoughts() -> None:
    """All parts of the answer count, what the model thought does not."""
    told = answered("STOP", {"text": "hm", "thought": True}, {"text": "A red "}, {"text": "kite."})
    assert messages.result_of(told) == {"text": "A red kite."}


def test_what_was_used_is_kept() -> None:
    """Numbers of tokens and the true version of the model go into the notes."""
    told = answered(
        "STOP", {"text": "x"}, usageMetadata={"totalTokenCount": 7, "more": []}, modelVersion="m-1"
    )
    assert messages.result_of(told) == {"text": "x", "usage": {"totalTokenCount": 7}, "version": "m-1"}


@pytest.mark.parametrize(
    ("told", "word", "says"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "refused", r"\(SAFETY\); the request may be billed"),
        (answered("SAFETY"), "refused", "SAFETY"),
        (answered("PROHIBITED_CONTENT", {"text": "half"}), "refused", "PROHIBITED_CONTENT"),
        (
            answered("MAX_TOKENS", {"text": "It is a"}),
            "failed",
            "raise params.maxOutputTokens; it begins: It is a",
        ),
        (answered("MAX_TOKENS"), "failed", "all of them went into thinking"),
        (answered("MALFORMED_RESPONSE", {"text": "x"}), "failed", "MALFORMED_RESPONSE"),
        (answered("STOP"), "failed", "without a text"),
        (answered("STOP", {"text": " \n"}), "failed", "without a text"),
    ],
)
def test_an_answer_without_a_whole_text_says_why(told: Any, word: str, says: str) -> None:
    """Refusals, cut texts and empty ones are told apart, and none is published as a text."""
    result = messages.result_of(told)
    assert result is not None
    assert re.search(says, str(result[word]))


@pytest.mark.parametrize("told", [None, [], {}, {"candidates": []}, {"candidates": [{}]}, "text", 7])
def test_an_answer_of_another_shape_means_nothing(told: Any) -> None:
    """Nobody can say whether something was made, so it is no failure yet."""
    assert messages.result_of(told) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["candidates", "content", "parts", "text", "finishReason", "promptFeedback",
                             "blockReason", "usageMetadata", "error", "details", "inlineData", "data"]),
            inner, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip


@given(json_values, st.booleans())
def test_any_json_is_read_without_a_fall(told: Any, picture: bool) -> None:
    """What a service sends cannot bring the reader down; it yields one of the known words, or nothing."""
    result = messages.result_of(told, picture=picture)
    assert result is None or {"text", "encoded", "refused", "failed"} & result.keys()
    assert isinstance(messages.error_of(told), dict)


def test_a_picture_is_asked_for_alone() -> None:
    """Image models are told to answer with a picture, in a shape if one is wished for."""
    assert messages.drawing({"seed": 1}, "16:9") == {
        "seed": 1, "responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "16:9"}
    }  # fmt: skip
    assert "imageConfig" not in messages.drawing({}, None)


def test_an_answer_without_the_picture_says_what_it_says() -> None:
    """A text in place of the picture goes into the message."""
    assert messages.result_of(answered("STOP", {"inlineData": {"data": "QUJD"}}), picture=True) == {
        "encoded": "QUJD"
    }
    told = messages.result_of(answered("STOP", {"text": "I cannot draw that"}), picture=True)
    assert told is not None
    assert "without a picture; it says: I cannot draw that" in str(told["failed"])


@pytest.mark.parametrize("name", ["../x", "a/b", "a:b", "", "a b", "-x", "a?key=1", "x" * 200])
def test_a_name_that_would_change_the_address_is_none(name: str) -> None:
    """A pipeline file cannot reach another method of the service."""
    assert not messages.MODEL_ID.fullmatch(name)


def test_all_models_of_the_catalogue_have_a_question() -> None:
    """Each style asks something of its own; all ids can stand in an address."""
    models = [m for m in catalogue().models() if m.provider == "gemini"]
    assert all(messages.MODEL_ID.fullmatch(m.entry["provider_model"]) for m in models)
    assert {m.task for m in models if m.type == "analyze_image"} == set(QUESTIONS)
    assert len(set(QUESTIONS.values())) == 7


def test_the_questions_are_documented() -> None:
    """What is asked in somebody's name can be read before."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "providers.md").read_text("utf-8")
    assert [style for style, text in QUESTIONS.items() if f"| `gemini_{style}` | {text} |" not in page] == []


@pytest.mark.parametrize("style", [s for s in QUESTIONS if s != "qa"])
def test_a_wish_is_added_to_the_styles_question(style: str) -> None:
    """What the step says comes beside the style's own question, not in its place."""
    assert (
        question(style, " only the boat ", 1)
        == f"{QUESTIONS[style]}\n\nBesides, the person asking wishes: only the boat"
    )
    assert question(style, None, 1) == QUESTIONS[style]


def test_a_question_of_ones_own_is_asked_as_it_is() -> None:
    """In the style qa the step's question is the whole question; without one there is a default."""
    assert question("qa", "Is it raining?", 3) == "Is it raining?"
    assert question("qa", None, 1) == "What can be seen in this image?"


def test_several_pictures_are_asked_about_one_by_one() -> None:
    """The answer shall keep them apart."""
    assert question("describe", None, 2).endswith(
        "There are 2 images. Answer for each of them in order, under its number."
    )


@given(st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_the_day_ends_at_midnight_in_california(moment: datetime) -> None:
    """As the zone's own table has it, but for the two days a year on which clocks change."""
    try:
        zone = ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        pytest.skip("no table of time zones here")
    now = moment.replace(tzinfo=UTC)
    left = messages.until_pacific_midnight(now.timestamp())
    end = datetime.fromtimestamp(now.timestamp() + left, zone)
    assert 0 < left <= 86_400
    changes = end.utcoffset() != now.astimezone(zone).utcoffset() or (
        end.month in (3, 11) and end.weekday() == 6
    )
    assert changes or (end.hour, end.minute, end.second) in ((0, 0, 0), (23, 59, 59))


def refused(status: int, *details: dict[str, Any]) -> Any:
    """What the rules say of an error with these details."""
    error = {"error": {"code": status, "message": "no", "details": [*details]}}
    body = json.dumps(error).encode()
    rules = GeminiRules(Account("gemini", variable="GEMINI_API_KEY"), wall=lambda: 1_795_680_000.0)
    return rules.explain(Answer(status, {}, body, "https://example.com"))


def test_a_key_that_is_refused_comes_as_a_bad_request() -> None:
    """The message names the variable that the key comes from."""
    error = refused(400, {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"})
    assert isinstance(error, AccountClosed)
    assert (error.why, "GEMINI_API_KEY" in str(error)) == ("key", True)
    assert refused(400) is None


@pytest.mark.parametrize(
    ("quota", "closed", "of_model"),
    [
        ("GenerateRequestsPerDayPerProject", True, False),
        ("GenerateRequestsPerDayPerProjectPerModel-FreeTier", True, True),
        ("RequestsPerMinute", False, False),
    ],
)
def test_the_quota_of_the_day_closes_account_or_model_until_midnight(
    quota: str, closed: bool, of_model: bool
) -> None:
    """That of the minute is the common table's to judge; that of a model leaves the others open."""
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}
    error = refused(429, failure)
    assert isinstance(error, AccountClosed) == closed
    if closed:
        assert (error.why, error.model_only) == ("day", of_model)
        assert error.reopens_in == messages.until_pacific_midnight(1_795_680_000.0)
