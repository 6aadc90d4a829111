"""Reads parameter values as people write them: ``5``, ``"8s"``, ``"16:9"``, ``"1024x768"``, ``"720p"``.

Every reader returns None for what it cannot read; none raises.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

from acp_action.catalogue.prices import PRESETS

WIDEST: Final = Fraction(8)
"""The widest ratio of the sides, in either direction."""

_SIDES: Final = {"sd": 480, "hd": 720, "fhd": 1080, "2k": 1440, "4k": 2160}
_SIZE: Final = re.compile(r"(\d{1,6})\s*[xX×*]\s*(\d{1,6})")
_RATIO: Final = re.compile(r"(\d{1,5}(?:\.\d{1,4})?)\s*[:/xX]\s*(\d{1,5}(?:\.\d{1,4})?)")
_SIDE: Final = re.compile(r"(?:true_)?(\d{3,4})p")
_SCALE: Final = re.compile(r"(\d(?:\.\d)?)k")
_LONGEST: Final = 40


class Tier(NamedTuple):
    """A class of sizes: the shorter side in pixels (``720p``), or a multiple of 1024 x 1024 (``2K``)."""

    side: int | None
    scale: float | None


def number(value: Any) -> float | None:
    """A finite number, also as text."""
    if isinstance(value, str):
        if len(value) > _LONGEST or "_" in value:
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(value: Any) -> int | None:
    """A whole number, also as text or as ``5.0``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().removeprefix("-").isascii() and len(value) <= _LONGEST:
        digits = value.strip().removeprefix("-")
        if digits.isdigit():
            # YAML versions do not agree on what 0755 is.
            return int(value) if digits == "0" or digits[0] != "0" else None
    given = number(value)
    return int(given) if given is not None and given.is_integer() else None


def flag(value: Any) -> bool | None:
    """True or false, also as text."""
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "false": False}.get(text)


def text(value: Any) -> str | None:
    """A text; numbers and booleans stand for their own spelling."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def seconds(value: Any) -> float | None:
    """A number of seconds, with or without the ``s`` behind it."""
    if isinstance(value, str):
        stripped = value.strip().lower()
        value = stripped.removesuffix("s").rstrip() if stripped[:1].isdigit() else value
    return number(value)


def ratio(value: Any) -> Fraction | None:
    """Width to height; None also for what is wider or taller than 8:1."""
    return _ratio(value.strip()) if isinstance(value, str) else None


# The same few texts stand in all steps of a file, and fractions are slow to make.
@lru_cache(maxsize=256)
def _ratio(value: str) -> Fraction | None:
    found = _RATIO.fullmatch(value)
    if found is None:
        return None
    width, height = Fraction(found[1]), Fraction(found[2])
    if not width or not height:
        return None
    shape = width / height
    return shape if 1 / WIDEST <= shape <= WIDEST else None


def size(value: Any) -> tuple[int, int] | None:
    """Width and height in pixels: the name of a preset, ``WxH``, or a mapping with both."""
    if isinstance(value, dict):
        sides = whole(value.get("width")), whole(value.get("height"))
        return (sides[0], sides[1]) if sides[0] and sides[1] and value.keys() == {"width", "height"} else None
    if not isinstance(value, str):
        return None
    name = value.strip().lower()
    found = _SIZE.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else PRESETS.get(name)


def tier(value: Any) -> Tier | None:
    """``720p``, ``1080p``, ``hd`` … as the shorter side; ``0.5K``, ``1K``, ``2K``, ``4K`` as a multiple."""
    name = value.strip().lower() if isinstance(value, str) else ""
    if found := _SIDE.fullmatch(name):
        return Tier(int(found[1]), None)
    if found := _SCALE.fullmatch(name):
        return Tier(_SIDES.get(name), float(found[1])) if float(found[1]) else None
    return Tier(_SIDES[name], None) if name in _SIDES else None


def is_templated(value: Any) -> bool:
    """Whether a template still stands in a value, at any depth."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(is_templated(v) for v in value.values())
    return isinstance(value, list | tuple) and any(is_templated(v) for v in value)


def shown(value: Any) -> str:
    """A value as a message quotes it, cut short."""
    written = str(value).lower() if isinstance(value, bool) else repr(value)
    return written if len(written) <= _LONGEST else f"{written[: _LONGEST - 1]}…"
