"""X5, I13, I17, I18: a run killed anywhere and run again pays for nothing twice, and makes the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracle.extent import EVERYTHING
from tests.oracle.harness import Runs, check_kill
from tests.oracle.paying import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HYBRID = """
settings: {fail_fast: false}
steps:
  - {name: idea, type: analyze_image, model: gemini_describe, params: {image: start.png, prompt: "{{input}}"}}
  - type: parallel_group
    name: variations
    fail_fast: false
    steps:
      - {name: day, type: text_to_image, model: flux_dev, params: {prompt: "{{step_idea.output}} by day"}}
      - {name: night, type: text_to_image, model: flux_dev, params: {prompt: "{{input}} by night"}}
      - {name: voice, type: text_to_speech, model: elevenlabs, params: {text: "{{input}}"}}
  - {name: clip, type: image_to_video, model: kling_2_6_pro, input_from: night, params: {prompt: slow}}
"""


def batch(count: int) -> str:
    """A group of pictures that know nothing of each other."""
    steps = "".join(
        f'      - {{name: image_{n}, type: text_to_image, model: flux_dev, params: {{prompt: "car {n}"}}}}\n'
        for n in range(1, count + 1)
    )
    return f"steps:\n  - type: parallel_group\n    name: batch\n    fail_fast: false\n    steps:\n{steps}"


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One process that forks for each run."""
    with Runs() as server:
        yield server


def written(tmp_path: Path, text: str) -> Path:
    """The pipeline as a file, and the picture it starts from."""
    (tmp_path / "start.png").write_bytes(b"a picture, as far as anybody looks")
    path = tmp_path / "pipeline.yaml"
    path.write_text(text)
    return path


def undisturbed(runs: Runs, pipeline: Path, place: Path) -> tuple[dict[str, bytes], int]:
    """The files of a run that nothing happens to, and how many places it passes."""
    place.mkdir()
    ran = runs.run(pipeline, place)
    assert (ran.code, set(ran.steps.values())) == (0, {"succeeded"}), ran
    return files_of(place / "output"), ran.points


def kill_everywhere(runs: Runs, tmp_path: Path, text: str, every: int) -> set[str]:
    """Kill a run at every so many places, each time in a folder of its own; what was found in doubt."""
    pipeline = written(tmp_path, text)
    whole, points = undisturbed(runs, pipeline, tmp_path / "whole")
    assert points > 50
    places = range(1, points + 1, every)
    return {check_kill(runs, pipeline, tmp_path / f"at_{n}", n, whole) for n in places}


def test_a_run_killed_here_and_there_pays_for_nothing_twice(runs: Runs, tmp_path: Path) -> None:
    """A few places of the hybrid pipeline; the long run takes them all."""
    doubtful = kill_everywhere(runs, tmp_path, HYBRID, 29)
    # Only steps that were being ordered when it happened; most places are none of those.
    assert "" in doubtful
    assert {name for names in doubtful for name in names.split(",")} <= {
        "",
        "idea",
        "day",
        "night",
        "voice",
        "clip",
    }


@pytest.mark.oracle
@pytest.mark.timeout(900)
def test_the_hybrid_killed_anywhere_pays_for_nothing_twice(runs: Runs, tmp_path: Path) -> None:
    """Every write of the journal, every request, every rename; a part of them without ``ORACLE=all``."""
    doubtful = kill_everywhere(runs, tmp_path, HYBRID, 1 if EVERYTHING else 5)
    assert len(doubtful) > 1, "no kill left anything in doubt"


@pytest.mark.oracle
@pytest.mark.timeout(900)
def test_a_batch_killed_anywhere_pays_for_nothing_twice(runs: Runs, tmp_path: Path) -> None:
    """Twenty steps at once."""
    assert len(kill_everywhere(runs, tmp_path, batch(20), 1 if EVERYTHING else 11)) > 1
