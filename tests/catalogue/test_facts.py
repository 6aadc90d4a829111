"""The facts of the catalogue agree with each other, with the step types and with the generated file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from acp_action.catalogue import generate
from acp_action.catalogue.models import Model, Param, catalogue
from acp_action.catalogue.step_types import STEP_TYPES

if TYPE_CHECKING:
    from pathlib import Path

MODELS = catalogue().models()
STATES = {"listed", "not_listed", "retiring", "retired", "unknown"}
PLAIN = {"bool": bool, "int": int, "float": float, "str": str}


def name_of(model: Model) -> str:
    """A test's id: the model with its type."""
    return f"{model.key}-{model.type}"


def test_generated_file_is_current() -> None:
    """models.json is what models.yaml says."""
    wanted = generate.compile_catalogue(generate.SOURCE.read_text(encoding="utf-8"))
    assert generate.TARGET.read_text(encoding="utf-8") == wanted


def test_check_notices_a_stale_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--check`` ends with the command that mends it; writing mends it."""
    stale = tmp_path / "models.json"
    stale.write_text("{}")
    monkeypatch.setattr(generate, "TARGET", stale)
    with pytest.raises(SystemExit, match=r"models\.json is stale; run: python"):
        generate.main(["--check"])
    generate.main([])
    generate.main(["--check"])


def test_keys_are_unique_within_a_type() -> None:
    """Key and type together name one model."""
    keys = [(m.key, m.type) for m in MODELS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_model_agrees_with_its_step_type(model: Model) -> None:
    """A model makes what its step type promises, and every name it goes by finds it."""
    assert model.makes == STEP_TYPES[model.type].makes
    assert all(catalogue().find(name, model.type) is model for name in (model.key, *model.aliases))


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_model_has_sound_figures(model: Model) -> None:
    """Prices are not negative and have a unit, expected times are positive, states are known ones."""
    assert model.price is None or model.price >= 0
    assert model.price_unit
    assert model.expected_seconds is None or model.expected_seconds > 0
    assert model.state in STATES


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_model_names_no_field_twice(model: Model) -> None:
    """Inputs and parameters of one request have different names."""
    names = [p.name for p in (*model.inputs, *model.params)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("model", [m for m in MODELS if m.provider != "local"], ids=name_of)
def test_model_takes_what_its_step_type_needs(model: Model) -> None:
    """A model of a step type that needs a text or media has a field that carries it."""
    kinds = {p.kind for p in model.inputs}
    step_type = STEP_TYPES[model.type]
    assert step_type.text != "required" or "text" in kinds
    assert step_type.media is None or step_type.media.removesuffix("s") in kinds


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_defaults_are_allowed(model: Model) -> None:
    """A parameter's default is one of its values, of its type, and within its limits."""
    assert [p.name for p in model.params if p.default is not None and not allows_default(p)] == []


def allows_default(param: Param) -> bool:
    """Whether a parameter allows what it falls back to."""
    default = param.default
    if param.values:
        return default in param.values
    if isinstance(default, int | float) and not isinstance(default, bool):
        low = -math.inf if param.min is None else param.min
        high = math.inf if param.max is None else param.max
        return param.type in ("int", "float") and low <= default <= high
    return isinstance(default, PLAIN.get(param.type, object))


@pytest.mark.parametrize(
    ("default", "param_type"),
    [("x", "int"), (True, "str"), (11, "int"), ("c", "enum"), (1, "bool")],
)
def test_wrong_default_is_noticed(default: object, param_type: str) -> None:
    """The check above does find a default outside of type, limits or values."""
    values = ("a", "b") if param_type == "enum" else ()
    assert not allows_default(Param("n", param_type, default=default, values=values, min=0, max=10))


def test_choices_list_their_values() -> None:
    """A choice says what there is to choose from, each once."""
    choices = [(m.key, p) for m in MODELS for p in m.params if p.type == "enum"]
    assert [(k, p.name) for k, p in choices if not p.values or len(set(p.values)) < len(p.values)] == []


@pytest.mark.parametrize("model", [m for m in MODELS if m.state in ("retired", "retiring")], ids=name_of)
def test_retired_model_says_what_to_use(model: Model) -> None:
    """Whoever is warned off a model is told where to go."""
    assert model.entry["status"]["use_instead"]
