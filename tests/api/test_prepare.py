"""From what a caller asks for to a plan, or to every reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action.api.prepare import Wishes, plan_pipeline
from acp_action.config.cascade import Overrides
from acp_action.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


MIXED = """
settings: {max_worker: 3}
steps:
  - {name: a, type: text_to_image, model: flux_dve, params: {prompt: x}, retry_count: many}
  - {name: b, type: image_to_video, input_from: aa}
"""


def problems(text: str, folder: Path) -> list[str]:
    """Where and what is wrong with a file, as the doors tell it."""
    file = folder / "mixed.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        plan_pipeline(file, Wishes())
    return [problem.where for problem in caught.value.problems]


def test_problems_of_loading_and_of_planning_come_together(tmp_path: Path) -> None:
    """Rule 12: all at once, in file order, also those that only the planner can see."""
    assert problems(MIXED, tmp_path) == [
        "settings.max_worker",
        "step 'a': model",
        "step 'a': retry_count",
        "step 'b': input_from",
    ]


@pytest.mark.parametrize(
    "broken",
    [
        MIXED.replace("name: b", "name: a"),
        MIXED.replace("settings: {max_worker: 3}", "settings: {schedule: flow}"),
        MIXED.replace("input_from: aa", "input_from: {x: y}"),
        MIXED.replace("input_from: aa", "input_from: aa, input_from: c"),
        MIXED.replace("{name: b", "{name: b, type: split_imag").replace(", type: image_to_video", ""),
        MIXED.replace("- {name: b", "- nothing\n  - {name: b"),
    ],
)
def test_no_edge_is_guessed_in_a_file_whose_shape_is_unclear(broken: str, tmp_path: Path) -> None:
    """With a type, a name, a schedule or an edge in doubt, who feeds whom would only make noise."""
    found = problems(broken, tmp_path)
    assert "step 'a': model" in found, "what is wrong with a step by itself is told all the same"
    assert "step 'b': input_from" not in found or "{x: y}" in broken or ": c" in broken


@pytest.mark.parametrize(
    "broken",
    [
        MIXED.replace("type: text_to_image", "type: text_to_imge"),
        MIXED.replace("type: text_to_image", "type: text_to_image, type: split_image"),
        MIXED.replace("settings: {max_worker: 3}", "settings: {provider: [x]}"),
    ],
)
def test_nothing_is_said_about_a_step_that_may_be_another_one(broken: str, tmp_path: Path) -> None:
    """A step whose type or provider is in doubt is not held against one that was guessed."""
    assert "step 'a': model" not in problems(broken, tmp_path)


TWICE = [
    ("- *nobody", "stands for an anchor"),
    ("- {type: text_to_image, params: {prompt: [a]}}", "expected a text, not a list"),
    ('- {name: "a\\x07", type: text_to_image, params: {prompt: x}}', "makes an invisible character"),
]


@pytest.mark.parametrize(("step", "what"), TWICE)
def test_a_faulty_value_is_told_once(step: str, what: str, tmp_path: Path) -> None:
    """Reader, loader and planner do not each have their say about one and the same place."""
    file = tmp_path / "once.yaml"
    file.write_text(f"steps:\n  {step}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        plan_pipeline(file, Wishes(Overrides(provider="local")))
    (problem,) = caught.value.problems
    assert what in problem.what


def test_the_largest_pipeline_is_the_trusted_sides_to_set(tmp_path: Path) -> None:
    """10 MiB unless ACP_MAX_PIPELINE_MIB says otherwise; the message names it."""
    file = tmp_path / "big.yaml"
    padding = "# padding\n" * 1_100_000
    file.write_text(padding + "steps: [{type: text_to_image, params: {prompt: x}}]", encoding="utf-8")
    with pytest.raises(UsageError, match=r"bigger than 10 MiB; split .* ACP_MAX_PIPELINE_MIB"):
        plan_pipeline(file, Wishes(environ={}))
    assert len(plan_pipeline(file, Wishes(environ={"ACP_MAX_PIPELINE_MIB": "12"})).steps) == 1


@pytest.mark.parametrize("said", ["0", "-1", "ten", "1e3", "99999999999999", "１２"])
def test_a_senseless_limit_is_an_error_of_its_variable(said: str, tmp_path: Path) -> None:
    """G4: what the environment says is read strictly."""
    with pytest.raises(UsageError, match="ACP_MAX_PIPELINE_MIB is"):
        plan_pipeline(tmp_path / "none.yaml", Wishes(environ={"ACP_MAX_PIPELINE_MIB": said}))
