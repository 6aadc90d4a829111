"""Whether two pictures of a page show the same page: lay-out and colours are told, figures are not.

The bounds were found by measuring. Six pairs of pictures of the same page, each of a run of its own, some on
a busy machine, differed in 1 to 2 % of their blocks. With text a pixel larger or smaller it was 7 and 9 %,
with lines or margins a few pixels wider 17 to 26 %, with a page of pure white 48 %. Bars in another colour
make 1 to 5 %: those are found by ``lost_colours``, which answers with nothing for all of the six.
"""

from __future__ import annotations

from functools import reduce
from typing import Final

from PIL import Image, ImageChops

BOUND: Final = 0.04
"""The share of blocks that may differ."""

# Pixels of a side that become one: about a line of text, so that what the text says is hardly seen.
_BLOCK: Final = 16
# Levels of 256 by which a block differs when it is seen to.
_SEEN: Final = 8
# Shares of the pixels: of the first, a colour has to be in the other picture too; there the second is enough.
_MUCH, _SOME = 0.004, 0.001
# Levels that a colour may be off where pictures were decoded or scaled by another library.
_NEAR: Final = 6

Colour = tuple[int, ...]


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of blocks that look different, from 0 to 1; 1 where the sizes are not about the same."""
    if one.width != other.width or abs(one.height - other.height) > _BLOCK:
        return 1.0
    size = one.width // _BLOCK, min(one.height, other.height) // _BLOCK
    apart = ImageChops.difference(_small(one, size), _small(other, size)).split()
    counts = reduce(ImageChops.lighter, apart).histogram()
    return sum(counts[_SEEN:]) / sum(counts)


def lost_colours(one: Image.Image, other: Image.Image) -> set[Colour]:
    """What is much of one picture and not in the other, as red, green and blue."""
    shares = [_shares(picture) for picture in (one, other)]
    lost: set[Colour] = set()
    for here, there in (shares, shares[::-1]):
        found = [colour for colour, share in there.items() if share >= _SOME]
        lost |= {c for c, share in here.items() if share >= _MUCH and not any(_is_near(c, f) for f in found)}
    return lost


def _small(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    whole = picture.convert("RGB").crop((0, 0, size[0] * _BLOCK, size[1] * _BLOCK))
    return whole.resize(size, Image.Resampling.BOX)


def _shares(picture: Image.Image) -> dict[Colour, float]:
    counts: list[tuple[int, Colour]] = picture.convert("RGB").getcolors(1 << 24)  # type: ignore[assignment]
    whole = picture.width * picture.height
    return {colour: count / whole for count, colour in counts if count >= _SOME * whole}


def _is_near(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one, other, strict=True))
