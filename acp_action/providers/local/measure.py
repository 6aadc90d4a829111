"""Facts about a picture that can be measured: its file, its colours, its light, its sharpness, its layout."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isclose
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from acp_action.providers.local.colors import Rgb, nearest_name
from acp_action.providers.local.pixels import flattened, loaded, told_by
from acp_action.providers.local.sizes import fitted
from acp_action.providers.media.pictures import opened, room_for

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Token

# What everything but the size is measured at, so that large and small pictures can be compared.
_MEASURED_AT: Final = 1024
_COLORS_AT: Final = 160
_PALETTE: Final = 16
_LEAST_SHARE: Final = 0.02
_MOST_COLORS: Final = 6
_EDGE: Final = 40
_RATIOS: Final = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (2, 1), (21, 9))
_LAPLACIAN: Final = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


@dataclass(frozen=True, slots=True)
class Region:
    """A colour of the picture: its name, its share, and where its middle lies; all from 0 to 1."""

    name: str
    share: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured.

    ``brightness``, ``contrast``, ``saturation``, ``detail`` and ``symmetry`` go from 0 to 100; ``contrast``
    is the standard deviation of the gray values, ``detail`` the share of pixels on an edge. ``sharpness``
    is the variance of the Laplacian, ``warmth`` red minus blue in per cent. ``thirds``: brightness of the
    nine fields, row by row. ``stored``: what the file tells of itself, by name.
    """

    file: str
    format: str
    bytes: int
    width: int
    height: int
    transparent: bool
    colors: tuple[Region, ...]
    brightness: float
    contrast: float
    saturation: float
    warmth: float
    sharpness: float
    detail: float
    symmetry: float
    thirds: tuple[float, ...]
    stored: dict[str, str]

    @property
    def megapixels(self) -> float:
        """Millions of pixels."""
        return self.width * self.height / 1_000_000

    @property
    def orientation(self) -> str:
        """``landscape``, ``portrait`` or ``square``."""
        if self.width == self.height:
            return "square"
        return "landscape" if self.width > self.height else "portrait"

    @property
    def aspect(self) -> str:
        """The nearest common ratio, as ``16:9``; else the plain quotient."""
        long, short = max(self.width, self.height), min(self.width, self.height)
        for wide, tall in _RATIOS:
            if isclose(long / short, wide / tall, rel_tol=0.015):
                return f"{wide}:{tall}" if self.width >= self.height else f"{tall}:{wide}"
        return f"{self.width / self.height:.2f}:1"

    def to_dict(self) -> dict[str, JsonValue]:
        """Everything as plain values, ready for JSON."""
        facts = asdict(self)
        facts["thirds"] = list(self.thirds)
        facts["colors"] = [asdict(region) for region in self.colors]
        return {
            **facts,
            "megapixels": round(self.megapixels, 2),
            "aspect": self.aspect,
            "orientation": self.orientation,
        }


def measure(path: Path, token: Token) -> Measurement:
    """Measure one picture. Raises FatalError for what is no picture or damaged."""
    with opened(path) as head:
        width, height = head.size
        stored = told_by(head)
    with room_for(width * height, token):
        picture, name = loaded(path, _MEASURED_AT)
    if (picture.width > picture.height) != (width > height):
        width, height = height, width  # it was turned upright by its own remark
    transparent = picture.mode == "RGBA"
    plain = flattened(picture)
    token.check()
    gray = plain.convert("L")
    light = ImageStat.Stat(gray)
    red, _, blue = ImageStat.Stat(plain).mean
    return Measurement(
        path.name, name, path.stat().st_size, width, height, transparent, _colors(plain),
        brightness=_percent(light.mean[0] / 255),
        contrast=_percent(light.stddev[0] / 127.5),
        saturation=_percent(ImageStat.Stat(plain.convert("HSV").getchannel("S")).mean[0] / 255),
        warmth=_percent((red - blue) / 255),
        sharpness=round(_sharpness(gray), 1),
        detail=_percent(_detail(gray)),
        symmetry=_percent(_symmetry(gray)),
        thirds=tuple(_percent(v / 255) for v in gray.resize((3, 3), Image.Resampling.BOX).tobytes()),
        stored=stored,
    )  # fmt: skip


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _sharpness(gray: Image.Image) -> float:
    # The filter leaves the outermost pixels as they are, which would count as edges.
    inner = (1, 1, max(2, gray.width - 1), max(2, gray.height - 1))
    return float(ImageStat.Stat(gray.filter(_LAPLACIAN).crop(inner)).var[0]) if min(gray.size) > 2 else 0.0


def _symmetry(gray: Image.Image) -> float:
    return 1 - ImageStat.Stat(ImageChops.difference(gray, ImageOps.mirror(gray))).mean[0] / 255


def _detail(gray: Image.Image) -> float:
    if min(gray.size) <= 2:
        return 0.0
    edges = gray.filter(ImageFilter.FIND_EDGES).crop((1, 1, gray.width - 1, gray.height - 1))
    counts = edges.histogram()
    return sum(counts[_EDGE:]) / max(1, sum(counts))


def _colors(picture: Image.Image) -> tuple[Region, ...]:
    """The main colours by name, the largest first; shades of one name count together."""
    small = picture.resize(fitted(picture.size, _COLORS_AT), Image.Resampling.BOX)
    indexed = small.quantize(_PALETTE, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = indexed.getpalette() or []
    total = small.width * small.height
    by_name: dict[str, list[Region]] = {}
    for index, count in enumerate(indexed.histogram()):
        if not count:
            continue
        place = 3 * index
        color: Rgb = (palette[place], palette[place + 1], palette[place + 2])
        x, y = _middle(indexed, index)
        by_name.setdefault(nearest_name(color), []).append(Region("", count / total, x, y))
    regions = [_together(name, parts) for name, parts in by_name.items()]
    regions.sort(key=lambda r: (-r.share, r.name))
    return tuple(r for r in regions if r.share >= _LEAST_SHARE)[:_MOST_COLORS]


def _together(name: str, parts: list[Region]) -> Region:
    share = sum(p.share for p in parts)
    x, y = (sum(p.share * v for p, v in zip(parts, vs, strict=True)) / share
            for vs in ([p.x for p in parts], [p.y for p in parts]))  # fmt: skip
    return Region(name, round(share, 3), round(x, 2), round(y, 2))


def _middle(indexed: Image.Image, index: int) -> tuple[float, float]:
    """Where the pixels of one palette entry lie, on average, as shares of width and height."""
    mask = indexed.point([255 * (i == index) for i in range(256)], "L")
    columns = mask.resize((mask.width, 1), Image.Resampling.BOX).tobytes()
    rows = mask.resize((1, mask.height), Image.Resampling.BOX).tobytes()
    return _balance(columns), _balance(rows)


def _balance(weights: bytes) -> float:
    total = sum(weights)
    if not total:
        return 0.5
    return sum(w * (i + 0.5) for i, w in enumerate(weights)) / total / len(weights)
