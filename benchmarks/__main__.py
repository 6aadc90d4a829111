"""``python -m benchmarks [--quick] [--json FILE] [NAME …]``: measure, print, and say which goals are met.

Run it on a quiet machine. ``--quick`` is a smoke test with few runs, whose figures prove nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import action, artifact, doors, engine, polling, ratelimits, reactions, remote, sockets
from benchmarks.measure import Figure, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

SUITES: dict[str, Callable[[int], list[Figure]]] = {
    "overhead": lambda runs: engine.overhead(runs),
    "memory": lambda _runs: engine.memory(),
    "fan-out": lambda runs: engine.fan_out(runs),
    "chains": lambda runs: [
        engine.chains(runs),
        engine.chains(runs, 100),
        engine.chains(min(runs, 3), known=False),
    ],
    "guide": lambda runs: doors.guide_examples(runs),
    "command": lambda runs: doors.whole_command(runs),
    "start-up": lambda runs: doors.start_up(runs),
    "loading": lambda runs: doors.loading(runs),
    "report": lambda _runs: doors.reporting(),
    "action": lambda runs: action.action(runs),
    "artifact": lambda runs: [*artifact.memory(), *artifact.throughput(runs)],
    "polling": lambda runs: polling.polling(runs),
    "ratelimits": lambda runs: ratelimits.ratelimits(runs),
    "ratelimits-sockets": lambda runs: sockets.sockets(runs),
    "reactions": lambda runs: [
        reactions.fail_fast(runs),
        reactions.timeout(runs),
        *reactions.stop_while_waiting(runs),
    ],
    "remote": lambda runs: remote.remote(runs),
}


def main() -> int:
    """Run the suites asked for; the exit code is 1 when a goal is missed (never with ``--quick``)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="NAME", help=f"of {', '.join(SUITES)}; default all")
    parser.add_argument("--quick", action="store_true", help="one run of each: does it work at all")
    parser.add_argument("--runs", type=int, default=5, help="counted runs (default 5)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    unknown = [name for name in given.suites if name not in SUITES]
    if unknown:
        parser.error(f"there is no suite {', '.join(unknown)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}")
    figures: list[Figure] = []
    for name in given.suites or SUITES:
        for figure in SUITES[name](1 if given.quick else given.runs):
            print(figure.row(), flush=True)
            figures.append(figure)
    if given.json:
        given.json.write_text(to_json(figures), encoding="utf-8")
    missed = [figure.name for figure in figures if not figure.good]
    print(f"{len(figures) - len(missed)} goals met, {len(missed)} missed")
    return 1 if missed and not given.quick else 0


if __name__ == "__main__":
    raise SystemExit(main())
