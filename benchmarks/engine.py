"""The engine alone, against the bare pool loop and against lower bounds, with everything on."""

from __future__ import annotations

import random
import statistics
import time
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING, Any

from acp_action.artifacts import Output
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.providers.base import Product
from benchmarks.measure import Figure, child, cpus, interleaved, ratio, timed, walls
from benchmarks.peers import installed, pool_loop
from tests.engine.plans import Spec, plan_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Request, Token

_MADE = Product("image")
_OUTPUT = Output("image", ())


class Timed:
    """A provider whose step i takes what ``work(i)`` takes."""

    name = "fake"

    def __init__(self, work: Callable[[int], object]) -> None:
        self._work = work

    def check(self, *_: Any, **__: Any) -> tuple[()]:
        """Nothing is wrong."""
        return ()

    def expected_seconds(self, *_: Any) -> None:
        """Nothing is known."""
        return

    def run(self, request: Request, token: Token) -> Product:  # noqa: ARG002
        """Do the work of the step; its name is its number."""
        self._work(int(request.step))
        return _MADE


class Nowhere:
    """A publisher that keeps nothing."""

    def stage_for(self, stem: str) -> Any:  # noqa: ARG002
        """No files."""
        return None

    def publish(self, stem: str, product: Product) -> Output:  # noqa: ARG002
        """The same output for all."""
        return _OUTPUT

    def fault(self, stem: str, error: OSError) -> None:  # noqa: ARG002
        """Never a fault."""
        return

    def discard(self, stem: str) -> None:
        """Nothing to remove."""


def ours(plan: Plan, work: Callable[[int], object]) -> RunResult:
    """One run with a listener, a fresh lane, timings and results."""
    heard = 0

    def listen(event: object) -> None:  # noqa: ARG001
        nonlocal heard
        heard += 1

    result = run_plan(
        plan, providers={"fake": Timed(work)}, publisher=Nowhere(), listeners=[listen], lanes=_free_lanes()
    )
    if not result.success or heard < 2 * len(plan.steps):
        raise RuntimeError("the run did not do its work")
    return result


def _free_lanes() -> Lanes:
    """As the embedded provider's: nothing limits it."""
    return Lanes(lambda _provider: Limits(none=True))


def layered(count: int, width: int) -> list[Spec]:
    """``width`` chains side by side, ``count`` steps in all."""
    return [Spec(str(i), data=(i - width,) if i >= width else ()) for i in range(count)]


def overhead(runs: int, sizes: Sequence[int] = (1000, 10_000), workers: int = 8) -> list[Figure]:
    """Cost per no-op step on 8 workers, chains of 100 side by side."""
    figures, per_step = [], []
    for count in sizes:
        specs = layered(count, 100)
        plan = plan_of(specs, max_workers=workers)
        needs = [spec.data for spec in specs]
        found = interleaved(
            runs,
            {
                "ours": partial(ours, plan, _nothing),
                "loop": partial(pool_loop, needs, _nothing, workers),
            },
        )
        mine = statistics.median(walls(found["ours"])) / count * 1e6
        loop = statistics.median(walls(found["loop"])) / count * 1e6
        per_step.append(mine)
        value = ratio(walls(found["ours"]), walls(found["loop"]))
        detail = f"{mine:.1f} us a step, pool loop {loop:.1f} us"
        figures.append(
            Figure(f"{count} no-op steps, 8 workers, against the pool loop", value, 1.2, detail=detail)
        )
        figures.extend(_others(count))
    if len(per_step) > 1:
        figures.append(Figure("cost per step, largest against smallest", per_step[-1] / per_step[0], 1.1))
    return figures


def _others(count: int) -> list[Figure]:
    """What the installed peers reach on the same work; no goal of ours.

    Each in a process of its own: what they leave running must not slow down what is measured after them.
    """
    found = []
    for name in installed() if count <= 1000 else []:
        took = child(PEER, name, str(count))
        detail = f"{took['peer'] / count * 1e6:.1f} us a step, pool loop {took['loop'] / count * 1e6:.1f} us"
        found.append(Figure(f"  (peer: {name})", took["peer"] / took["loop"], float("inf"), detail=detail))
    return found


PEER = """
import os, statistics, sys, tempfile, time
home = tempfile.TemporaryDirectory()
os.environ |= {
    "PREFECT_HOME": home.name, "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
}
from benchmarks.engine import layered
from benchmarks.peers import PEERS, pool_loop

def seconds(work, count):
    needs = [spec.data for spec in layered(count, 100)]
    begun = time.perf_counter()
    work(needs, lambda node: None, 8)
    return time.perf_counter() - begun

peer, count = PEERS[sys.argv[1]], int(sys.argv[2])
seconds(pool_loop, 100), seconds(peer, 100)
loops, peers = [], []
while len(peers) < 5 and sum(peers) < 10:
    loops.append(seconds(pool_loop, count))
    peers.append(seconds(peer, count))
figures = {"loop": statistics.median(loops), "peer": statistics.median(peers)}
"""


def memory(count: int = 10_000) -> list[Figure]:
    """What is kept of a step when the run is over and while it lasts, in KB."""
    plan = plan_of(layered(count, 100), max_workers=8)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = ours(plan, _nothing)
    peak = (tracemalloc.get_traced_memory()[1] - before) / count / 1024
    tracemalloc.stop()
    if len(result) != count:
        raise RuntimeError("steps were lost")
    return [Figure(f"memory a step at the peak, {count} steps", peak, 2.0, "KB")]


def fan_out(runs: int, count: int = 1000, workers: int = 64) -> list[Figure]:
    """1,000 steps of 10 ms on 64 workers."""
    specs = [Spec(str(i)) for i in range(count)]
    plan, needs = plan_of(specs, max_workers=workers), [()] * count
    found = interleaved(
        runs, {"ours": lambda: ours(plan, _ten_ms), "loop": lambda: pool_loop(needs, _ten_ms, workers)}
    )
    wall, cpu = (
        ratio(walls(found["ours"]), walls(found["loop"])),
        ratio(cpus(found["ours"]), cpus(found["loop"])),
    )
    best = min(walls(found["ours"]))
    detail = f"{best * 1000:.0f} ms, bound {count / workers * 10:.0f} ms"
    return [
        Figure(
            f"{count} steps of 10 ms on {workers} workers, against the pool loop", wall, 1.02, detail=detail
        ),
        Figure("  processor time, against the pool loop", cpu, 1.0),
    ]


def chains(runs: int, count: int = 1000, workers: int = 32, *, known: bool = True) -> Figure:
    """image -> video chains with lognormal durations, dataflow, against the lower bound."""
    times = lognormal(2 * count, mean=0.05, sigma=0.6, seed=20)
    specs = [
        Spec(str(i), data=(i - count,) if i >= count else (), expected=times[i] if known else None)
        for i in range(2 * count)
    ]
    plan = plan_of(specs, max_workers=workers)
    bound = max(sum(times) / workers, max(times[i] + times[i + count] for i in range(count)))
    found = [ours(plan, lambda i: time.sleep(times[i])).total_duration for _ in range(runs)]
    fifo = timed(lambda: pool_loop([s.data for s in specs], lambda i: time.sleep(times[i]), workers))[0]
    goal = (1.01 if count >= 1000 else 1.05) if known else float("inf")
    detail = f"bound {bound:.3f} s; pool loop first in, first out {fifo / bound:.3f} x"
    words = "known" if known else "learnt"
    return Figure(
        f"{count} chains on {workers} workers, durations {words}, against the bound",
        statistics.median(found) / bound,
        goal,
        detail=detail,
    )


def lognormal(count: int, *, mean: float, sigma: float, seed: int) -> list[float]:
    """Durations in seconds whose expectation is ``mean``."""
    rng = random.Random(seed)
    scale = mean / 2.718281828459045 ** (sigma * sigma / 2)
    return [scale * rng.lognormvariate(0.0, sigma) for _ in range(count)]


def _nothing(_: int) -> None:
    return


def _ten_ms(_: int) -> None:
    time.sleep(0.01)
