"""From what a caller asks for to a plan, or to every reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action.api.prepare import Wishes, plan_pipeline
from acp_action.errors import ConfigError

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
        MIXED.replace("type: text_to_image", "type: text_to_imge"),
        MIXED.replace("name: b", "name: a"),
        MIXED.replace("settings: {max_worker: 3}", "settings: {schedule: flow}"),
        MIXED.replace("input_from: aa", "input_from: {x: y}"),
    ],
)
def test_nothing_is_guessed_about_a_file_whose_shape_is_unclear(broken: str, tmp_path: Path) -> None:
    """With a type, a name, a schedule or an edge in doubt the planner would only make noise."""
    assert "step 'a': model" not in problems(broken, tmp_path)
