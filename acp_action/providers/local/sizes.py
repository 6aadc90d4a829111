"""How large a picture or video is made: as asked for, else as the model would make it."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import FatalError
from acp_action.providers.local.vocabulary import LONGEST_SIDE, SHORTEST_SIDE
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.catalogue.models import Model
    from acp_action.providers.params.values import Tier

Size = tuple[int, int]

_SQUARE: Final[Size] = (1024, 1024)
_WIDE: Final = Fraction(16, 9)
_VIDEO_SIDE: Final = 720
# The size words of seedream3, as the shorter or longer side that they stand for.
_SIZE_WORDS: Final[Mapping[str, float]] = {"small": 0.5, "regular": 1.0, "big": 2.0}


def picture_size(model: Model, params: Mapping[str, Any]) -> Size:
    """Width and height in pixels, multiples of 8. Raises FatalError for what is too large to draw."""
    width, height = values.whole(params.get("width")), values.whole(params.get("height"))
    if width and height:
        return _snapped(width, height, 8)
    exact = values.size(params.get("image_size")) or values.size(params.get("size"))
    if exact:
        return _snapped(*exact, 8)
    shape = values.ratio(params.get("aspect_ratio"))
    if width or height:
        return _snapped(*_completed(width, height, shape or Fraction(*_default_size(model))), 8)
    tier = values.tier(params.get("resolution")) or _word_tier(params)
    if shape is None and tier is None:
        return _default_size(model)
    return _shaped(model, shape, tier)


def video_size(model: Model, params: Mapping[str, Any], source: Size | None) -> Size:
    """Width and height in pixels, even. ``source``: the picture it starts from, whose shape it keeps.

    Raises FatalError for what is too large to draw.
    """
    width, height = values.whole(params.get("width")), values.whole(params.get("height"))
    if width and height:
        return _snapped(width, height, 2)
    shape = values.ratio(params.get("aspect_ratio"))
    if shape is None and source is None:
        shape = values.ratio(_default(model, "aspect_ratio"))
    shape = shape or (Fraction(*source) if source else _WIDE)
    if width or height:
        return _snapped(*_completed(width, height, shape), 2)
    tier = values.tier(params.get("resolution")) or values.tier(_default(model, "resolution"))
    return even_frame(shape, (tier and tier.side) or _VIDEO_SIDE)


def video_seconds(model: Model, params: Mapping[str, Any]) -> float:
    """The asked length in seconds, else the model's own, else 5."""
    return values.seconds(params.get("duration")) or values.seconds(_default(model, "duration")) or 5.0


def fitted(size: Size, longest: int) -> Size:
    """A size scaled down to a longest side, never up; at least one pixel a side."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _default(model: Model, name: str) -> Any:
    """What the model uses for a parameter that is not given: its schema first, then the older reference."""
    own = next((p.default for p in model.params if p.name == name), None)
    if own not in (None, "auto"):
        return own
    reference = model.entry.get("reference") or {}
    default = reference.get("defaults", {}).get(name)
    listed = reference.get(f"{name}s") or (None,)
    return listed[0] if default in (None, "auto") else default


def _default_size(model: Model) -> Size:
    params = {p.name: p for p in model.params}
    for name in ("image_size", "size"):
        size = values.size(params[name].default) if name in params else None
        if size:
            return size
    shape = (
        values.ratio(_default(model, "aspect_ratio")) if "size" not in params or "width" in params else None
    )
    return _shaped(model, shape, None) if shape else _SQUARE


def _shaped(model: Model, shape: Fraction | None, tier: Tier | None) -> Size:
    """The size of a ratio and a resolution, as the model's family makes it."""
    aspect = model.entry.get("aspect") or {}
    own = next((p for p in model.params if p.name == "resolution"), None)
    tier = tier or values.tier(own.default if own else None)
    shape = shape or Fraction(*_default_size(model))
    for ratio, name in aspect.get("map", {}).items():
        mapped = values.size(name)
        if mapped and tier is None and values.ratio(ratio) == shape:
            return mapped
    if tier and tier.side and not tier.scale:
        short = tier.side
        return _limited(*(short * shape, short) if shape >= 1 else (short, short / shape))
    if tier or aspect.get("param") == "aspect_ratio":
        # These families keep the area and move the sides.
        side = 1024 * (tier.scale if tier and tier.scale else 1)
        return _limited(side * sqrt(shape), side / sqrt(shape))
    return _limited(*(1024, 1024 / shape) if shape >= 1 else (1024 * shape, 1024))


def _word_tier(params: Mapping[str, Any]) -> Tier | None:
    scale = _SIZE_WORDS.get(str(params.get("size")).lower())
    return values.Tier(None, scale) if scale else None


def _completed(width: int | None, height: int | None, shape: Fraction) -> Size:
    if width:
        return width, height or round(width / shape)
    return round((height or 0) * shape), height or 0


def even_frame(shape: Fraction, short: int) -> Size:
    """The frame of a shape (width to height) and a shorter side in pixels; both sides even."""
    # Beyond 21:9 the longer side stays and the shorter gives way, so that no frame grows without end.
    longest = min(short * 21 / 9, LONGEST_SIDE)
    width, height = (short * shape, short) if shape >= 1 else (short, short / shape)
    scale = min(1.0, longest / max(width, height))
    return _even(width * scale), _even(height * scale)


def _even(side: float | Fraction) -> int:
    return max(SHORTEST_SIDE, round(float(side) / 2) * 2)


def _limited(width: float | Fraction, height: float | Fraction) -> Size:
    """A derived size, kept below the longest side: nobody named these pixels."""
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return _snapped(float(width) * scale, float(height) * scale, 8)


def _snapped(width: float, height: float, step: int) -> Size:
    size = max(SHORTEST_SIDE, round(width / step) * step), max(SHORTEST_SIDE, round(height / step) * step)
    if max(size) > LONGEST_SIDE:
        raise FatalError(
            f"{width:g}x{height:g} pixels are too many to draw here; keep both sides below {LONGEST_SIDE + 1}"
        )
    return size
