"""Which parameters a step may have at the embedded provider, and what is wrong with those it has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from acp_action.artifacts import SINGULAR
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.errors import did_you_mean
from acp_action.providers.base import Complaint
from acp_action.providers.params import values
from acp_action.providers.params.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model, Param
    from acp_action.catalogue.step_types import StepType

LONGEST_SIDE: Final = 4096
"""The longest side of a picture or video that is drawn here, in pixels."""
SHORTEST_SIDE: Final = 16
LONGEST_VIDEO: Final = 120.0
"""The longest video that is drawn here, in seconds."""

TEXTS: Final = ("prompt", "text", "question")
BEHAVIOUR: Final[Mapping[str, Spec]] = {
    "delay": Spec("seconds", 0, 86_400, used=True),
    "fail": Spec("flag", used=True),
    "transient": Spec("whole", 0, 1000, used=True),
    "refuse": Spec("whole", 0, 1000, used=True),
    "retry_after": Spec("seconds", 0, 86_400, used=True),
}
"""How an attempt shall go, so that retries, limits and timings can be shown without a network."""

_SIDE = Spec("whole", SHORTEST_SIDE, LONGEST_SIDE, used=True)
_SIZE = Spec("size", SHORTEST_SIDE, LONGEST_SIDE, words=("auto",), used=True)
_RATIO = Spec("ratio", words=("auto", "custom", "match_input"), used=True)
_TIER = Spec("tier", words=("auto",), used=True)
_SEED = Spec("whole", used=True)
_FORMAT = Spec("choice", choices=("png", "jpeg", "webp"), words=("jpg",), used=True)
_FACTOR = Spec("number", 1, 4, used=True)
_COUNT = Spec("whole", 1, 16, used=True)

_DRAWN = {"width": _SIDE, "height": _SIDE, "image_size": _SIZE, "size": _SIZE,
          "aspect_ratio": _RATIO, "resolution": _TIER, "output_format": _FORMAT, "seed": _SEED}  # fmt: skip
_FILMED = {
    "duration": Spec("seconds", 0.1, LONGEST_VIDEO, used=True),
    "fps": Spec("number", 1, 60, used=True),
    "width": _SIDE, "height": _SIDE, "aspect_ratio": _RATIO, "resolution": _TIER, "seed": _SEED,
}  # fmt: skip
_UPSCALED = {"upscale_factor": _FACTOR, "scale": _FACTOR, "output_format": _FORMAT}
_COMMON: Final[Mapping[str, Mapping[str, Spec]]] = {
    "text_to_image": _DRAWN,
    "image_to_image": {"aspect_ratio": _RATIO, "output_format": _FORMAT, "seed": _SEED},
    "image_to_video": _FILMED,
    "text_to_video": _FILMED,
    "text_to_speech": {
        "speed": Spec("number", 0.5, 2, used=True),
        "language_code": Spec("text", used=True),
        "engine": Spec("choice", choices=("auto", "espeak-ng", "tones"), used=True),
    },
    "analyze_image": {},
    "generate_prompt": {},
    "split_image": {"rows": _COUNT, "cols": _COUNT, "columns": _COUNT,
                    "grid": Spec("size", 1, 16, used=True), "output_format": _FORMAT},
    "concat_videos": {k: _FILMED[k] for k in ("width", "height", "aspect_ratio", "resolution", "fps")},
    "upscale_image": _UPSCALED,
}  # fmt: skip
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "text_to_speech": ("text", "prompt"),
    "analyze_image": ("prompt", "question"),
}
# What the embedded provider acts on although it is the model's own, by its dotted name.
_ACTED_ON: Final = frozenset(
    {
        "voice_settings.speed",
        "generationConfig.responseMimeType",
        "resolution_mode",
        "camera_fixed",
        "style",
        "length",
    }
)
# Pairs that say one thing twice; the first of them is a size only where it reads as one.
_RIVALS: Final = (
    ("image_size", "size"), ("image_size", "width"), ("image_size", "height"), ("image_size", "aspect_ratio"),
    ("image_size", "resolution"), ("size", "width"), ("size", "height"), ("size", "aspect_ratio"),
    ("size", "resolution"), ("grid", "rows"), ("grid", "cols"), ("grid", "columns"), ("cols", "columns"),
    ("upscale_factor", "scale"), ("aspect_ratio", "resolution_mode"), ("text", "prompt"),
    ("prompt", "question"),
)  # fmt: skip
_SHOWN: Final = 12

_known: dict[tuple[str, str, str], tuple[Model, Mapping[str, Spec]]] = {}


def vocabulary(step_type: str, model: Model) -> Mapping[str, Spec]:
    """Every parameter that a step of this type and model may have here.

    The model's own names count for previews too: a file that is tried out here runs there unchanged.
    """
    key = (step_type, model.key, model.provider)
    known = _known.get(key)
    if known is None or known[0] is not model:
        # Two threads may both make it; they make the same, and either may stay.
        known = _known[key] = (model, _vocabulary(step_type, model))
    return known[1]


def complaints(step_type: str, model: Model, params: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    """What is wrong with these parameters; values with templates in them are passed over."""
    known = vocabulary(step_type, model)
    for name, value in params.items():
        spec = known.get(name)
        if spec is None:
            yield _unknown(step_type, name, known)
        else:
            yield from spec.complaints(name, value, name)
    if len(params) > 1:
        yield from _contradictions(params)
    if "retry_after" in params and "refuse" not in params:
        yield Complaint("retry_after has no meaning without refuse", "add refuse: 1", "retry_after")


def ignored(step_type: str, model: Model, params: Mapping[str, JsonValue]) -> list[str]:
    """The given parameters that mean nothing here, in order."""
    known = vocabulary(step_type, model)
    return [name for name in params if name in known and not known[name].used]


def _vocabulary(step_type: str, model: Model) -> dict[str, Spec]:
    kind = STEP_TYPES[step_type]
    texts = _TEXTS.get(step_type, (kind.text_param,)) if kind.text != "none" else ()
    ports = {name: Spec("text", used=True) for name in texts}
    ports |= dict.fromkeys(_media_names(kind), Spec(used=True))
    found = {**ports, **_COMMON[step_type], **(_UPSCALED if model.task == "upscale" else {})}
    for param in (*model.inputs, *model.params):
        if param.name not in ports and param.name not in TEXTS:
            _add(found, param)
    found |= dict.fromkeys(_media_fields(kind, model), Spec(misplaced=_media_way(kind)))
    return {**found, **BEHAVIOUR}


def _media_names(kind: StepType) -> tuple[str, ...]:
    if kind.media is None:
        return ()
    one = SINGULAR[kind.media]
    return (one,) if one == kind.media else (one, kind.media)


def _media_fields(kind: StepType, model: Model) -> tuple[str, ...]:
    """What services call the media that a step is made from; here that comes in by its port."""
    if kind.media is None:
        return ()
    one = SINGULAR[kind.media]
    own = (p.name for p in model.inputs if p.required and p.kind == one and p.name != one)
    return (f"{one}_url", f"{one}_path", *own)


def _media_way(kind: StepType) -> str:
    return f"use input_from with a step's name, or params.{kind.media_param} with a file"


def _add(found: dict[str, Spec], param: Param) -> None:
    group, dot, member = param.name.partition(".")
    spec = Spec.of(param, found.get(param.name), used=param.name in _ACTED_ON)
    found[param.name] = spec
    if dot:
        held = found.get(group, Spec("object"))
        found[group] = replace(held, members={**held.members, member: spec}, used=held.used or spec.used)


def _unknown(step_type: str, name: str, known: Mapping[str, Spec]) -> Complaint:
    near = did_you_mean(str(name), known)
    takes = [key for key, spec in known.items() if key not in BEHAVIOUR and not spec.misplaced]
    more = f" and {len(takes) - _SHOWN} more" if len(takes) > _SHOWN else ""
    listed = f"{step_type} takes {', '.join(takes[:_SHOWN])}{more}" if takes else "leave it out"
    return Complaint(f"unknown parameter '{name}'", near or listed, str(name))


def _contradictions(params: Mapping[str, Any]) -> Iterator[Complaint]:
    for first, second in _RIVALS:
        if first not in params or second not in params:
            continue
        if first in ("image_size", "size") and values.size(params[first]) is None:
            continue
        if "auto" not in (params[first], params[second]):
            yield Complaint(f"{first} and {second} say the same thing twice", "keep one of them", second)
    if {"width", "height"} <= params.keys():
        for name in {"aspect_ratio", "resolution"} & params.keys():
            if values.ratio(params[name]) or values.tier(params[name]):
                yield Complaint(f"{name} has no meaning beside width and height", "keep one of them", name)
