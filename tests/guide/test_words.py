"""The guide's log lines, option table and commands."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from acp_action.config.cascade import Overrides, resolve_settings
from acp_action.config.load import load_pipeline
from acp_action.config.yaml_source import YamlSource
from acp_action.engine.clock import VirtualClock
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes
from acp_action.engine.virtual_crew import VirtualCrew
from acp_action.plan.make import make_plan
from acp_action.report.lines import log_line
from tests.engine.harness import DONE
from tests.guide.blocks import GUIDE, block, blocks, whole

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.events import Event

TIMES = {"image_1": 2.3, "image_2": 2.7, "image_3": 2.5, "image_4": 2.8}


def test_the_guide_is_kept_word_for_word() -> None:
    """It is a promise that was made before the code: the code follows it, not the other way round."""
    digest = hashlib.sha256(GUIDE.read_bytes()).hexdigest()
    assert digest == "23eb8dc5f4a02f76df2262f90deb7aaa9fc3d773967e2d74e8171d083dfdc068"


def test_the_log_reads_exactly_as_shown() -> None:
    """Rule 8: the lines of "Progress Tracking", from the real scheduler on a virtual clock."""
    members = "".join(f"      - {{name: {n}, type: text_to_image, params: {{prompt: x}}}}\n" for n in TIMES)
    text = f"steps:\n  - type: parallel_group\n    name: batch_images\n    steps:\n{members}"
    loaded = load_pipeline(YamlSource.from_text(text, "pipeline.yaml"))
    settings = resolve_settings(loaded.config.settings, Overrides(), {})
    plan = make_plan(loaded.config, loaded.source, settings, providers={})
    clock, lines = VirtualClock(), []

    def note(event: Event) -> None:
        line = log_line(event)
        if line is not None:
            lines.append(str(line))

    crew = VirtualCrew(clock, lambda job: (TIMES[plan.steps[job.step].name], DONE))
    run_plan(plan, providers={}, publisher=None, listeners=[note], lanes=Lanes(), crew=crew, clock=clock)  # type: ignore[arg-type]
    shown = block("", "Progress Tracking").text.splitlines()
    assert lines[: len(shown)] == shown


def test_the_option_table_is_true() -> None:
    """Each option exists, with the default the table gives."""
    rows = re.findall(r"^\| `(\w+)` \| .+? \| (\S+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {"max_workers": "4", "fail_fast": "true", "timeout": "300"}
    loaded = load_pipeline(YamlSource.from_text(whole("- type: parallel_group\n  steps:\n    - ...\n"), "x"))
    settings = resolve_settings(loaded.config.settings, Overrides(), {})
    plan = make_plan(loaded.config, loaded.source, settings, providers={})
    group = plan.groups[0]
    assert (group.max_workers, group.fail_fast, plan.steps[0].timeout) == (4, True, 300.0)


def test_the_command_of_the_guide_runs(tmp_path: Path) -> None:
    """Method 1, as typed: the variable is read, and the command ends well."""
    (shown,) = blocks("bash")
    variable, command = shown.text.strip().split(" ", 1)
    (tmp_path / "pipeline.yaml").write_text(whole(block("yaml", "Method 2: YAML Configuration").text))
    arguments = command.split()
    assert arguments[0] == "ai-content-pipeline"
    name, value = variable.split("=")
    done = subprocess.run(
        [sys.executable, "-m", "acp_action", *arguments[1:]],
        cwd=tmp_path, env={name: value, "ACP_PROVIDER": "local", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "output" / "sample.png").is_file()


@pytest.mark.parametrize(
    ("value", "effective"), [("true", True), ("1", True), ("false", False), ("0", False)]
)
def test_the_variable_switches_parallelism(value: str, effective: bool) -> None:
    """Rule 1: the environment beats the file."""
    loaded = load_pipeline(YamlSource.from_text(whole("settings:\n  parallel: true\n"), "x"))
    environ = {"PIPELINE_PARALLEL_ENABLED": value}
    settings = resolve_settings(loaded.config.settings, Overrides(), environ)
    assert settings.parallel is effective
    assert settings.origins["parallel"] == "environment PIPELINE_PARALLEL_ENABLED"
