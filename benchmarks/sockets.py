"""The throttle in whole runs over real sockets, beside the same runs in virtual time.

A pipeline of chat steps runs as a user's does (its own process, threads, the machine's clock, the adapter,
the journal) against a simulated provider in another process, told nothing; a last row is of runs with the
limit in their settings. Limits and job times are a few
times quicker than those of ``ratelimits``, so that a run takes seconds; the throttle is the same. Each cell
is efficiency in per cent (the time that the limit itself needs, over ours), and refusals per thousand jobs.

Jobs of a tenth of a second make much of the milliseconds that this machine needs for each (the journal's
syncs above all), so these are measured and given to the virtual run, and to the bound, as its way there and
back.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from statistics import mean
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.engine.throttle import Limits, Throttle
from benchmarks.measure import Figure
from tests.engine import servers
from tests.simulators import limits
from tests.simulators.latency import Latency
from tests.simulators.openrouter import OpenRouterSimulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

QUICK_JOBS = 80
WORKERS = (4, 16, 64)
# Points of efficiency that sockets may cost.
POINTS = 5.0
_MODEL: Final = "google/gemini-2.5-flash-lite"
_SPAWN = multiprocessing.get_context("spawn")


class OfTheWall(limits.FixedWindow):
    """Windows that begin at round times of the clock on the wall, as everybody's do."""

    def refusal(self, now: float) -> limits.Refusal | None:  # noqa: ARG002 - the protocol's signature
        """As of every limit."""
        return super().refusal(time.time())

    def take(self, now: float) -> None:  # noqa: ARG002 - the protocol's signature
        """As of every limit."""
        super().take(time.time())


class Scene(NamedTuple):
    """One limit, as the simulator has it and as virtual time has it; ``wall`` is the clock at moment 0.

    ``seconds``: of a job on average; ``jobs``: how many. ``told``: what a user would set who knows the limit.
    """

    real: Callable[[], list[limits.Limit]]
    virtual: Callable[[float], Any]
    seconds: float
    told: dict[str, float]
    jobs: int = 600


SCENES: dict[str, Scene] = {
    "TB": Scene(
        lambda: [limits.TokenBucket(40.0, 20)], lambda _: servers.TokenBucket(40.0, 20.0), 0.05,
        {"requests_per_minute": 2400},
    ),
    "SW": Scene(
        lambda: [limits.SlidingWindow(60, 5.0)], lambda _: servers.SlidingWindow(60, 5.0), 0.05,
        {"requests_per_minute": 720}, 420,
    ),
    "FW": Scene(
        lambda: [OfTheWall(60, 5.0)], lambda wall: servers.FixedWindow(60, 5.0, wall), 0.05,
        {"requests_per_minute": 720}, 420,
    ),
    "CC": Scene(
        lambda: [limits.InFlight(6)], lambda _: servers.InFlight(6), 0.15,
        {"concurrency": 6},
    ),
    "TB+CC": Scene(
        lambda: [limits.TokenBucket(40.0, 20), limits.InFlight(10)],
        lambda _: servers.Together((servers.TokenBucket(40.0, 20.0), servers.InFlight(10))), 0.15,
        {"requests_per_minute": 2400, "concurrency": 10},
    ),
}  # fmt: skip


class Seen(NamedTuple):
    """What the simulator saw of a run: of each job its seconds; refusals; the clock as the first came."""

    service: list[float]
    refusals: int
    wall: float


class Played(NamedTuple):
    """What the run's process saw: the seconds of the run, and of each job's last attempt."""

    seconds: float
    attempts: list[float]


class Cell(NamedTuple):
    """Efficiency in per cent, and refusals per thousand jobs."""

    efficiency: float
    refusals: float

    def __str__(self) -> str:
        """As the table has it."""
        return f"{self.efficiency:.1f} / {self.refusals:.0f}"


def sockets(runs: int) -> list[Figure]:
    """All limits at 4, 16 and 64 workers; with a single run, few jobs and one limit of each kind."""
    scenes = tuple(SCENES) if runs > 1 else ("TB", "CC")
    few = None if runs > 1 else QUICK_JOBS
    print(f"\n| sockets, virtual time, points between | {' | '.join(scenes)} |")
    print(f"| --- | {' | '.join('---:' for _ in scenes)} |")
    worst = []
    for workers, told in [*((w, False) for w in WORKERS), *([(WORKERS[-1], True)] if runs > 1 else [])]:
        found = {name: _both(name, workers, few or SCENES[name].jobs, told=told) for name in scenes}
        worst += [(v.efficiency - r.efficiency, f"{n}, {workers} workers") for n, (r, v) in found.items()]
        row = " | ".join(f"{r}, {v}, {v.efficiency - r.efficiency:+.1f}" for r, v in found.values())
        print(f"| {workers} workers{', told the limit' if told else ''} | {row} |", flush=True)
    print()
    points, where = max(worst)
    return [Figure("sockets cost points of efficiency, at the most", points, POINTS, "", detail=where)]


def ways(played: Played, seen: Seen) -> list[float]:
    """The seconds from here to the provider, or back: half of what each attempt took longer than the work."""
    return [max(a - s, 0.0) / 2.0 for a, s in zip(played.attempts, seen.service, strict=True)]


def _both(name: str, workers: int, jobs: int, *, told: bool = False) -> tuple[Cell, Cell]:
    """The same run over sockets and in virtual time; ``told``: with the limit in the settings."""
    scene = SCENES[name]
    limit = scene.told if told else {}
    played, seen = over_sockets(name, workers, jobs, {"rate_limits": {"openrouter": limit}} if told else {})
    given: dict[str, Any] = {"service": seen.service, "hops": ways(played, seen)}
    best = servers.best_possible(scene.virtual(seen.wall), workers, jobs, 0, **given)
    virtual = [_virtual(scene, limit, workers, jobs, seed, seen.wall, **given) for seed in range(5)]
    return (
        Cell(100.0 * best / played.seconds, 1000.0 * seen.refusals / jobs),
        Cell(
            mean(100.0 * best / out.seconds for out in virtual),
            mean(1000.0 * len(out.refusals) / jobs for out in virtual),
        ),
    )


def _virtual(
    scene: Scene, told: dict[str, float], workers: int, jobs: int, seed: int, wall: float, **given: Any
) -> servers.Outcome:
    minute, concurrency = told.get("requests_per_minute"), told.get("concurrency")
    known = Limits(
        per_second=minute and minute / 60.0,
        concurrency=None if concurrency is None else int(concurrency),
        profile="pace",
    )
    client = servers.Client(
        scene.virtual(wall), Throttle(known, wall=wall), workers=workers, jobs=jobs, seed=seed, kind="told",
        refusing=0.002, **given,
    )  # fmt: skip
    return client.run()


def over_sockets(name: str, workers: int, jobs: int, settings: dict[str, Any]) -> tuple[Played, Seen]:
    """One run, as it and as the simulator saw it; both in processes of their own."""
    ours, theirs = _SPAWN.Pipe()
    server = _SPAWN.Process(target=_serve, args=(theirs, name))
    server.start()
    theirs.close()
    try:
        with ProcessPoolExecutor(1, mp_context=_SPAWN) as pool:
            played = pool.submit(_play, ours.recv(), workers, jobs, settings).result()
        ours.send(jobs)
        return played, ours.recv()
    finally:
        ours.close()
        server.join()


def _serve(pipe: Connection, name: str) -> None:
    """A simulator until it is asked what it saw."""
    scene = SCENES[name]
    latency = Latency(scene.seconds)
    with OpenRouterSimulator(limits=scene.real(), latency=latency, told="absent", seed=7) as sim:
        offset = time.time() - sim.now()
        pipe.send(sim.environment())
        try:
            jobs = pipe.recv()
        except EOFError:
            return
        orders = sim.calls("order")
        refusals = sum(call.status == 429 for call in orders)
        service = [sim.seconds(_MODEL, f"job {n}") for n in range(jobs)]
        pipe.send(Seen(service, refusals, orders[0].at + offset))


def _play(environment: dict[str, str], workers: int, jobs: int, settings: dict[str, Any]) -> Played:
    """Run the pipeline in this process."""
    os.environ.update(environment)
    from acp_action import AIPipelineManager

    steps = [_step(n) for n in range(jobs)]
    group = {"name": "all", "type": "parallel_group", "max_workers": workers, "steps": steps}
    with tempfile.TemporaryDirectory() as folder:
        config = {"settings": {"log_level": "ERROR", **settings}, "steps": [group]}
        result = AIPipelineManager(output_dir=folder).run_pipeline(config)
    if not result.success:
        raise RuntimeError(f"{result!r}: {next(step.reason for step in result if not step.success)}")
    last = [step.attempts[-1] for step in result]
    return Played(result.total_duration, [attempt.finished - attempt.started for attempt in last])


def _step(number: int) -> dict[str, Any]:
    return {
        "name": f"job_{number:04d}",
        "type": "generate_prompt",
        "model": "openrouter_chat",
        "params": {"prompt": f"job {number}"},
    }
