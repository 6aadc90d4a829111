"""Simulators as a process, for programs that are tried from outside.

    python -m tests.simulators --provider fal --provider replicate --port 9000 --speed 100

prints the variables to set, as NAME=VALUE, then a line "ready", and serves until it is stopped by a signal.
``GET /_sim/ledger`` and ``/_sim/requests`` of each address tell what happened. ``POST /_sim/script`` with
{"fault": "N2.drop"}, ``/_sim/chaos`` with {"seed": 7, "rate": 0.1} and ``/_sim/calm`` change what will.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from tests.simulators.named import PROVIDERS, simulator


def options(line: list[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add = parser.add_argument
    add("--provider", action="append", choices=[*PROVIDERS], help="may be repeated; all when it is not given")
    add("--port", type=int, default=0, help="the first of consecutive ports; any free ones by default")
    add("--host", default="127.0.0.1", help="the address to listen at")
    add("--public-host", default="", help="the name by which callers reach this machine")
    add("--speed", type=float, default=1.0, help="divides how long work takes")
    add("--seed", type=int, default=0, help="of how long work takes")
    add("--ledger", type=Path, help="a folder for <provider>.jsonl with what was billed")
    add("--until-eof", action="store_true", help="stop when standard input ends too")
    add(
        "--script",
        action="append",
        default=[],
        help="a fault, such as N2.drop, for its first call; may be repeated",
    )
    return parser.parse_args(line)


def main(line: list[str]) -> None:
    """Serve until it is time to stop."""
    asked = options(line)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    free = count(asked.port) if asked.port else None
    with ExitStack() as stack:
        for provider in asked.provider or PROVIDERS:
            made = simulator(provider)
            sim = stack.enter_context(
                made(
                    seed=asked.seed,
                    speed=asked.speed,
                    host=asked.host,
                    public_host=asked.public_host,
                    ports={role: next(free) for role in made.roles} if free else None,
                    ledger_path=asked.ledger and asked.ledger / f"{provider}.jsonl",
                )
            )
            for fault in asked.script:
                sim.script(fault)
            sys.stdout.writelines(f"{name}={value}\n" for name, value in sim.environment().items())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if asked.until_eof:
            threading.Thread(target=_until_input_ends, args=(stop,), daemon=True).start()
        stop.wait()


def _until_input_ends(stop: threading.Event) -> None:
    """Whoever started this is gone."""
    while sys.stdin.buffer.read(1):
        pass
    stop.set()


if __name__ == "__main__":
    main(sys.argv[1:])
