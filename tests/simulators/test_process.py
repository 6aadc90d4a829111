"""Simulators as a process: for the command and for containers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.simulators.named import PROVIDERS, simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a process with fal and Replicate says; it ends with its input."""
    line = [sys.executable, "-m", "tests.simulators", "--provider", "fal", "--provider", "replicate",
            "--speed", "1000", "--ledger", str(tmp_path), "--script", "P1.nan", "--until-eof"]  # fmt: skip
    with subprocess.Popen(line, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        told = dict(text.rstrip().split("=", 1) for text in iter(running.stdout.readline, "ready\n"))
        yield told
        running.communicate("", timeout=10)
    assert running.returncode == 0


def test_a_process_tells_its_variables_and_keeps_its_ledger(process: dict[str, str], tmp_path: Path) -> None:
    """The ledger can be read as a file while it serves."""
    key = {"Authorization": f"Key {process['FAL_KEY']}"}
    address = process["ACP_FAL_BASE_URL"] + "/fal-ai/flux/schnell"
    codes = [
        requests.post(address, json={"prompt": "a cat"}, headers=key, timeout=5).status_code for _ in range(2)
    ]
    assert codes == [429, 200]
    (bill,) = (json.loads(line) for line in (tmp_path / "fal.jsonl").read_text("utf-8").splitlines())
    assert bill["text"] == "a cat"
    assert process["ACP_REPLICATE_BASE_URL"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_simulator_is_found_by_name(provider: str) -> None:
    """And says which variables lead to it."""
    with simulator(provider)() as sim:
        assert sim.provider == provider
        assert sim.url in "".join(sim.environment().values())
