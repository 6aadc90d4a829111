"""The examples do what they say, with the embedded provider and no network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from acp_action import AIPipelineManager
from acp_action.api.prepare import Wishes, plan_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action import PipelineResult, StepResult

TOP = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((TOP / "examples").glob("*.yaml"))
FILES = {
    "batch": {f"img_{n}.png" for n in range(1, 9)},
    "compare": {"flux_dev.png", "flux_schnell.png", "nano_banana_pro.png"},
    "hybrid": {
        "base_image.png",
        "video_version.mp4",
        "edited_version.png",
        "upscaled_version.png",
        "final.txt",
    },
    "campaign": {"hero.png", "narration.wav"}
    | {f"{name}.png" for name in ("forest", "alps", "dunes", "lake", "stars", "storm")}
    | {f"{name}_line.txt" for name in ("forest", "alps", "dunes", "lake", "stars", "storm")},
    "prompted": {"scene.png", "motion.txt", "film.mp4"},
    "sizes": {"square.png", "portrait.png", "landscape.png"},
    "storyboard": {f"scene_{n}.png" for n in (1, 2, 3)}
    | {f"clip_{n}.mp4" for n in (1, 2, 3)}
    | {"film.mp4", "narration.wav"},
}
BESIDE = {"manifest.json", "report.json", "report.md", "report.html"}

every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, PipelineResult]:
    """Every example, run once with the embedded provider."""
    top = tmp_path_factory.mktemp("examples")
    manager = AIPipelineManager(provider="local")
    return {
        path.stem: manager.run_pipeline(path, "a lighthouse", output_dir=top / path.stem) for path in EXAMPLES
    }


@every_example
def test_example_plans_with_its_own_models(example: Path) -> None:
    """The models, parameters and edges that an example names exist, with nothing to complain of."""
    plan = plan_pipeline(example, Wishes(input_text="a lighthouse"), {})
    assert plan.steps
    assert not any(step.preview for step in plan.steps)


@every_example
def test_example_fits_the_schema(example: Path) -> None:
    """The first line points editors to the schema, and the example fits it."""
    text = example.read_text("utf-8")
    pointer = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert pointer
    schema = json.loads((example.parent / pointer.group(1)).read_text("utf-8"))
    jsonschema.validate(yaml.safe_load(text), schema)


@every_example
def test_example_makes_its_files(example: Path, finished: Mapping[str, PipelineResult]) -> None:
    """Every step succeeds, and exactly the promised files are there, none of them empty."""
    result = finished[example.stem]
    assert {step.name: step.error for step in result if not step.success} == {}
    made = {path.name: path.stat().st_size for path in result.output_dir.iterdir()}
    assert set(made) == FILES[example.stem] | BESIDE
    assert all(made.values())


def test_sizes_have_their_shapes(finished: Mapping[str, PipelineResult]) -> None:
    """The sizes example makes a square, an upright and a wide picture."""
    shapes = {step.name: measured(step, "width") / measured(step, "height") for step in finished["sizes"]}
    assert shapes == pytest.approx({"square": 1, "portrait": 9 / 16, "landscape": 16 / 9}, rel=0.05)


def test_film_is_as_long_as_its_clips(finished: Mapping[str, PipelineResult]) -> None:
    """The storyboard's film has all of its clips, one after the other."""
    story = finished["storyboard"]
    clips = [measured(story[f"clip_{n}"], "duration") for n in (1, 2, 3)]
    assert measured(story["film"], "duration") == pytest.approx(sum(clips), abs=0.2)


def measured(step: StepResult, fact: str) -> float:
    """A figure that was measured on a step's first file."""
    assert step.output
    value = step.output.files[0].facts[fact]
    assert isinstance(value, int | float)
    return value


def test_demo_names_the_files_that_it_makes() -> None:
    """What ``make demo`` tells people to look at is what the hybrid example leaves."""
    recipe = (TOP / "Makefile").read_text("utf-8").split("\ndemo:")[1].split("\n\n")[0]
    told = set(re.findall(r"[\w.]+\.(?:png|mp4|txt|json|md|html)\b", recipe))
    assert told == FILES["hybrid"] | BESIDE
