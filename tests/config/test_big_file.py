"""Ten thousand steps load fast and in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

STEP = """\
  - name: step_{0}
    type: text_to_image
    model: flux_dev
    params:
      prompt: "a cat {0} {{{{input}}}}"
      seed: {0}
      aspect_ratio: 16:9
    timeout: 30
"""
# The kernel's own peak: what getrusage tells includes the process that started this one.
STATUS = Path("/proc/self/status")
MEMORY = """\
import re, sys
from pathlib import Path
from acp_action.config.load import load_pipeline
loaded = load_pipeline(sys.argv[1])
places = [loaded.source.locate(step.at) for step in loaded.config.steps]
assert len(places) == 10_000
print(int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""
# Calls of Python and C functions as a profiler counts them, the same on a busy machine as on an idle one.
# Usually 166 a step, on every Python.
CALLS_MOST = 175
CALLS = """\
import sys
from acp_action.config.load import load_pipeline

def calls(path):
    counted = 0
    def count(_frame, what, _arg):
        nonlocal counted
        counted += what in ("call", "c_call")
    sys.setprofile(count)
    load_pipeline(path)
    sys.setprofile(None)
    return counted

load_pipeline(sys.argv[1])
print([calls(path) for path in sys.argv[1:]])
"""


def printed(script: str, *files: Path) -> Any:
    """What a script prints, run on its own: coverage would slow it down and take memory."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-c", script, *map(str, files)]
    return json.loads(subprocess.run(command, env=environ, capture_output=True, check=True).stdout)


def file_of(steps: int, path: Path) -> Path:
    """A file with so many steps, 19 events of the parser each."""
    path.write_text("name: big\nsteps:\n" + "".join(map(STEP.format, range(steps))), encoding="utf-8")
    return path


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="the bound is for libyaml")
def test_loading_takes_the_same_work_for_every_step(tmp_path: Path) -> None:
    """A step costs at most CALLS_MOST calls, at 1,000 steps as at 100; benchmarks hold the seconds."""
    small, large = printed(CALLS, file_of(100, tmp_path / "s.yaml"), file_of(1000, tmp_path / "l.yaml"))
    assert (large - small) / 900 <= CALLS_MOST
    assert large <= 10 * small


@pytest.mark.skipif(not STATUS.exists(), reason="the peak is read from the kernel")
def test_loading_takes_little_memory(tmp_path: Path) -> None:
    """10,000 steps with the place of each stay below 100 MB for the whole process."""
    assert printed(MEMORY, file_of(10_000, tmp_path / "big.yaml")) < 100
