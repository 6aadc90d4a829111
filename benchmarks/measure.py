"""How things are measured: interleaved runs, medians, ratios run by run."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Figure:
    """One claim: what was measured, against what, and what it should be at the most."""

    name: str
    value: float
    goal: float
    unit: str = "x"
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether the goal is met."""
        return self.value <= self.goal

    def row(self) -> str:
        """One line for people."""
        mark = "ok  " if self.good else "MISS"
        return f"{mark} {self.name:<58} {self.value:9.3f} {self.unit:<4} (goal {self.goal:g})  {self.detail}"


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def interleaved(
    runs: int, contenders: dict[str, Callable[[], object]]
) -> dict[str, list[tuple[float, float]]]:
    """Run the contenders in turn, A B A B …, after one warm-up each."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for work in contenders.values():
        work()
    for _ in range(runs):
        for name, work in contenders.items():
            found[name].append(timed(work))
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios pair by pair: it holds when the machine's speed drifts."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def walls(runs: Sequence[tuple[float, float]]) -> list[float]:
    """The wall seconds."""
    return [wall for wall, _ in runs]


def cpus(runs: Sequence[tuple[float, float]]) -> list[float]:
    """The processor seconds."""
    return [cpu for _, cpu in runs]


def command_seconds(command: Sequence[str]) -> float:
    """Wall seconds of a whole process."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def child(code: str, *arguments: str) -> dict[str, float]:
    """Run Python code in a process of its own; it prints one JSON object, and gets its peak memory added."""
    # Of its own memory: what getrusage calls the peak begins with that of the parent, which may be large.
    tail = (
        "\nimport json, re\n"
        "held = int(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
        "print(json.dumps({**figures, 'peak_mb': held / 1024}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + tail, *arguments], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def peak_mb() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def to_json(figures: Sequence[Figure]) -> str:
    """All figures, for keeping."""
    return json.dumps([{**asdict(f), "good": f.good} for f in figures], indent=2)
