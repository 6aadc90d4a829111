"""What a step may say to a model of a service: the names it may use, and the field each one sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acp_action.artifacts import SINGULAR
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.providers.params.fields import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.catalogue.models import Model, Param

# The names under which a file may give the text of a step.
TEXTS: Final = ("prompt", "text", "question")
# Other words for one field, for models that have only the second.
_SYNONYMS: Final = (
    ("scale", "upscale_factor"),
    ("image_size", "size"),
    ("size", "image_size"),
    ("num_images", "n"),
    ("n", "num_images"),
)
# Where several inputs could take the step's media and none has to be there.
_LIKELY_PORTS: Final = ("start_image_url", "image_url", "image_urls", "image", "video_url", "video_urls")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All that can be said to one model in one type of step.

    ``fields``: by every name that a file may use for them; ``groups``: the objects that dotted fields form,
    each with its members' short names. ``text``: the field that carries the text, None where there is none.
    ``port``: the field that carries the step's media. ``required``: fields that must be sent.
    """

    model: Model
    fields: Mapping[str, Field]
    groups: Mapping[str, Mapping[str, Field]]
    text: Param | None
    port: Param | None
    required: tuple[Param, ...]

    def own(self, name: str) -> Field | None:
        """The model's field of exactly this name."""
        field = self.fields.get(name)
        return field if field is not None and field.name == name else None


_known: dict[tuple[str, str, str], Vocabulary] = {}


def vocabulary(step_type: str, model: Model) -> Vocabulary:
    """What can be said to this model; made once."""
    key = (step_type, model.key, model.provider)
    known = _known.get(key)
    if known is None or known.model is not model:
        # Two threads may both make it; they make the same, and either may stay.
        known = _known[key] = _vocabulary(step_type, model)
    return known


def _vocabulary(step_type: str, model: Model) -> Vocabulary:
    text, port = text_input(model), media_port(step_type, model)
    taken = {p.name for p in (text, port) if p is not None}
    params = [p for p in (*model.inputs, *model.params) if p.name not in taken]
    fields = {p.name: Field.of(p) for p in params}
    groups: dict[str, dict[str, Field]] = {}
    for name, field in list(fields.items()):
        group, dot, short = name.partition(".")
        if dot:
            groups.setdefault(group, {})[short] = field
            fields.setdefault(short, field)
    for word, name in _SYNONYMS:
        if name in fields and word not in fields and "." not in name:
            fields[word] = fields[name]
    return Vocabulary(model, fields, groups, text, port, tuple(p for p in params if p.required))


def text_input(model: Model) -> Param | None:
    """The field that carries a model's text."""
    return next((p for p in model.inputs if p.kind == "text"), None)


def media_port(step_type: str, model: Model) -> Param | None:
    """The field that carries the media a step is made from: what is required, else what is likeliest."""
    wanted = STEP_TYPES[step_type].media if step_type in STEP_TYPES else None
    if wanted is None:
        return None
    fitting = [p for p in model.inputs if p.kind == SINGULAR[wanted]]

    def rank(param: Param) -> tuple[bool, int]:
        name = param.name
        return not param.required, _LIKELY_PORTS.index(name) if name in _LIKELY_PORTS else len(_LIKELY_PORTS)

    return min(fitting, key=rank, default=None)


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with dotted names as the objects they stand for.

    >>> nested({"seed": 1, "voice_settings.speed": 1.1})
    {'seed': 1, 'voice_settings': {'speed': 1.1}}
    """
    made: dict[str, Any] = {}
    for name, value in fields.items():
        *groups, last = name.split(".")
        place = made
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return made
