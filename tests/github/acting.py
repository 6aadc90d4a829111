"""The action, carried out in this process, and what it leaves."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

from acp_action.cli.signals import Signals
from acp_action.github.action import main
from acp_action.redaction import SECRETS
from tests.github.runner_port import read_outputs


@dataclass(frozen=True)
class Acted:
    """How it ended: the exit code, the log, the outputs as the runner reads them, and the job summary."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


def runner(folder: Path, **changes: str) -> dict[str, str]:
    """The environment that a runner gives; command files stand in ``folder``."""
    folder.mkdir(exist_ok=True)
    files = {"GITHUB_OUTPUT": folder / "output", "GITHUB_STEP_SUMMARY": folder / "summary"}
    for file in files.values():
        file.touch()
    fixed = {"GITHUB_ACTIONS": "true", "GITHUB_RETENTION_DAYS": "90", "PATH": os.environ["PATH"]}
    return {**fixed, **{name: str(path) for name, path in files.items()}, **changes}


def act(workspace: Path, environ: dict[str, str] | None = None, **inputs: str) -> Acted:
    """Run the action on a workspace; underscores in the names of inputs stand for hyphens."""
    folder = workspace.parent / "runner"
    environ = runner(folder) if environ is None else environ
    environ |= {"GITHUB_WORKSPACE": str(workspace)}
    environ |= {f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()}
    stream, here = io.StringIO(), Path.cwd()
    try:
        code = main(Signals(), environ, stream)
    finally:
        os.chdir(here)
        SECRETS.clear()
    output, summary = ((folder / name).read_text("utf-8") for name in ("output", "summary"))
    return Acted(code, stream.getvalue(), read_outputs(output), summary)
