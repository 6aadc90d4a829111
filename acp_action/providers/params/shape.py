"""The shape of a picture that is made from another one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acp_action.artifacts import Output
from acp_action.providers.params import values

if TYPE_CHECKING:
    from acp_action.providers.base import Request
    from acp_action.providers.params.resolve import Fields


def shaped_like_input(request: Request, fields: Fields) -> Fields:
    """The fields, with a shape that has to be sent and that nobody set taken from the input picture.

    A model that must be told the shape would else cut every picture to its default.
    """
    required = next((p for p in request.model.params if p.name == "aspect_ratio" and p.required), None)
    size = _input_size(request)
    if required is None or "aspect_ratio" in fields.origins or size is None:
        return fields
    known = {ratio: read for ratio in required.values if (read := values.ratio(ratio))}
    nearest = min(known, key=lambda ratio: abs(math.log(float(known[ratio]) * size[1] / size[0])))
    return fields._replace(values={**fields.values, "aspect_ratio": nearest})


def _input_size(request: Request) -> tuple[float, float] | None:
    """Width and height of the first picture that the step is made from, where they were measured."""
    first = next((item for item in request.media if isinstance(item, Output)), None)
    if first is None or not first.files:
        return None
    width, height = (values.number(first.files[0].facts.get(side)) for side in ("width", "height"))
    return (width, height) if width and height and width > 0 and height > 0 else None
