"""What one job of a model may cost, from the catalogue's facts: an upper estimate in USD."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.catalogue.models import Model

PRESETS: Final[Mapping[str, tuple[int, int]]] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""Sizes that have names: width and height in pixels, as the catalogue's ``schemas`` give them."""

LEAST_PRICE: Final = 0.0001
"""USD; less is told as less than this."""

_SIZE: Final = re.compile(r"(\d+)x(\d+)")
_SECONDS: Final = re.compile(r"(\d+(?:\.\d+)?)s?")


def usd(amount: float) -> str:
    """An amount of money, with as many decimals as a price needs.

    >>> usd(3.0), usd(0.075), usd(0.0011), usd(1234.5), usd(0.00002)
    ('3.00 USD', '0.075 USD', '0.0011 USD', '1,234.50 USD', 'under 0.0001 USD')
    """
    if 0 < amount < LEAST_PRICE:
        return f"under {LEAST_PRICE} USD"
    whole, _, part = f"{amount:,.4f}".partition(".")
    return f"{whole}.{part.rstrip('0'):0<2} USD"


def estimate(model: Model, fields: Mapping[str, Any], text: str | None = None) -> float | None:
    """What a job costs at most, None when that is not known; never 0 for want of knowledge.

    ``fields``: the request's fields by the catalogue's names, as far as they are set; ``text``: the prompt or
    the text to speak. Of several prices that are said of one model the highest counts (``also_seen``).
    """
    price = model.entry.get("price", {})
    said = [(_amount(model, price, fields), price.get("per", ""))]
    if said[0][0] is not None:
        said += [(seen["amount"], seen["per"]) for seen in price.get("also_seen", ())]
    costs = [cost for amount, per in said if (cost := _cost(amount, per, model, fields, text)) is not None]
    return max(costs, default=None)


def _amount(model: Model, price: Mapping[str, Any], fields: Mapping[str, Any]) -> float | None:
    """The price of a unit: of the variants that these fields leave possible the dearest."""
    possible = [v["amount"] for v in price.get("variants", ()) if _possible(model, v["when"], fields)]
    amount: float | None = max(possible, default=price.get("amount"))
    return amount


def _possible(model: Model, when: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether a variant may apply: what is not sent has its default, and without one may be anything."""
    known = {p.name: p.default for p in model.params}
    for name, wanted in when.items():
        if name not in known:
            return False  # nothing that a request could ask for
        value = fields.get(name, known[name])
        choices = str(wanted).split(" or ")
        if value is not None and str(value) not in choices:
            return False
    return True


def _cost(
    amount: float | None, per: str, model: Model, fields: Mapping[str, Any], text: str | None
) -> float | None:
    """Price times number of units; None where its number is not known."""
    if amount is None or not math.isfinite(amount) or amount < 0:
        return None
    match per.split(" ")[0]:
        case "image":
            units: float | None = _count(fields)
        case "megapixel":
            pixels = _pixels(model, fields)
            units = None if pixels is None else math.ceil(pixels / 1_000_000) * _count(fields)
        case "second" if per == "second":
            units = _seconds(model, fields)
        case "character":
            units = None if text is None else len(text)
        case "video" | "request":
            units = 1
        case _:
            units = None  # tokens, seconds of a processor, minutes of a file that nobody has measured
    return None if units is None else amount * units


def _count(fields: Mapping[str, Any]) -> int:
    return next((n for name in ("num_images", "n") if isinstance(n := fields.get(name), int)), 1)


def _pixels(model: Model, fields: Mapping[str, Any]) -> float | None:
    """The picture's size; what follows its input or a shape is taken for a megapixel."""
    for name in ("image_size", "size"):
        asked = fields.get(name, _default(model, name))
        if isinstance(asked, dict):
            return float(asked.get("width", 0)) * float(asked.get("height", 0)) or None
        if isinstance(asked, str):
            found = _SIZE.fullmatch(asked)
            size = PRESETS.get(asked) or (found and (int(found[1]), int(found[2])))
            return float(size[0] * size[1]) if size else None
    return 1_000_000.0


def _seconds(model: Model, fields: Mapping[str, Any]) -> float | None:
    """The length of the film; without a word about it the longest that the model makes."""
    asked = fields.get("duration", _default(model, "duration"))
    found = _SECONDS.fullmatch(str(asked))
    if found:
        return float(found[1])
    longest = model.entry.get("reference", {}).get("max_seconds")
    return None if longest is None else float(longest)


def _default(model: Model, name: str) -> Any:
    return next((p.default for p in model.params if p.name == name), None)
