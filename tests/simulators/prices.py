"""What the catalogue knows of an endpoint, as far as a simulator needs it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp_action.catalogue import models

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRESETS = {
    "square_hd": (1024, 1024), "square": (512, 512), "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024), "landscape_4_3": (1024, 768), "landscape_16_9": (1024, 576),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """One model: the kind of media it makes, the ``field`` of the answer it stands in, and what it costs.

    ``seconds``: that one job is expected to take.
    """

    endpoint: str
    kind: str
    field: str
    seconds: float
    amount: float
    per: str
    form: str
    size: str = ""

    def price(self, body: Mapping[str, Any]) -> float:
        """USD for a request; an unknown price counts as 0.01."""
        return self.amount * self._units(body)

    def _units(self, body: Mapping[str, Any]) -> float:
        images = int(body.get("num_images") or body.get("n") or 1)
        if self.per == "megapixel":
            width, height = size_of(body, self.size)
            return math.ceil(width * height / 1e6) * images
        if self.per == "character":
            return len(str(body.get("text") or body.get("prompt") or ""))
        return {"image": float(images), "second": seconds_of(body)}.get(self.per, 1.0)


def seconds_of(body: Mapping[str, Any], default: float = 5.0) -> float:
    """The length of a clip that a request asks for: 5, "5" and "5s" are the same."""
    try:
        return float(str(body.get("duration") or default).removesuffix("s"))
    except ValueError:
        return default


def size_of(body: Mapping[str, Any], default: str = "") -> tuple[int, int]:
    """The pixels that a request asks for; ``default``: the preset of the model."""
    size = body.get("image_size")
    if size is None and "aspect_ratio" not in body:
        size = default
    if isinstance(size, dict):
        return int(size["width"]), int(size["height"])
    if "width" in body and "height" in body:
        return int(body["width"]), int(body["height"])
    shape = _PRESETS.get(str(size))
    return shape or {"16:9": (1024, 576), "9:16": (576, 1024), "4:3": (1024, 768), "3:4": (768, 1024)}.get(
        str(body.get("aspect_ratio")), (1024, 1024)
    )


@cache
def _products() -> dict[tuple[str, str], Product]:
    records = json.loads((Path(models.__file__).parent / "models.json").read_bytes())["models"]
    found: dict[tuple[str, str], Product] = {}
    for record in records:
        for endpoint in (record.get("endpoint"), *record.get("other_endpoints", ())):
            if endpoint:
                found.setdefault((record["provider"], endpoint), _product(record, endpoint))
    return found


def _product(record: Mapping[str, Any], endpoint: str) -> Product:
    params = {param["name"]: param for param in record["params"]}
    price = record["price"]
    return Product(
        endpoint=endpoint,
        kind=record["output"]["kind"],
        field=record["output"].get("field", ""),
        seconds=record.get("estimate", {}).get("seconds") or 5.0,
        amount=0.01 if price["amount"] is None else price["amount"],
        per=price["per"],
        form=params.get("output_format", {}).get("default") or "",
        size=params.get("image_size", {}).get("default") or "",
    )


def product(provider: str, endpoint: str) -> Product | None:
    """The catalogue's entry for an endpoint; None when it has none."""
    return _products().get((provider, endpoint))
