"""Uploading an artifact: memory, and speed beside the official client on the same files and server."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, child, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOP = Path(__file__).resolve().parent.parent
CLIENTS = Path(os.environ.get("NODE_CLIENTS", TOP / ".node-clients")).resolve()
SCRIPT = TOP / "tests/e2e/node/client.mjs"
GIB = 1024**3

# A run's output: films and pictures, which do not compress, and reports, which do.
FILES = {"film": (2, 64 * 1024**2), "picture": (32, 2 * 1024**2)}

OURS = """
import random, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
import requests, tenacity
from acp_action.github.archive import pack
from acp_action.github.artifacts import upload_artifact
from acp_action.github.context import ArtifactServer

root, url, token, hosts = Path(sys.argv[1]), *sys.argv[2:]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
begun = time.perf_counter()
archive = pack(root, sorted(p for p in root.rglob("*") if p.is_file()), root.with_suffix(".zip"))
packed = time.perf_counter()
upload_artifact(
    archive, "ours", ArtifactServer(url, token), overwrite=True, mask=lambda _: None, wait=lambda _: None,
    random=random.Random(1), now=lambda: datetime.now(UTC), order_free=hosts.split(),
)
figures = {"seconds": time.perf_counter() - begun, "packing": packed - begun, "before_mb": before}
"""


@contextlib.contextmanager
def service() -> Iterator[tuple[str, str]]:
    """The address and a token of a service, in a process of its own, that throws contents away."""
    command = [sys.executable, "-m", "tests.github.artifact_service", "--discard"]
    with subprocess.Popen(
        command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin
        assert running.stdout
        told = json.loads(running.stdout.readline())
        try:
            yield told["url"], told["token"]
        finally:
            running.stdin.close()


def memory() -> list[Figure]:
    """How much memory an upload of 2 GB takes beyond what the program has before."""
    with tempfile.TemporaryDirectory() as folder, service() as (url, token):
        root = Path(folder, "output")
        root.mkdir()
        (root / "film.mp4").touch()
        os.truncate(root / "film.mp4", 2 * GIB)
        found = child(OURS, str(root), url, token, "localhost")
    grown = found["peak_mb"] - found["before_mb"]
    detail = f"{found['seconds']:.1f} s, {found['packing']:.1f} s of them for packing"
    return [Figure("memory grows while 2 GB are uploaded", grown, 40.0, "MB", detail)]


def throughput(runs: int) -> list[Figure]:
    """Seconds of packing and uploading, as a ratio to the newest official client's."""
    if shutil.which("node") is None or not (CLIENTS / "node_modules").is_dir():
        print("     artifact: no comparison with @actions/artifact, run `make node-clients` (needs Node)")
        return []
    with tempfile.TemporaryDirectory() as folder, service() as (url, token):
        root = Path(folder, "output")
        size = _fill(root)
        contenders: dict[str, Callable[[], float]] = {
            "together": lambda: child(OURS, str(root), url, token, "localhost")["seconds"],
            "one by one": lambda: child(OURS, str(root), url, token, ".invalid")["seconds"],
            "stored": lambda: _theirs(root, url, token, 0),
            "default": lambda: _theirs(root, url, token, 6),
        }
        found: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(runs + 1):
            for name, run in contenders.items():
                found[name].append(run())
    # The first round warms up the disk's cache.
    found = {name: seconds[1:] for name, seconds in found.items()}
    speed = ", ".join(f"{name} {size / 1e6 / min(seconds):.0f} MB/s" for name, seconds in found.items())
    goal = 1 / 0.9
    return [
        Figure(
            "upload, to @actions/artifact storing (4 blocks at once)",
            ratio(found["together"], found["stored"]),
            goal,
            detail=speed,
        ),
        Figure(
            "upload, to @actions/artifact storing (1 block at a time)",
            ratio(found["one by one"], found["stored"]),
            goal,
        ),
        Figure("upload, to @actions/artifact as it comes", ratio(found["together"], found["default"]), goal),
    ]


def _fill(root: Path) -> int:
    """Write the files; their size in bytes."""
    root.mkdir()
    rng = random.Random(1)
    for name, (count, size) in FILES.items():
        for number in range(count):
            (root / f"{name}_{number}.{'mp4' if name == 'film' else 'png'}").write_bytes(rng.randbytes(size))
    (root / "report.md").write_text("| step | succeeded | 2.3 s |\n" * 20_000, encoding="utf-8")
    return sum(path.stat().st_size for path in root.iterdir())


def _theirs(root: Path, url: str, token: str, level: int) -> float:
    """Seconds of the official client's upload, its start not counted."""
    package = CLIENTS / "node_modules/artifact-newest"
    environment = {"PATH": os.environ["PATH"], "ACTIONS_RESULTS_URL": url, "ACTIONS_RUNTIME_TOKEN": token}
    node = ["node", str(SCRIPT), str(package)]
    name = f"theirs-{random.SystemRandom().getrandbits(64)}"
    files = [str(path) for path in sorted(root.iterdir())]
    done = subprocess.run(
        [*node, "upload", name, str(root), str(level), *files],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])
