"""Runs one call of an official SDK against a simulator, and looks at what went over the wire."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.simulators.certificates import authority_file
from tests.simulators.recorded import each_once

if TYPE_CHECKING:
    from tests.simulators.core import Simulator

TOP = Path(__file__).resolve().parents[3]
PYTHON = Path(os.environ.get("SDK_CLIENTS", TOP / ".venv-sdk")) / "bin" / "python"


@dataclass(frozen=True)
class Proof:
    """``answer``: what the SDK's caller got. ``requests``: what it sent, normalised, each once."""

    answer: Any
    requests: list[dict[str, Any]]


def prove(sim: Simulator, call: str, environment: dict[str, str] | None = None) -> Proof:
    """One call of the SDK in its own environment, by the driver of the simulator's provider."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(authority_file(Path(folder))),
            **(environment or {}),
        }
        script = Path(__file__).with_name(f"drive_{sim.provider}.py")
        line = [str(PYTHON), str(script), call, json.dumps(sim.urls), sim.key]
        done = subprocess.run(line, env=variables, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return Proof(json.loads(done.stdout.splitlines()[-1]), each_once(sim, sim.requests))


def host(sim: Simulator, role: str = "api") -> str:
    """Host and port of an address."""
    return urlsplit(sim.urls[role]).netloc
