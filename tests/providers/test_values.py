from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from acp_action.providers.params import values


@pytest.mark.parametrize(
    ("given", "read"),
    [(5, 5.0), ("5", 5.0), (" 2.5 ", 2.5), ("1e3", 1000.0), (float("nan"), None), ("inf", None), (True, None),
     ("five", None), (None, None), ("1_0", None), ("9" * 400, None), (10**400, None)],
)  # fmt: skip
def test_numbers_are_read_also_as_text_and_only_finite(given: Any, read: float | None) -> None:
    """A number may stand in quotes; what is no finite number is none."""
    assert values.number(given) == read


@pytest.mark.parametrize(
    ("given", "read"),
    [(5, 5), ("5", 5), (5.0, 5), ("-3", -3), (2**70, 2**70), (str(2**63), 2**63), (5.5, None), (True, None),
     ("²", None), ("", None), ("0", 0), ("0755", None), ("-08", None)],
)  # fmt: skip
def test_whole_numbers_keep_every_digit(given: Any, read: int | None) -> None:
    """Seeds are large: they are never read by way of a float when they need not be."""
    assert values.whole(given) == read


@pytest.mark.parametrize(
    ("given", "read"),
    [(5, 5.0), ("5", 5.0), ("8s", 8.0), ("2.5 S", 2.5), ("s", None), ("5m", None), ([], None)],
)
def test_seconds_may_carry_their_unit(given: Any, read: float | None) -> None:
    """Models write durations as 5, "5" and "8s"; all are read."""
    assert values.seconds(given) == read


@pytest.mark.parametrize(
    ("given", "read"),
    [("16:9", Fraction(16, 9)), ("1.91:1", Fraction(191, 100)), ("16/9", Fraction(16, 9)),
     ("8:1", Fraction(8)), ("9:1", None), ("0:1", None), ("1:0", None), ("auto", None), (1.5, None)],
)  # fmt: skip
def test_ratios_are_exact_and_within_eight_to_one(given: Any, read: Fraction | None) -> None:
    """A ratio is a fraction, so that 16:9 is no rounded number."""
    assert values.ratio(given) == read


@pytest.mark.parametrize(
    ("given", "read"),
    [("1024x768", (1024, 768)), ("640 X 480", (640, 480)), ("landscape_16_9", (1024, 576)),
     ({"width": 300, "height": "200"}, (300, 200)), ({"width": 300}, None),
     ({"width": 1, "height": 1, "z": 1}, None), ("big", None), (1024, None)],
)  # fmt: skip
def test_sizes_come_as_text_preset_or_mapping(given: Any, read: tuple[int, int] | None) -> None:
    """Every way in which the catalogue's models write a size is read."""
    assert values.size(given) == read


@pytest.mark.parametrize(
    ("given", "side", "scale"),
    [("720p", 720, None), ("768P", 768, None), ("true_1080p", 1080, None), ("hd", 720, None),
     ("2K", 1440, 2.0), ("0.5K", None, 0.5), ("1K", None, 1.0)],
)  # fmt: skip
def test_resolutions_name_a_side_or_a_multiple(given: str, side: int | None, scale: float | None) -> None:
    """720p is a side of a video; 2K is twice a square of 1024, and a side for videos."""
    assert values.tier(given) == values.Tier(side, scale)


@pytest.mark.parametrize("given", ["auto", "0k", "12", 720, None])
def test_what_is_no_resolution_is_none(given: Any) -> None:
    """Other words and bare numbers are not taken for a resolution."""
    assert values.tier(given) is None


@pytest.mark.parametrize(("given", "read"), [(True, True), ("False", False), ("yes", None), (1, None)])
def test_flags_are_true_or_false(given: Any, read: bool | None) -> None:
    """Only true and false are flags, in either spelling; yes and 1 are not guessed at."""
    assert values.flag(given) is read


def test_templates_are_found_at_any_depth() -> None:
    """A template makes the whole value unknown until it is filled in."""
    assert values.is_templated({"a": [1, {"b": "x {{input}}"}]})
    assert not values.is_templated({"a": [1, {"b": "{x}"}]})


def test_a_message_quotes_values_short_and_inert() -> None:
    """What a user wrote reaches a message without control characters and cut short."""
    assert values.shown(True) == "true"
    assert values.shown("a\x1b[31m") == r"'a\x1b[31m'"
    assert len(values.shown("x" * 500)) == 40
