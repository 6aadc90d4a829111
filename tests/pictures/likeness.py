"""Whether two pictures show the same: lay-out and colours are told, figures and what they move are not.

The bounds were found by measuring. Of pages, six pairs, each of two runs, some on a busy machine, differed
in up to 0.13 % of their blocks when the timeline was left out, and in up to 2.2 % with it. With text a
pixel larger or smaller it was 7 and 4 %, with paler text 4 %, with lines or margins a few pixels wider 14
to 24 %, with a page of pure white 60 %. Bars in another colour are found by ``lost_colours``, which has
nothing to say of the six. Of timelines, ten pairs had at least 99.6 % of their elements in common, and 93 %
when what is drawn was changed.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import reduce
from typing import Final

from PIL import Image, ImageChops

MOST_APART: Final = 0.01
"""The share of a page's blocks that may differ."""

LEAST_SHARED: Final = 0.97
"""The share of a timeline's elements that have to be the same."""

# Pixels of a side that become one: about a line of text, so that what the text says is hardly seen.
_BLOCK: Final = 16
# Levels of 256 by which a block differs when it is seen to.
_SEEN: Final = 8
# Shares of the pixels: of the first, a colour has to be in the other picture too; there the second is enough.
_MUCH, _SOME = 0.004, 0.001
# Levels that a colour may be off where pictures were decoded or scaled by another library.
_NEAR: Final = 6

_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?%?")
_ELEMENT: Final = re.compile(r"<[^>]*>[^<]*")

Colour = tuple[int, ...]
Box = tuple[int, int, int, int]


def difference(one: Image.Image, other: Image.Image, but: Box | None = None) -> float:
    """The share of blocks that look different, from 0 to 1; 1 where the sizes are not about the same.

    ``but``: a place that is left out, as left, top, right and bottom in pixels.
    """
    if one.width != other.width or abs(one.height - other.height) > _BLOCK:
        return 1.0
    size = one.width // _BLOCK, min(one.height, other.height) // _BLOCK
    apart = ImageChops.difference(_small(one, size), _small(other, size)).split()
    looked_at = Image.new("1", size, 1)
    if but:
        left, top, right, bottom = but
        looked_at.paste(0, (left // _BLOCK, top // _BLOCK, -(-right // _BLOCK), -(-bottom // _BLOCK)))
    counts = reduce(ImageChops.lighter, apart).histogram(looked_at)
    return sum(counts[_SEEN:]) / sum(counts)


def lost_colours(one: Image.Image, other: Image.Image) -> set[Colour]:
    """What is much of one picture and not in the other, as red, green and blue."""
    shares = [_shares(picture) for picture in (one, other)]
    lost: set[Colour] = set()
    for here, there in (shares, shares[::-1]):
        found = [colour for colour, share in there.items() if share >= _SOME]
        lost |= {c for c, share in here.items() if share >= _MUCH and not any(_is_near(c, f) for f in found)}
    return lost


def shared(one: str, other: str) -> float:
    """The share of elements that two timelines have in common, whatever the figures; 0 for other styles."""
    (style, elements), (other_style, other_elements) = _parts(one), _parts(other)
    return SequenceMatcher(None, elements, other_elements, autojunk=False).ratio() * (style == other_style)


def _parts(timeline: str) -> tuple[str, list[str]]:
    _, _, behind = timeline.partition("<style>")
    style, _, drawn = behind.partition("</style>")
    return style, [_FIGURE.sub("0", element) for element in _ELEMENT.findall(drawn)]


def _small(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    whole = picture.convert("RGB").crop((0, 0, size[0] * _BLOCK, size[1] * _BLOCK))
    return whole.resize(size, Image.Resampling.BOX)


def _shares(picture: Image.Image) -> dict[Colour, float]:
    counts: list[tuple[int, Colour]] = picture.convert("RGB").getcolors(1 << 24)  # type: ignore[assignment]
    whole = picture.width * picture.height
    return {colour: count / whole for count, colour in counts if count >= _SOME * whole}


def _is_near(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one, other, strict=True))
