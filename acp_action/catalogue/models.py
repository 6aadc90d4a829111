"""The model catalogue: what each model is called, takes, makes and costs.

The facts stand in ``models.yaml``. ``models.json`` is generated from it, because reading it takes a fiftieth
of the time; a test holds the two together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp_action.catalogue.step_types import STEP_TYPES, canonical_type
from acp_action.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acp_action.artifacts import Kind

# A message names at most this many models to choose from.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Param:
    """A request field.

    ``type`` is one of str, int, float, bool, enum, int_enum, url, object, list[...] and a few that one
    provider alone has. ``default`` None: the service decides. ``values``: the allowed ones, empty for any.
    ``min``, ``max``: inclusive. ``kind``: for inputs, what the field carries (text, image, …).
    ``suggested``: what to send for a required field that nobody sets. ``max_items``: of a list.
    """

    name: str
    type: str
    required: bool = False
    default: Any = None
    values: tuple[str | int, ...] = ()
    min: float | None = None
    max: float | None = None
    kind: str = ""
    suggested: Any = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One model for one step type (canonical). ``key`` is unique with ``type``; equal only to itself.

    ``price``: USD per ``price_unit`` (image, second, …) at default settings, None when unknown.
    ``expected_seconds``: service time of one default job, None when unknown. ``state``: listed, not_listed,
    retiring, retired, or unknown where the provider has no list to check. ``task``: what the model is for
    within its type, where the type does not say it (``upscale``). ``entry``: the catalogue's whole record,
    for adapters.
    """

    key: str
    name: str
    type: str
    provider: str
    aliases: tuple[str, ...]
    makes: Kind
    inputs: tuple[Param, ...]
    params: tuple[Param, ...]
    price: float | None
    price_unit: str
    expected_seconds: float | None
    state: str
    entry: Mapping[str, Any]
    task: str = ""


class Catalogue:
    """All models, found by name together with the step type: one name may mean a model for each type."""

    def __init__(self, models: Iterable[Model], elsewhere: Mapping[str, str] | None = None) -> None:
        """``elsewhere``: names of known models that no step type can use yet, and what each is for."""
        self._models = tuple(models)
        self._elsewhere = dict(elsewhere or {})
        self._by_name: dict[tuple[str, str], Model] = {}
        for model in self._models:
            for name in (model.key, *model.aliases):
                self._add(name, model)

    def _add(self, name: str, model: Model) -> None:
        known = self._by_name.setdefault((name, model.type), model)
        if known is not model:
            raise ValueError(f"'{name}' names two models for {model.type}: {known.key} and {model.key}")

    def find(self, name: str, step_type: str) -> Model | None:
        """The model of this key or alias for the step type (or an alias of it), None when there is none."""
        return self._by_name.get((name, canonical_type(step_type)))

    def default_model(self, step_type: str) -> Model:
        """The model that a step of this type uses when it names none; KeyError for an unknown type."""
        kind = STEP_TYPES[canonical_type(step_type)]
        return self._by_name[kind.default_model, kind.name]

    def models(self, step_type: str | None = None) -> tuple[Model, ...]:
        """The models of one step type (or an alias of it), or all of them, in catalogue order."""
        if step_type is None:
            return self._models
        return tuple(m for m in self._models if m.type == canonical_type(step_type))

    def nearest(self, name: str, step_type: str) -> str:
        """What a person may have meant by a name that ``find`` did not find; empty when nothing is near."""
        wanted = canonical_type(step_type)
        types = [t for (known, t) in self._by_name if known == name and t != wanted]
        if not types and name in self._elsewhere:
            types = [self._elsewhere[name]]
        if types:
            return f"'{name}' makes {', '.join(types)}; for {wanted} try {self._examples(wanted)}"
        return did_you_mean(name, [known for (known, t) in self._by_name if t == wanted])

    def _examples(self, step_type: str) -> str:
        # The default first, then what is alive, in catalogue order; the embedded one is no stand-in here.
        first = self.default_model(step_type)
        alive = (m for m in self.models(step_type) if m.state in ("listed", "unknown") and m.key != "local")
        names = [STEP_TYPES[step_type].default_model, *(m.key for m in alive if m is not first)]
        return ", ".join(names[:_SHOWN])


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with the package, read once."""
    records = json.loads(Path(__file__).with_name("models.json").read_bytes())["models"]
    usable, elsewhere = [], {}
    for record in records:
        types = [canonical_type(t) for t in (record["type"], *record.get("also_types", ()))]
        usable += [_model(record, t) for t in types if t in STEP_TYPES]
        if types[0] not in STEP_TYPES:
            elsewhere[record["key"]] = types[0]
    return Catalogue(usable, elsewhere)


def _model(record: Mapping[str, Any], step_type: str) -> Model:
    price = record["price"]
    return Model(
        key=record["key"],
        name=record["name"],
        type=step_type,
        provider=record["provider"],
        aliases=tuple(record["aliases"]),
        makes=record["output"]["kind"],
        inputs=_params(record["inputs"]),
        params=_params(record["params"]),
        price=price["amount"],
        price_unit=price["per"],
        expected_seconds=record.get("estimate", {}).get("seconds"),
        state=record["status"]["state"],
        entry=record,
        task=record.get("task", ""),
    )


def _params(records: Iterable[Mapping[str, Any]]) -> tuple[Param, ...]:
    return tuple(
        Param(
            name=r["name"],
            type=r["type"],
            required=r.get("required", False),
            default=r.get("default"),
            values=tuple(r.get("values", ())),
            min=r.get("min"),
            max=r.get("max"),
            kind=r.get("kind", ""),
            suggested=r.get("suggested"),
            max_items=r.get("max_items"),
        )
        for r in records
    )
