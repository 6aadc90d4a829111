"""Containers as the runner starts them: its mounts, variables and command files; no terminal, no input."""

from __future__ import annotations

import os
import subprocess
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Read when this is imported: no test sees the environment.
IMAGE = os.environ.get("ACP_E2E_IMAGE", "")
RUNNER = 1001
"""The user of hosted runners, whose the workspace is."""

needs_image = [
    pytest.mark.docker,
    pytest.mark.skipif(not IMAGE, reason="ACP_E2E_IMAGE names no image; `make image` builds acp-action"),
]
WORKSPACE = "/github/workspace"
VARIABLES = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_ENV": "/github/file_commands/set_env",
    "GITHUB_JOB": "media",
    "GITHUB_OUTPUT": "/github/file_commands/set_output",
    "GITHUB_PATH": "/github/file_commands/add_path",
    "GITHUB_REPOSITORY": "octo/site",
    "GITHUB_RETENTION_DAYS": "90",
    "GITHUB_RUN_ID": "7",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_STATE": "/github/file_commands/save_state",
    "GITHUB_STEP_SUMMARY": "/github/file_commands/step_summary",
    "GITHUB_WORKSPACE": WORKSPACE,
    "HOME": "/github/home",
    "RUNNER_OS": "Linux",
    "RUNNER_TEMP": "/github/runner_temp",
}


@dataclass(frozen=True)
class Job:
    """The folders of a job on the host, and how its workspace is mounted."""

    top: Path
    workspace_options: str = ""
    mounts: dict[str, Path] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        """What the container finds as its working directory."""
        return self.top / "workspace"

    def write(self, name: str, text: str) -> Path:
        """A file of the workspace, its owner's like all of it."""
        file = self.workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        own(self.workspace)
        return file

    def command(
        self, *arguments: str, variables: Mapping[str, str], options: Sequence[str] = ()
    ) -> list[str]:
        """The command line of the runner."""
        mounted = {
            "/github/runner_temp": self.top / "temp",
            "/github/home": self.top / "home",
            "/github/workflow": self.top / "workflow",
            "/github/file_commands": self.top / "file_commands",
            WORKSPACE: self.workspace,
        } | self.mounts
        read_only = {WORKSPACE: self.workspace_options}
        volumes = [f"{host}:{inside}{read_only.get(inside, '')}" for inside, host in mounted.items()]
        # Only the names: the values travel in the environment of the docker client.
        return [
            *("docker", "run", "--name", f"acp-e2e-{uuid.uuid4().hex[:12]}", "--label", "acp-e2e"),
            *("--workdir", WORKSPACE, "--rm"),
            *(word for name in variables for word in ("-e", name)),
            *(word for volume in volumes for word in ("-v", volume)),
            *(*options, IMAGE, *arguments),
        ]

    def start(
        self, inputs: Mapping[str, str], *, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """A step of the action, under way. ``environ``: variables besides the runner's own, or instead."""
        given = {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
        variables = VARIABLES | given | dict(environ or {})
        return subprocess.Popen(
            self.command(variables=variables),
            env=client() | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, inputs: Mapping[str, str], *, environ: Mapping[str, str] | None = None) -> Finished:
        """A step of the action, from start to end."""
        process = self.start(inputs, environ=environ)
        log, _ = process.communicate(timeout=100)
        return self.finished(process.returncode, log)

    def finished(self, code: int, log: str) -> Finished:
        """What a step left behind."""
        commands = self.top / "file_commands"
        outputs = read_outputs((commands / "set_output").read_text("utf-8"))
        return Finished(code, log, outputs, (commands / "step_summary").read_text("utf-8"))


@dataclass(frozen=True)
class Finished:
    """A step that has ended: its code, what it printed, its outputs, its summary."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


def client() -> dict[str, str]:
    """What the docker client needs of our environment."""
    return {n: v for n, v in os.environ.items() if n in ("PATH", "HOME") or n.startswith("DOCKER_")}


def make_job(top: Path) -> Job:
    """A job with its folders, all of them the runner's user's where we may give them to it."""
    job = Job(top)
    for name in ("workspace", "temp", "home", "workflow", "file_commands"):
        (top / name).mkdir()
    for name in ("set_env", "set_output", "add_path", "save_state", "step_summary"):
        (top / "file_commands" / name).touch()
    own(top)
    return job


def own(top: Path) -> None:
    """Give a folder to the runner's user, as far as we may."""
    if os.geteuid() == 0:
        for path in (top, *top.rglob("*")):
            os.lchown(path, RUNNER, RUNNER)


def owner() -> int:
    """Whose files of a workspace are."""
    return RUNNER if os.geteuid() == 0 else os.geteuid()


def read_outputs(text: str) -> dict[str, str]:
    """The pairs of a command file by the runner's rules: ``name=value``, or ``name<<END`` to a line END."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
            continue
        assert heredoc > 0, f"neither name=value nor name<<END: {line!r}"
        name, end = line[:heredoc], line[heredoc + 2 :]
        value = []
        # A file that ends within a value is an error to the runner; here it ends in StopIteration.
        while (line := next(lines)) != end:
            value.append(line)
        found[name] = "\n".join(value)
    return found
