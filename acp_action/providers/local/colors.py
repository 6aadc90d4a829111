"""Colours: their plain names, the nearest name of any colour, the colours a prompt names, mixing them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Rgb = tuple[int, int, int]

NAMED: Final[Mapping[str, Rgb]] = {
    "black": (0, 0, 0),
    "dark gray": (64, 64, 64),
    "gray": (128, 128, 128),
    "light gray": (200, 200, 200),
    "white": (255, 255, 255),
    "dark red": (128, 0, 0),
    "red": (230, 25, 30),
    "coral": (255, 127, 90),
    "pink": (255, 175, 195),
    "magenta": (225, 30, 150),
    "dark brown": (70, 42, 22),
    "brown": (140, 85, 40),
    "tan": (205, 170, 125),
    "beige": (240, 228, 205),
    "orange": (255, 140, 0),
    "gold": (225, 180, 40),
    "yellow": (255, 230, 25),
    "olive": (128, 128, 20),
    "lime": (150, 225, 40),
    "light green": (150, 220, 150),
    "green": (30, 150, 50),
    "dark green": (10, 75, 30),
    "teal": (0, 128, 128),
    "turquoise": (60, 210, 200),
    "cyan": (0, 230, 250),
    "light blue": (160, 205, 240),
    "blue": (25, 85, 220),
    "dark blue": (12, 30, 100),
    "slate blue": (100, 115, 150),
    "purple": (120, 40, 150),
    "violet": (165, 120, 230),
    "lavender": (220, 210, 245),
}
"""Plain names for the colours that pictures are made of."""

_SYNONYMS: Final[Mapping[str, str]] = {
    "crimson": "red", "scarlet": "red", "ruby": "red", "maroon": "dark red", "burgundy": "dark red",
    "azure": "light blue", "navy": "dark blue", "indigo": "dark blue", "sapphire": "blue", "emerald": "green",
    "golden": "gold", "amber": "orange", "bronze": "brown", "chocolate": "dark brown", "ivory": "beige",
    "cream": "beige", "silver": "light gray", "grey": "gray", "rose": "pink", "fuchsia": "magenta",
    "aqua": "turquoise", "jade": "green", "lilac": "lavender", "charcoal": "dark gray",
}  # fmt: skip
_MODIFIERS: Final = ("light", "dark", "slate")
_WORD: Final = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case and order."""
    return _WORD.findall(text.lower())


def by_word(meanings: Mapping[str, str]) -> dict[str, str]:
    """What each word means, from the words of each meaning in one text.

    >>> by_word({"sea": "ocean beach"})
    {'ocean': 'sea', 'beach': 'sea'}
    """
    return {word: meaning for meaning, words in meanings.items() for word in words.split()}


def colors_in(prompt: str) -> list[Rgb]:
    """The colours a prompt names, in order, each once."""
    words = words_of(prompt)
    found: dict[Rgb, None] = {}
    for before, word in zip(["", *words], words, strict=False):
        pair = f"{before} {_SYNONYMS.get(word, word)}" if before in _MODIFIERS else ""
        name = pair if pair in NAMED else _SYNONYMS.get(word, word)
        if name in NAMED:
            found[NAMED[name]] = None
    return list(found)


@lru_cache(maxsize=4096)
def nearest_name(color: Rgb) -> str:
    """The plain name of a colour, by distance as the eye sees it."""
    return min(_LABS, key=lambda name: _distance(_LABS[name], _lab(color)))


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """``one`` with a ``share`` (0 to 1) of ``other`` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(color: Rgb) -> float:
    """How bright a colour looks, 0 to 1."""
    red, green, blue = color
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def _lab(color: Rgb) -> tuple[float, float, float]:
    red, green, blue = (_linear(channel / 255) for channel in color)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (_root(v) for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _linear(channel: float) -> float:
    return float(((channel + 0.055) / 1.055) ** 2.4) if channel > 0.04045 else channel / 12.92


def _root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116


def _distance(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    # Lightness counts for less than hue: a shaded red is still called red.
    weights = (0.6, 1.0, 1.0)
    return sum(w * (a - b) ** 2 for w, a, b in zip(weights, one, other, strict=True))


_LABS: Final = {name: _lab(color) for name, color in NAMED.items()}
