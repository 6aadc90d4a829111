"""The JSON Schema: checked in as generated, true to the loader, and strict enough to help an editor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from acp_action.catalogue.step_types import ALIASES, STEP_TYPES
from acp_action.config.model import Settings, StepEntry
from acp_action.config.schema import pipeline_schema, schema_text
from tests.config.loading import STEP, problems_of

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = jsonschema.Draft202012Validator(pipeline_schema())

GOOD = [
    f"steps: [{STEP}]",
    f"name: x\nversion: '1'\nsettings: {{parallel: true, timeout: 0.5, schedule: dataflow}}\nsteps: [{STEP}]",
    f"steps: [{{type: parallel_group, name: g, max_workers: 2, fail_fast: false, steps: [{STEP}]}}]",
    f"steps: [{{type: parallel_group, params: {{parallel_steps: [{STEP}]}}}}]",
    f"steps: [{{type: parallel_group, steps: [{{type: parallel_group, steps: [{STEP}]}}]}}]",
    "steps: [{type: image_understanding, input_from: a, needs: [b, c], enabled: false, retry_count: 0}]",
    "steps: [{type: concat_videos, input_from: [a, b], provider: local, model: local, timeout: 3}]",
]
BAD = [
    "name: x",
    "steps: []",
    f"steps: [{STEP}]\nstep: 1",
    "steps: [{name: a}]",
    "steps: [{type: text_to_imag}]",
    "steps: [{type: split_image, nam: x}]",
    "steps: [{type: split_image, timeout: 0}]",
    "steps: [{type: split_image, retry_count: -1}]",
    "steps: [{type: split_image, input_from: {a: b}}]",
    f"steps: [{STEP}]\nsettings: {{max_workers: 0}}",
    f"steps: [{STEP}]\nsettings: {{schedule: fast}}",
    f"steps: [{STEP}]\nsettings: {{max_worker: 1}}",
    "steps: [{type: parallel_group}]",
    "steps: [{type: parallel_group, steps: []}]",
    "steps: [{type: parallel_group, model: x, steps: [{type: split_image}]}]",
    "steps: [{type: parallel_group, params: {parallel_step: []}}]",
    f"steps: [{{type: parallel_group, steps: [{STEP}], params: {{parallel_steps: [{STEP}]}}}}]",
    "steps: [{type: parallel_group, steps: [{type: parallel_group, steps: [{type: x}]}]}]",
]


def test_the_file_is_what_is_generated(repository: Path) -> None:
    """Editors see the models of this version; run make schema after changing them."""
    assert (repository / "schema" / "pipeline.schema.json").read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema() -> None:
    """The schema itself keeps to the rules of draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(pipeline_schema())


@pytest.mark.parametrize("text", GOOD)
def test_what_is_right_is_right_for_both(text: str) -> None:
    """A file that the schema accepts is accepted by the loader."""
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text))) == []
    assert problems_of(text) == ()


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_is_wrong_for_both(text: str) -> None:
    """A fault of form is shown in the editor already."""
    assert not VALIDATOR.is_valid(yaml.safe_load(text))
    assert problems_of(text) != ()


def test_a_fault_deep_in_a_group_is_named_where_it_is() -> None:
    """An editor underlines the wrong key, not the whole pipeline."""
    given = {"steps": [{"type": "parallel_group", "steps": [{"type": "split_image", "nam": "x"}]}]}
    (error,) = VALIDATOR.iter_errors(given)
    assert list(error.absolute_path) == ["steps", 0, "steps", 0]
    assert "'nam' was unexpected" in error.message


def test_every_step_type_is_offered_with_its_words() -> None:
    """An editor completes the types and says what each makes."""
    offered = {t["const"]: t["description"] for t in definition("StepEntry")["properties"]["type"]["oneOf"]}
    assert set(offered) == {*STEP_TYPES, *ALIASES}
    assert offered["image_to_video"].startswith("Makes a video from an image and a text, if given.")


@pytest.mark.parametrize(("name", "model"), [("StepEntry", StepEntry), ("Settings", Settings)])
def test_every_field_is_described(name: str, model: Any) -> None:
    """No field is without a word for the reader, and none of the models is left out."""
    properties = definition(name)["properties"]
    assert set(properties) == set(model.model_fields)
    assert all(field.get("description") for field in properties.values())


def test_the_guide_passes(repository: Path) -> None:
    """The pipelines of the README and the examples are valid for editors too."""
    texts = [p.read_text(encoding="utf-8") for p in sorted((repository / "examples").glob("*.yaml"))]
    readme = (repository / "README.md").read_text(encoding="utf-8")
    texts += [block for block in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL) if "\nsteps:" in block]
    assert texts
    assert [list(VALIDATOR.iter_errors(yaml.safe_load(text))) for text in texts] == [[] for _ in texts]


def definition(name: str) -> dict[str, Any]:
    """One of the schema's definitions."""
    found: dict[str, Any] = pipeline_schema()["$defs"][name]
    return found
