"""Unquoted values: what is a number or a truth value, and what stays the text it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.config.scalars import parse_flag, parse_number, plain_value, written

TRAPS = ("NO", "No", "off", "on", "yes", "True", "TRUE", "Null", "1:30", "0755", "0o17", "0x1F",
         "1_000", "1.10",
         "1.0e3", "1e3", "1.", ".5", "+1", "-0", "00", "2026-01-02", ".inf", ".nan", "nan", "1,5", "٣",
         "=")  # fmt: skip
MEANINGS = (("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("0", 0), ("-7", -7),
            ("12345", 12345), ("0.5", 0.5), ("-1.25", -1.25), ("1.0", 1.0))  # fmt: skip


@pytest.mark.parametrize("text", TRAPS)
def test_what_other_readers_turn_into_something_else_stays_text(text: str) -> None:
    """Y5: no unquoted text changes its meaning."""
    assert plain_value(text) == text


@pytest.mark.parametrize(("text", "value"), MEANINGS)
def test_canonical_scalars_have_their_type(text: str, value: object) -> None:
    """Numbers, truth values and nothing are what they look like when written in the one plain way."""
    assert (plain_value(text), type(plain_value(text))) == (value, type(value))


@given(st.text(max_size=20) | st.from_regex(r"-?\d{1,40}(\.\d{0,25})?", fullmatch=True))
def test_writing_a_value_back_gives_the_text(text: str) -> None:
    """A value other than text is taken only where nothing is lost by it."""
    value = plain_value(text)
    assert written(value) == ("" if text in ("null", "~") else text)


def test_digits_without_end_are_text() -> None:
    """Y4: an integer that Python refuses to convert is no crash."""
    assert plain_value("7" * 5000) == "7" * 5000


@pytest.mark.parametrize(
    ("text", "number"), [("4", 4), (" 0.5 ", 0.5), ("1e3", 1000.0), ("-2", -2), ("+3", 3)]
)
def test_numbers_are_read_from_text(text: str, number: float) -> None:
    """A typed field takes the number from a quoted text too."""
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1e999", "0755", "1_000", "1:30", "4 s", "٣", "0x1f", "9" * 500]
)
def test_what_is_read_differently_elsewhere_is_no_number(text: str) -> None:
    """A number is finite and written in the one way that all readers agree on."""
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "flag"),
    [("true", True), ("Yes", True), ("ON", True), ("false", False), ("no", False), ("Off", False),
     ("1", None),
     ("maybe", None), ("", None)],
)  # fmt: skip
def test_flags_are_words(text: str, flag: bool | None) -> None:
    """true, yes, on and their opposites are read in any case; nothing else is."""
    assert parse_flag(text) is flag
