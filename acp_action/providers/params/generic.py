"""Parameters that mean the same on every model: shape, size, duration, seed; put into a model's own words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from acp_action.catalogue.models import catalogue
from acp_action.providers.base import Complaint
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from fractions import Fraction

    from acp_action.catalogue.models import Model
    from acp_action.providers.params.fields import Field
    from acp_action.providers.params.vocabulary import Vocabulary

GENERIC: Final = ("aspect_ratio", "duration", "seed", "width", "height")
"""What a step may ask of any model; a model that cannot honour it says so."""

# A picture whose size is only given as a shape has about a megapixel, in steps that all models can draw.
_PIXELS: Final = 1024 * 1024
_STEP: Final = 16
_SHOWN: Final = 5


def mapped(name: str, params: Mapping[str, Any], known: Vocabulary) -> Mapping[str, Any] | Complaint:
    """The model's fields that a generic parameter sets, or why there is none.

    To be asked for parameters that the model does not have under this name itself, or that need others.
    """
    if values.is_templated(params[name]):
        return {}  # asked again when the templates are filled in
    return _MAPPINGS[name](params, known)


def _aspect(params: Mapping[str, Any], known: Vocabulary) -> Mapping[str, Any] | Complaint:
    value = params["aspect_ratio"]
    aspect = known.model.entry.get("aspect") or {}
    field = known.own(aspect.get("param", ""))
    if field is None:
        return _fixed_or_none("aspect_ratio", value, known, values.ratio, "takes its shape from its input")
    wanted = values.ratio(value)
    if wanted is None:
        mend = 'write a ratio in quotes, such as "16:9"'
        return Complaint(f"aspect_ratio: {values.shown(value)} is not a ratio", mend, "aspect_ratio")
    if "map" not in aspect:
        return _checked(field, "aspect_ratio", value)
    shapes = {values.ratio(ratio): size for ratio, size in aspect["map"].items()}
    if wanted in shapes:
        return {field.name: shapes[wanted]}
    if field.spec.form == "size" and not field.spec.choices:
        return {field.name: _pixels(wanted)}
    # Models with a few sizes only: the nearest shape they have.
    nearest = min(shapes, key=lambda shape: abs(math.log(shape / wanted)) if shape else math.inf)
    return {field.name: shapes[nearest]}


def _pixels(shape: Fraction) -> dict[str, int]:
    """Width and height of about a megapixel."""
    width = round(math.sqrt(_PIXELS * shape) / _STEP) * _STEP
    height = round(math.sqrt(_PIXELS / shape) / _STEP) * _STEP
    return {"width": width, "height": height}


def _size(params: Mapping[str, Any], known: Vocabulary) -> Mapping[str, Any] | Complaint:
    given = [name for name in ("width", "height") if name in params]
    if len(given) < 2:
        other = "height" if given == ["width"] else "width"
        return Complaint(f"{given[0]} without {other}", f"give {other} too", given[0])
    if any(values.is_templated(params[name]) for name in given):
        return {}
    width, height = (values.whole(params[name]) for name in given)
    if not width or not height or width < 1 or height < 1:
        return Complaint("width and height: not two whole numbers of pixels", "write 1024 and 768", "width")
    own = known.own("width"), known.own("height")
    if own[0] and own[1]:
        return _own_size(params, known, (own[0], own[1]), (width, height))
    field = known.own("image_size") or known.own("size")
    if field is None or field.spec.form != "size":
        instead = [name for name in ("aspect_ratio", "resolution") if name in known.fields]
        mend = f"it takes {' and '.join(instead)}" if instead else _others("width", known.model)
        return Complaint(f"width: {known.model.key} takes no size in pixels", mend, "width")
    return _checked(field, "width", {"width": width, "height": height}, f"{width}x{height}")


def _own_size(
    params: Mapping[str, Any], known: Vocabulary, own: tuple[Field, Field], size: tuple[int, int]
) -> Mapping[str, Any] | Complaint:
    """Models whose own fields are width and height; some look at them only when the shape is ``custom``."""
    said: dict[str, Any] = {}
    for field, side in zip(own, size, strict=True):
        made = _checked(field, field.name, side)
        if isinstance(made, Complaint):
            return made
        said.update(made)
    shape = known.own("aspect_ratio")
    if shape is None or "custom" not in shape.param.values:
        return said
    if params.get("aspect_ratio", "custom") != "custom":
        what = "aspect_ratio has no meaning beside width and height"
        return Complaint(what, "keep one of them", "aspect_ratio")
    return {**said, "aspect_ratio": "custom"}


def _duration(params: Mapping[str, Any], known: Vocabulary) -> Mapping[str, Any] | Complaint:
    return _fixed_or_none("duration", params["duration"], known, values.seconds, "")


def _seed(params: Mapping[str, Any], known: Vocabulary) -> Mapping[str, Any] | Complaint:  # noqa: ARG001
    return Complaint(f"seed: {known.model.key} takes no seed", _others("seed", known.model), "seed")


def _fixed_or_none(
    name: str, value: Any, known: Vocabulary, read: Callable[[Any], Any], why: str
) -> Mapping[str, Any] | Complaint:
    """For a model without a choice: fine when it is what the model does anyway."""
    fixed = known.model.entry.get("reference", {}).get(f"{name}s", ())
    makes_it_anew = not known.port
    if len(fixed) == 1 and makes_it_anew:
        if read(value) is not None and read(value) == read(fixed[0]):
            return {}
        return Complaint(
            f"{name}: {known.model.key} always makes {fixed[0]}",
            f"leave it out; {_others(name, known.model)}",
            name,
        )
    what = f"{name}: {known.model.key} takes no {name}" + (f"; it {why}" if why and known.port else "")
    return Complaint(what, _others(name, known.model), name)


def _others(name: str, model: Model) -> str:
    """The models of the same type that take a parameter."""
    wanted = {"width": ("image_size", "width", "size")}.get(name, (name,))

    def takes(other: Model) -> bool:
        aspect = name == "aspect_ratio" and "aspect" in other.entry
        return aspect or any(p.name in wanted for p in other.params)

    alive = (m for m in catalogue().models(model.type) if m.state in ("listed", "unknown"))
    names = [m.key for m in alive if takes(m) and m is not model][:_SHOWN]
    return f"models with one: {', '.join(names)}" if names else "leave it out"


def _checked(field: Field, name: str, value: Any, written: Any = None) -> Mapping[str, Any] | Complaint:
    problems: Iterator[Complaint] = field.complaints(name, value if written is None else written, name)
    return next(problems, None) or {field.name: field.encoded(value)}


_MAPPINGS: Final[Mapping[str, Callable[[Mapping[str, Any], Vocabulary], Mapping[str, Any] | Complaint]]] = {
    "aspect_ratio": _aspect,
    "duration": _duration,
    "seed": _seed,
    "width": _size,
    "height": _size,
}
