"""A step's parameters against its model: the request's fields, and everything that is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.errors import FatalError, did_you_mean
from acp_action.providers.base import Complaint
from acp_action.providers.params import values
from acp_action.providers.params.generic import GENERIC, mapped
from acp_action.providers.params.vocabulary import TEXTS, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.params.vocabulary import Vocabulary

# What only the embedded provider acts on.
_BEHAVIOUR: Final = ("delay", "fail", "transient", "refuse", "retry_after")
_SHOWN: Final = 12
SHOTS: Final = "multi_prompt"
"""Where a film's shots are told one by one, in place of its prompt."""


class Fields(NamedTuple):
    """What the parameters of a step come to.

    ``values``: the request's fields by their names in the catalogue (dots lead into objects; see
    ``vocabulary.nested``), without text and media. ``origins``: which parameter of the file set each of them.
    ``problems``: what is wrong; with any, ``values`` is not complete.
    """

    values: dict[str, Any]
    origins: dict[str, str]
    problems: tuple[Complaint, ...]

    def param_of(self, field: str) -> str | None:
        """The parameter of the file that set a field of the request, what it stands in, or what it holds."""
        related = (p for f, p in self.origins.items() if f"{field}.".startswith(f"{f}."))
        return next(related, None) or next(
            (p for f, p in self.origins.items() if f.startswith(f"{field}.")), None
        )


def resolve(step_type: str, model: Model, params: Mapping[str, JsonValue]) -> Fields:
    """The fields that parameters set, with every problem; values with templates in them are passed over."""
    return _Resolution(step_type, model, params).made()


def settled_fields(step_type: str, model: Model, params: Mapping[str, JsonValue]) -> Fields:
    """As ``resolve``, once all templates are filled in. Raises FatalError with all problems."""
    fields = resolve(step_type, model, params)
    if fields.problems:
        told = (f"{c.what}; {c.mend}" if c.mend else c.what for c in fields.problems)
        raise FatalError("params: " + "; ".join(told))
    return fields


class _Resolution:
    def __init__(self, step_type: str, model: Model, params: Mapping[str, Any]) -> None:
        self._type = step_type
        self._model = model
        self._params = params
        self._known = vocabulary(step_type, model)
        self._values: dict[str, Any] = {}
        self._origins: dict[str, str] = {}
        self._problems: list[Complaint] = []

    def made(self) -> Fields:
        texts = [name for name in self._params if name in self._text_names()]
        self._problems += _text_problems(self._known, self._params, texts)
        for name, value in self._params.items():
            if name not in texts:
                self._take(str(name), value)
        self._require()
        return Fields(self._values, self._origins, tuple(self._problems))

    def _text_names(self) -> tuple[str, ...]:
        own = (self._known.text.name,) if self._known.text else ()
        usual = STEP_TYPES[self._type].text_param if self._type in STEP_TYPES else "prompt"
        return tuple(dict.fromkeys((*own, usual, *(TEXTS if self._type == "analyze_image" else ()))))

    def _take(self, name: str, value: Any) -> None:
        known = self._known
        if name in ("width", "height") and (name == "width" or "width" not in self._params):
            self._say(name, mapped(name, self._params, known))
        elif name == "height":
            return  # said with the width
        elif name in known.fields:
            self._take_field(name, value)
        elif name in known.groups and isinstance(value, dict):
            self._take_group(name, value)
        elif name in GENERIC:
            self._say(name, mapped(name, self._params, known))
        else:
            self._problems.append(self._unknown(name))

    def _take_field(self, name: str, value: Any) -> None:
        field = self._known.fields[name]
        found = [*field.complaints(name, value, name), *_policy(name, field.name, value)]
        if found:
            self._problems += found
        elif values.is_templated(value):
            self._origins.setdefault(field.name, name)
        else:
            self._say(name, {field.name: field.encoded(value)})

    def _take_group(self, name: str, value: Mapping[str, Any]) -> None:
        members = self._known.groups[name]
        for key, member in value.items():
            field = members.get(key)
            if field is None:
                near = did_you_mean(str(key), members) or f"it holds: {', '.join(members)}"
                self._problems.append(Complaint(f"unknown parameter '{name}.{key}'", near, name))
                continue
            found = [*field.complaints(f"{name}.{key}", member, name)]
            self._problems += found
            if not found and not values.is_templated(member):
                self._say(f"{name}.{key}", {field.name: field.encoded(member)})

    def _say(self, name: str, said: Mapping[str, Any] | Complaint) -> None:
        if isinstance(said, Complaint):
            self._problems.append(said)
            return
        for field, value in said.items():
            before = self._origins.get(field)
            if before is not None and before != name and self._values.get(field) != value:
                what = f"{before} and {name} say the same thing twice"
                self._problems.append(Complaint(what, "keep one of them", name.partition(".")[0]))
            self._values[field] = value
            self._origins.setdefault(field, name)

    def _require(self) -> None:
        for param in self._known.required:
            if param.name in self._origins:
                continue
            send = self._model.entry.get("provider_model") if param.name == "model" else None
            send = next((v for v in (send, param.default, param.suggested) if v is not None), None)
            if send is not None:
                self._values[param.name] = send
            elif not any(c.param == param.name for c in self._problems):
                what = f"{self._model.key} needs {param.name}"
                self._problems.append(Complaint(what, _how_to_give(param.values), None))

    def _unknown(self, name: str) -> Complaint:
        known = self._known
        if known.port is not None and name in (known.port.name, "image_url", "image_path"):
            what = f"'{name}' is not taken as a parameter here"
            one = known.port.kind
            return Complaint(what, f"use input_from with a step's name, or params.{one} with a file", name)
        if name in TEXTS:
            own = known.text.name if known.text else ""
            mend = f"its text is called {own}" if own else "take it out"
            return Complaint(f"unknown parameter '{name}': {known.model.key} takes no {name}", mend, name)
        if name in _BEHAVIOUR:
            what = f"unknown parameter '{name}': only the embedded provider acts on it"
            return Complaint(
                what, f"take it out, or set provider: local ({known.model.provider} is real)", name
            )
        takes = dict.fromkeys((*self._text_names()[:1], *(f.name for f in known.fields.values())))
        words = (*takes, *known.fields, *known.groups, *(g for g in GENERIC if g not in takes))
        more = f" and {len(takes) - _SHOWN} more" if len(takes) > _SHOWN else ""
        listed = f"{known.model.key} takes {', '.join([*takes][:_SHOWN])}{more}"
        return Complaint(f"unknown parameter '{name}'", did_you_mean(name, words) or listed, name)


def _text_problems(known: Vocabulary, params: Mapping[str, Any], texts: list[str]) -> Iterator[Complaint]:
    if texts and SHOTS in params and SHOTS in known.fields:
        yield Complaint(f"{texts[0]} and {SHOTS} tell the film twice", "keep one of them", SHOTS)
    if len(texts) > 1:
        what = f"{texts[0]} and {texts[1]} say the same thing twice"
        yield Complaint(what, "keep one of them", texts[1])
    for name in texts:
        if known.text is None:
            yield Complaint(f"{name}: {known.model.key} takes no text", "take it out", name)
        elif isinstance(params[name], str) and not values.is_templated(params[name]):
            yield from text_complaints(known.model, params[name], name)


def text_complaints(model: Model, text: str, name: str) -> Iterator[Complaint]:
    """What is wrong with a text for this model: more of it than the model takes."""
    most = model.entry.get("max_chars")
    if most is not None and len(text) > most:
        what = f"{name}: {len(text):,} characters, but {model.key} takes {most:,}"
        yield Complaint(what, "shorten it, or make several steps of it", name)


def _policy(name: str, field: str, value: Any) -> Iterator[Complaint]:
    """What a service would take, and we would not know what to do with."""
    if (
        field in ("num_images", "n")
        and not values.is_templated(value)
        and values.whole(value) not in (1, None)
    ):
        what = f"{name}: a step makes one picture, and would pay for {values.shown(value)}"
        yield Complaint(what, "write one step for each, in a parallel_group, with seeds of their own", name)
    if field == "sync_mode" and values.flag(value):
        yield Complaint(
            "sync_mode: what is made so is not kept at the service, and a run that broke off would pay again",
            "leave it out",
            name,
        )


def _how_to_give(choices: tuple[str | int, ...]) -> str:
    return f"give it in params: one of {', '.join(map(str, choices))}" if choices else "give it in params"
