"""The guide's pipelines run as they stand with the models they name, through the command and from Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acp_action import AIPipelineManager
from tests.cli.programs import environment, run
from tests.guide.real_models import SHOWN, TEXT, Shown, billed, services, variables

if TYPE_CHECKING:
    from pathlib import Path

shown = pytest.mark.parametrize("pipeline", SHOWN, ids=lambda p: p.heading)


@shown
def test_from_python_each_step_is_ordered_once(
    pipeline: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run succeeds, each order is billed once, and a second run finds all of it there already."""
    file = tmp_path / "pipeline.yaml"
    file.write_text(pipeline.text, "utf-8")
    with services(*pipeline.orders) as running:
        for name, value in variables(running).items():
            monkeypatch.setenv(name, value)
        first = AIPipelineManager(output_dir=tmp_path / "out").run_pipeline(file, TEXT)
        again = AIPipelineManager(output_dir=tmp_path / "out").run_pipeline(file, TEXT)
        assert [step.error for step in first if not step.success] == []
        assert {step.status.value for step in again} == {"cached"}
        assert billed(running) == pipeline.orders
    assert tuple(step.name for step in first) == pipeline.steps
    assert not first.report.preview


@shown
def test_the_command_runs_it_with_the_keys_of_its_environment(pipeline: Shown, tmp_path: Path) -> None:
    """The manifest names the service of each file, and no key stands in anything that was written."""
    file = tmp_path / "pipeline.yaml"
    file.write_text(pipeline.text, "utf-8")
    words = ("run-chain", "--config", str(file), "--input", TEXT, "--output-dir", str(tmp_path / "out"))
    with services(*pipeline.orders) as running:
        given = variables(running)
        done = run(*words, env=environment(**given))
        assert done.returncode == 0, done.stderr.decode()
        assert billed(running) == pipeline.orders
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert {record["provider"] for record in manifest["outputs"]} == set(pipeline.orders)
    keys = [value.encode() for name, value in given.items() if name.endswith("_KEY")]
    written = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not [key for key in keys for text in (*written, done.stdout, done.stderr) if key in text]


def test_without_keys_all_of_them_are_asked_for_at_once(tmp_path: Path) -> None:
    """One message names each variable, each input of the action, and how to try it without keys."""
    file = tmp_path / "pipeline.yaml"
    file.write_text(SHOWN[0].text, "utf-8")
    done = run("run-chain", "--config", str(file), "--input", TEXT, "--output-dir", str(tmp_path / "out"))
    told = done.stderr.decode()
    assert done.returncode == 3, told
    for word in ("FAL_KEY", "fal-key", "GEMINI_API_KEY", "gemini-api-key", "--provider local"):
        assert word in told
