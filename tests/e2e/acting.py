"""Workflows run by ``act`` on a copy of this checkout, and what they left behind."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

# Read when this is imported: no test sees the environment.
ACT = shlex.split(os.environ.get("ACP_E2E_ACT", ""))
STORE = os.environ.get("ACP_E2E_ARTIFACTS", "")
"""Where the command ACT keeps artifacts, for one that names a folder itself; else it is told one."""

needs_act = [
    pytest.mark.act,
    pytest.mark.skipif(not ACT, reason="ACP_E2E_ACT names no command that runs act, such as `act`"),
    # The first run builds the image.
    pytest.mark.timeout(900),
]
NOTHING: Mapping[str, str] = MappingProxyType({})
TOP = Path(__file__).resolve().parent.parent.parent
USED = (
    "Dockerfile",
    ".dockerignore",
    "LICENSE",
    "README.md",
    "action.yml",
    "entrypoint.py",
    "pyproject.toml",
)
FOLDERS = ("acp_action", "examples", "locks", "tests/e2e/pipelines")


@dataclass(frozen=True)
class Run:
    """A workflow that has ended: act's code, its records, and the artifacts of the run."""

    code: int
    records: list[dict[str, Any]]
    store: Path

    @property
    def log(self) -> str:
        """What the steps printed, but for commands."""
        return "".join(record["msg"] for record in self.records if record.get("raw_output"))

    @property
    def summary(self) -> str:
        """The job summaries, in order."""
        return "".join(r["content"] for r in self.records if r.get("command") == "summary")

    def commands(self, *names: str) -> list[dict[str, Any]]:
        """The workflow commands that took effect, of these names."""
        return [record for record in self.records if record.get("command") in names]

    def job_result(self, job: str) -> str:
        """How a job of the workflow ended."""
        (result,) = {r["jobResult"] for r in self.records if r.get("jobID") == job and "jobResult" in r}
        return str(result)

    def artifact(self, name: str) -> Path:
        """The zip of an artifact as the service keeps it."""
        return self.store / "1" / name / f"{name}.zip"


def act(workflow: str, store: Path, text: str = "", files: Mapping[str, str] = NOTHING) -> Run:
    """Run one of ``workflows/``, or ``text``, on a copy of what the action is made of.

    ``store``: where artifacts go. ``files``: what the checkout holds besides, by path.
    """
    text = text or (TOP / f"tests/e2e/workflows/{workflow}.yml").read_text("utf-8")
    with tempfile.TemporaryDirectory(prefix="acp-act-") as folder:
        checkout = copy_checkout(
            Path(folder) / "acp-action", {**files, f"{workflow}.yml": with_own_name(text)}
        )
        told = [] if STORE else ["--artifact-server-path", str(store), "--artifact-server-addr", "127.0.0.1"]
        command = [*ACT, "push", "--rm", "-W", f"{workflow}.yml", "--json", *told]
        ran = subprocess.run(
            [*command, "--artifact-server-port", str(free_port())],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    records = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert any(record.get("raw_output") for record in records), f"nothing ran:\n{ran.stdout}\n{ran.stderr}"
    return Run(ran.returncode, records, Path(STORE) if STORE else store)


def copy_checkout(to: Path, more: Mapping[str, str]) -> Path:
    """A git repository with the files of the action, and some more."""
    for name in FOLDERS:
        shutil.copytree(TOP / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in USED:
        shutil.copy(TOP / name, to / name)
    for name, text in more.items():
        (to / name).write_text(text, "utf-8")
    identity = ("-c", "user.name=e2e", "-c", "user.email=e2e@example.invalid")
    for words in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "-m", "A copy")):
        subprocess.run(["git", *words], cwd=to, check=True)
    return to


def with_own_name(workflow: str) -> str:
    """The workflow under a name that no other run has.

    act names containers and volumes after it: a run must not meet another one, nor what a killed one left.
    """
    renamed, found = re.subn(
        "^name: ", f"name: {secrets.token_hex(4)} ", workflow, count=1, flags=re.MULTILINE
    )
    assert found, "the workflow has no name"
    return renamed


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
