"""Who we are measured against: the loops a good programmer would write, and libraries where installed."""

from __future__ import annotations

import importlib.util
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future


def pool_loop(needs: Sequence[Sequence[int]], work: Callable[[int], object], workers: int) -> None:
    """The bare pool: ThreadPoolExecutor and a dataflow loop; no limits, events, timings or results."""
    followers: list[list[int]] = [[] for _ in needs]
    missing = [len(sources) for sources in needs]
    for node, sources in enumerate(needs):
        for source in sources:
            followers[source].append(node)
    with ThreadPoolExecutor(workers) as pool:
        pending: dict[Future[object], int] = {
            pool.submit(work, node): node for node, count in enumerate(missing) if count == 0
        }
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                node = pending.pop(future)
                future.result()
                for follower in followers[node]:
                    missing[follower] -= 1
                    if missing[follower] == 0:
                        pending[pool.submit(work, follower)] = follower


def dask_threads(needs: Sequence[Sequence[int]], work: Callable[[int], object], workers: int) -> None:
    """The same graph on dask's threaded scheduler."""
    from dask.threaded import get

    def call(node: int, *_: Any) -> None:
        work(node)

    graph = {f"n{i}": (call, i, *(f"n{s}" for s in sources)) for i, sources in enumerate(needs)}
    get(graph, list(graph), num_workers=workers)


def prefect_flow(needs: Sequence[Sequence[int]], work: Callable[[int], object], workers: int) -> None:
    """The same graph as a Prefect flow on its thread pool."""
    from prefect import flow, task
    from prefect.task_runners import ThreadPoolTaskRunner

    @task  # type: ignore[untyped-decorator]
    def call(node: int) -> None:
        work(node)

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=workers))  # type: ignore[untyped-decorator]
    def run() -> None:
        made: list[Any] = []
        for node, sources in enumerate(needs):
            made.append(call.submit(node, wait_for=[made[s] for s in sources]))
        for future in made:
            future.wait()

    run()


PEERS: dict[str, Callable[[Sequence[Sequence[int]], Callable[[int], object], int], None]] = {
    "dask": dask_threads,
    "prefect": prefect_flow,
}


def installed() -> list[str]:
    """The optional peers that are there."""
    return [name for name in PEERS if importlib.util.find_spec(name) is not None]
