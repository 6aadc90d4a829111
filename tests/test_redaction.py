"""Secrets are found in every form in which a text may hold them, and nothing else is touched."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.redaction import SECRETS, SHORTEST, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

# Keys hold no white space; what surrounds one is taken off, and each line of several is one.
LETTERS = st.characters(min_codepoint=33, max_codepoint=0x2FF).filter(lambda char: not char.isspace())
WORDS = st.text(LETTERS, min_size=SHORTEST, max_size=40)
CODED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda s: quote(s, safe=""),
    "in a form": quote_plus,
    "in JSON": lambda s: json.dumps({"key": s}),
}


def redactor(*secrets: str) -> Redactor:
    """One that knows these secrets."""
    made = Redactor()
    for secret in secrets:
        made.add(secret)
    return made


@pytest.mark.parametrize("form", CODED)
@given(secret=WORDS, before=st.text(max_size=10), after=st.text(max_size=10))
def test_a_secret_is_found_in_every_form(form: str, secret: str, before: str, after: str) -> None:
    """I29: what comes out holds neither the secret nor an encoding of it, and is not changed again."""
    redact = redactor(secret)
    shown = redact(before + CODED[form](secret) + after)
    assert CODED[form](secret) not in shown
    assert redact(shown) == shown


@given(secret=WORDS, before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_base64_is_found_at_any_offset(secret: str, before: bytes, after: bytes) -> None:
    """At most the letters in which its neighbours have a part are left of an encoded secret."""
    coded = base64.b64encode(before + secret.encode() + after).decode()
    shown = redactor(secret)(coded)
    assert "***" in shown
    assert len(shown.replace("***", "")) < len(coded) - len(secret)


@given(text=st.text(max_size=60))
def test_other_text_is_left_alone(text: str) -> None:
    """Without a secret in it a text comes back unchanged."""
    assert redactor("Zq\u4e00" * 9)(text) == text


def test_each_line_of_a_secret_is_one() -> None:
    """A key of several lines, such as a certificate's, is blotted out line by line."""
    redact = redactor("first-line-of-it\nsecond-line-of-it\n")
    assert redact("a second-line-of-it b first-line-of-it") == "a *** b ***"


def test_a_short_text_is_no_secret() -> None:
    """It says so, because it would be found in words that have nothing to do with it."""
    redact = Redactor()
    assert redact.add("short") is False
    assert redact("a short word") == "a short word"


def test_the_longer_of_two_is_blotted_out_whole() -> None:
    """A key that begins like another one leaves no tail."""
    assert redactor("key-abcdefgh", "key-abcdefgh-ijklmnop")("<key-abcdefgh-ijklmnop>") == "<***>"


def test_what_is_left_of_a_secret_within_a_secret_is_none() -> None:
    """Taking one out may not put another one together."""
    redact = redactor("inner-secret", "out***er-secret")
    assert redact("outinner-secreter-secret") == "***"


def test_pictures_are_left_alone() -> None:
    """Bytes that are no text come back as they are; a text's secrets are blotted out."""
    redact = redactor("hunter2-hunter2")
    assert redact.bytes(b"\x89PNG\xff hunter2-hunter2") == b"\x89PNG\xff hunter2-hunter2"
    assert redact.bytes(b"a hunter2-hunter2") == b"a ***"


def test_tests_start_without_secrets() -> None:
    """One test's keys are not blotted out of another one's texts."""
    assert SECRETS("any text at all") == "any text at all"
