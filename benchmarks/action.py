"""The action in its container: how soon it says something, how long a step takes, what the image weighs."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.doors import GROUP
from benchmarks.measure import Figure

IMAGE = os.environ.get("ACP_E2E_IMAGE", "")
BASE = "python:3.13-slim-bookworm"


def action(runs: int) -> list[Figure]:
    """The guide's first example as a step of a job; nothing, with a word, where there is no image to run."""
    if missing := _missing():
        print(f"skip the action in its container: {missing}")
        return []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pipeline.yaml").write_text(GROUP, encoding="utf-8")
        command = _command(folder)
        # The first start reads the image from disk.
        _step(command)
        first, whole = zip(*(_step(command) for _ in range(runs)), strict=True)
    docker = statistics.median(
        _seconds(["docker", "run", "--rm", "--entrypoint", "/bin/true", IMAGE]) for _ in range(runs)
    )
    figures = [
        Figure(
            "container of the action to its first line",
            statistics.median(first),
            0.6,
            "s",
            f"docker alone {docker:.2f} s",
        ),
        Figure("the guide's group as a whole step", statistics.median(whole), 2.8 + 1.5, "s"),
    ]
    beyond = _megabytes(IMAGE) - _megabytes(BASE)
    return [*figures, Figure(f"image beyond {BASE}", beyond, 250, "MB")] if _there(BASE) else figures


def _missing() -> str:
    if not IMAGE:
        return "ACP_E2E_IMAGE names no image; `make image` builds acp-action"
    if not shutil.which("docker"):
        return "there is no docker"
    return "" if _there(IMAGE) else f"docker has no image {IMAGE}, or does not run"


def _there(image: str) -> bool:
    return (
        subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode
        == 0
    )


def _command(folder: str) -> list[str]:
    variables = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": "/github/workspace/outputs",
        "GITHUB_STEP_SUMMARY": "/github/workspace/summary",
        "GITHUB_WORKSPACE": "/github/workspace",
        "INPUT_CONFIG": "pipeline.yaml",
        "INPUT_PROVIDER": "local",
        "INPUT_UPLOAD-ARTIFACT": "false",
    }
    given = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    return ["docker", "run", "--rm", *given, "-v", f"{folder}:/github/workspace", IMAGE]


def _step(command: list[str]) -> tuple[float, float]:
    """Seconds to the first line, and to the end."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        first = time.perf_counter() - begun
        rest = process.stdout.read()
    if process.returncode:
        raise RuntimeError(line + rest)
    return first, time.perf_counter() - begun


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def _megabytes(image: str) -> float:
    command = ["docker", "image", "inspect", "-f", "{{.Size}}", image]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1e6
