"""Many jobs of a remote provider at once, and what they cost this machine; the provider is another one."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, child

if TYPE_CHECKING:
    from collections.abc import Iterator

# Its peak memory is that of the whole process, the interpreter and all imports included. The processor is
# measured while the run is steady: from the first job's end, when all imports are made, all connections open
# and all workers busy, to the last job's start. In between each job that ends makes room for one that begins.
RUN = """
import gc, json, os, stat, sys, threading, time
from acp_action import AIPipelineManager
count, workers, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.environ.update(json.loads(sys.argv[4]))
step = {"type": "text_to_image", "model": "flux_dev"}
steps = [{**step, "name": f"job_{n}", "params": {"prompt": f"picture {n}"}} for n in range(count)]
config = {"settings": {"rate_limits": {"fal": {"concurrency": workers}}, "log_level": "error"},
          "steps": [{"type": "parallel_group", "name": "jobs", "max_workers": workers, "steps": steps}]}
manager = AIPipelineManager(output_dir=folder)
marks, seen = {}, {"StepStarted": 0, "StepFinished": 0}
def listen(event):
    name = type(event).__name__
    if name in seen:
        seen[name] += 1
        if (name, seen[name]) in {("StepFinished", 1), ("StepStarted", count)}:
            marks[name] = time.perf_counter(), time.process_time(), seen["StepStarted"] - seen["StepFinished"]
wall, cpu = time.perf_counter(), time.process_time()
result = manager.run_pipeline(config, listeners=[listen])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
(begun, spent, _), (ended, spent_then, busy) = marks["StepFinished"], marks["StepStarted"]
steady = {"span": ended - begun, "share": (spent_then - spent) / (ended - begun), "busy": busy}
assert result.success, [step.reason for step in result if step.reason][:3]
peak = result.report.peak
del manager, result
others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
for thread in others:
    thread.join(5)
gc.collect()
def is_socket(name):
    try:
        return stat.S_ISSOCK(os.fstat(int(name)).st_mode)
    except OSError:
        return False
left = sum(thread.is_alive() for thread in others) + sum(map(is_socket, os.listdir("/dev/fd")))
figures = {"count": count, "seconds": wall, "cpu": cpu, "left": left, "peak": peak, **steady}
"""


# Draws no job that takes ten times as long as the others, for which the run would wait when all is measured.
SEED = "6"


@contextmanager
def provider(speed: float) -> Iterator[dict[str, str]]:
    """A simulated fal, ``speed`` times faster; the variables that lead to it."""
    command = [sys.executable, "-m", "tests.simulators", "--provider", "fal", "--speed", str(speed),
               "--seed", SEED, "--until-eof"]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        variables = dict(
            line.strip().partition("=")[::2] for line in iter(process.stdout.readline, "ready\n")
        )
        yield variables
        process.stdin.close()


def jobs(count: int, workers: int, speed: float) -> dict[str, float]:
    """A run of so many jobs in a process of its own: seconds, processor seconds, peak memory, leftovers."""
    with provider(speed) as variables, tempfile.TemporaryDirectory() as folder:
        return child(RUN, str(count), str(workers), folder, json.dumps(variables))


def remote(runs: int) -> list[Figure]:
    """64 jobs at once, four times as quick as true ones, and 1,000 quick ones with 256 workers.

    With one run: fewer of them, and of the second kind far fewer, only to see that it works.
    """
    usual = jobs(256 if runs > 1 else 128, 64, 4.0)
    count, workers, speed = (1000, 256, 10.0) if runs > 1 else (200, 64, 100.0)
    many = jobs(count, workers, speed)
    steady = f"{usual['busy']:.0f} at once for {usual['span']:.1f} s"
    told = f"{steady}, {usual['count']:.0f} jobs in {usual['seconds']:.1f} s"
    crowd = f"in {many['seconds']:.1f} s, {many['cpu']:.1f} s of processor, {many['peak']:.0f} at once"
    named = f"{count:,} jobs, {workers} workers"
    return [
        Figure("64 jobs at fal: processor", 100 * usual["share"], 25, "%", told),
        Figure("64 jobs at fal: memory", usual["peak_mb"], 150, "MB"),
        Figure(f"{named}: threads and sockets left", many["left"], 0, "", crowd),
        Figure(f"{named}: memory", many["peak_mb"], 300, "MB"),
    ]
