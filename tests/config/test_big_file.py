"""Ten thousand steps load fast and in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
# In processor time and best of three, so that busy neighbours count little.
RATIO = """\
import sys, time
from pathlib import Path
from acp_action.config.load import load_pipeline
from acp_action.config.yaml_events import events_of

def seconds(work):
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)

text = Path(sys.argv[1]).read_text(encoding="utf-8")
parsing = seconds(lambda: [0 for _ in iter(events_of(text).get_event, None)])
print(seconds(lambda: load_pipeline(sys.argv[1])) / parsing)
"""


def measured(script: str, file: Path) -> float:
    """What a script prints, run on its own: coverage would slow it down and take memory."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-c", script, str(file)]
    return float(json.loads(subprocess.run(command, env=environ, capture_output=True, check=True).stdout))


@pytest.fixture(scope="module")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 10,000 steps, 190,000 events of the parser."""
    path = tmp_path_factory.mktemp("big") / "big.yaml"
    path.write_text("name: big\nsteps:\n" + "".join(map(STEP.format, range(10_000))), encoding="utf-8")
    return path


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="the bound is for libyaml")
def test_loading_costs_little_more_than_parsing(big_file: Path) -> None:
    """Reading, placing and checking take at most 4.5 times what the bare parser takes, usually 3.2."""
    assert measured(RATIO, big_file) < 4.5


@pytest.mark.skipif(not STATUS.exists(), reason="the peak is read from the kernel")
def test_loading_takes_little_memory(big_file: Path) -> None:
    """10,000 steps with the place of each stay below 100 MB for the whole process."""
    assert measured(MEMORY, big_file) < 100
