"""The container's way in as a process: signals end it in order, arguments make it the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.programs import environment
from tests.github.runner_port import read_outputs, runner_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRYPOINT = Path(__file__).resolve().parents[2] / "entrypoint.py"
PIPELINE = """
settings: {provider: local, fail_fast: false}
steps:
  - {name: quick, type: text_to_image, params: {prompt: a cat, width: 64, height: 64}}
  - type: parallel_group
    name: batch
    steps:
      - {name: slow_1, type: text_to_image, params: {prompt: a dog, delay: 60}}
      - {name: slow_2, type: text_to_image, params: {prompt: a fox, delay: 60}}
  - {name: never, type: text_to_image, params: {prompt: a hen}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with a pipeline that would take two minutes."""
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws/p.yaml").write_text(PIPELINE)
    (tmp_path / "output").touch()
    (tmp_path / "summary").touch()
    return tmp_path / "ws"


@pytest.fixture
def action(workspace: Path) -> Iterator[subprocess.Popen[str]]:
    """The action on it, as the runner starts it: standard input closed, no terminal."""
    files = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    env = environment(
        GITHUB_ACTIONS="true",
        INPUT_CONFIG="p.yaml",
        GITHUB_WORKSPACE=str(workspace),
        **{name: str(workspace.parent / file) for name, file in files.items()},
    )
    process = subprocess.Popen(
        [sys.executable, "-u", ENTRYPOINT], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def until(process: subprocess.Popen[str], text: str) -> str:
    """What it says up to the line that holds the text."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"{text!r} never came: {said}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_cancelled_job_keeps_what_was_finished(
    action: subprocess.Popen[str], workspace: Path, number: int, code: int
) -> None:
    """X1, X2: outputs, summary, manifest and report are there although two steps would take a minute more."""
    said = until(action, "Started: slow_2")
    action.send_signal(number)
    said += action.communicate(timeout=30)[0]
    assert action.returncode == code
    outputs = read_outputs((workspace.parent / "output").read_text())
    assert (outputs["status"], outputs["steps-succeeded"], outputs["steps-total"]) == ("stopped", "1", "4")
    assert "quick" in (workspace.parent / "summary").read_text()
    manifest = json.loads((workspace / "output/manifest.json").read_text())
    assert [record["file"] for record in manifest["outputs"]] == ["quick.png"]
    names = [command.name for command in runner_commands(said)]
    assert names.count("group") == names.count("endgroup") == 1


def test_a_second_signal_ends_it_at_once(action: subprocess.Popen[str]) -> None:
    """X4: as when the runner, seven seconds after SIGINT, sends SIGTERM; what is written stays whole."""
    until(action, "Started: slow_2")
    action.send_signal(signal.SIGSTOP)
    action.send_signal(signal.SIGINT)
    action.send_signal(signal.SIGTERM)
    action.send_signal(signal.SIGCONT)
    action.communicate(timeout=30)
    assert action.returncode in (130, 143)


def test_with_arguments_it_is_the_command_line(workspace: Path) -> None:
    """The image is the command for those who have no Python; its exit codes are the command's."""
    done = subprocess.run(
        [sys.executable, ENTRYPOINT, "validate", "p.yaml", "--json"], cwd=workspace, env=environment(),
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["valid"]
