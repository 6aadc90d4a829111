"""The throttle against simulated providers in virtual time: how near to the best, at what waste.

Every cell is efficiency in per cent (the time that the limit itself needs, over ours) and refusals per
thousand jobs, the mean of three seeds. The goals are those that docs/rate-limits.md names.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from statistics import mean
from typing import TYPE_CHECKING, Any, NamedTuple

from acp_action.engine.throttle import Throttle
from benchmarks.measure import Figure
from tests.engine.servers import (
    KINDS,
    Changing,
    Client,
    InFlight,
    Outage,
    SlidingWindow,
    TokenBucket,
    best_possible,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.engine.servers import Outcome

SEEDS = (11, 12, 13)
JOBS = 2000


class Cell(NamedTuple):
    """The mean over seeds: efficiency in per cent, refusals per thousand jobs; failed jobs in all."""

    efficiency: float
    refusals: float
    failed: int

    def __str__(self) -> str:
        """As the table has it."""
        return f"{self.efficiency:.1f} / {self.refusals:.1f}"


class Row(NamedTuple):
    """One line of the table with its goals: at least so efficient, at most so many refusals by kind."""

    name: str
    least: float
    most: dict[str, float]
    told: dict[str, Any]
    warm: bool = False


ROWS = (
    Row("told nothing", 98.0, {"TB": 10, "SW": 20, "FW": 20, "CC": 10, "TB+CC": 20}, {}),
    Row("Retry-After in seconds", 97.5, dict.fromkeys(KINDS, 15.0), {"retry_after": True}),
    Row("limit headers", 97.0, dict.fromkeys(KINDS, 3.0), {"retry_after": True, "headers": True}),
    Row("told nothing, warm", 0.0, {"TB": 8, "SW": 8, "CC": 8}, {}, warm=True),
)


def ratelimits(runs: int) -> list[Figure]:
    """All scenarios; with a single run, one seed of each."""
    seeds = SEEDS if runs > 1 else SEEDS[:1]
    return [*_table(seeds), *_changes(seeds), *_outage(seeds)]


def _table(seeds: Sequence[int]) -> Iterator[Figure]:
    print(f"\n| {JOBS} jobs, efficiency % / refusals per 1,000 | {' | '.join(KINDS)} |")
    print(f"| --- | {' | '.join('---:' for _ in KINDS)} |")
    figures: list[Figure] = []
    for row in ROWS:
        for workers in (64, 256):
            cells = {kind: _cell(kind, row, workers, seeds) for kind in KINDS}
            print(f"| {row.name}, {workers} workers | {' | '.join(map(str, cells.values()))} |", flush=True)
            figures += _judged(row, workers, cells)
    print()
    yield from figures


def _judged(row: Row, workers: int, cells: dict[str, Cell]) -> Iterator[Figure]:
    name = f"{row.name}, {workers} workers"
    yield Figure(f"{name}: lost, at the most", 100 - min(c.efficiency for c in cells.values()),
                 100 - row.least, "%")  # fmt: skip
    nearest = max(row.most, key=lambda kind: cells[kind].refusals / row.most[kind])
    yield Figure(f"{name}: refusals per 1,000, nearest to its goal", cells[nearest].refusals,
                 row.most[nearest], "", detail=nearest)  # fmt: skip
    yield Figure(f"{name}: jobs failed", sum(c.failed for c in cells.values()), 0, "")


def _cell(kind: str, row: Row, workers: int, seeds: Sequence[int]) -> Cell:
    found = [
        _run(KINDS[kind], seed, workers, _throttle(kind, row, workers, seed), **row.told) for seed in seeds
    ]
    return Cell(
        mean(efficiency for _, efficiency in found),
        mean(len(out.refusals) for out, _ in found) / JOBS * 1000,
        sum(out.failed for out, _ in found),
    )


def _throttle(kind: str, row: Row, workers: int, seed: int) -> Throttle:
    """A new one, or one that goes on from what another run has learnt."""
    throttle = Throttle()
    if row.warm:
        before = Throttle()
        _run(KINDS[kind], seed + 100, workers, before)
        throttle.restore(json.loads(json.dumps(before.snapshot())))
    return throttle


def _run(
    server: Callable[[], Any], seed: int, workers: int, throttle: Throttle, jobs: int = JOBS, **told: Any
) -> tuple[Outcome, float]:
    out = Client(server(), throttle, workers=workers, jobs=jobs, seed=seed, **told).run()
    best = best_possible(server(), workers, jobs, seed)
    return out, 100.0 * best / out.seconds * out.done / jobs


class Change(NamedTuple):
    """A limit that changes in mid-run; goals in seconds, and in refusals in the minute after it."""

    name: str
    server: Callable[[float], Any]
    rate: float
    halved: float


CHANGES = (
    Change("TB", lambda factor: TokenBucket(10.0 * factor), 10.0, 20.0),
    Change("SW", lambda factor: SlidingWindow(int(60 * factor)), 6.0, 20.0),
    Change("CC", lambda factor: InFlight(int(10 * factor)), 5.0, 45.0),
)


def _changes(seeds: Sequence[int]) -> Iterator[Figure]:
    for change in CHANGES:
        for factor, word, goal in ((0.5, "halved", change.halved), (2.0, "doubled", 75.0)):
            found = [_changed(change, factor, seed) for seed in seeds]
            name = f"{change.name} {word}"
            yield Figure(f"{name}: seconds until settled, the longest", max(f[0] for f in found), goal, "s")
            yield Figure(f"{name}: refusals in the minute after it", max(f[1] for f in found), 45, "")


def _changed(change: Change, factor: float, seed: int, jobs: int = 3000) -> tuple[float, int]:
    at = 0.4 * jobs / change.rate
    server = Changing(change.server(1.0), change.server(factor), at)
    out = Client(server, Throttle(), jobs=jobs, seed=seed).run()
    moment = at
    while moment < out.entries[-1] - 10.0 and not _settled(out, moment, change.rate * factor):
        moment += 1.0
    return moment - at, _count(out.refusals, at, at + 60.0)


def _settled(out: Outcome, moment: float, rate: float) -> bool:
    """Whether, over ten seconds, 80 % of the rate were let in and at most 5 % refused."""
    entries = _count(out.entries, moment, moment + 10.0)
    refusals = _count(out.refusals, moment, moment + 10.0)
    return entries >= 8.0 * rate and refusals <= 0.05 * (entries + refusals)


def _count(moments: Sequence[float], start: float, end: float) -> int:
    return bisect_left(moments, end) - bisect_left(moments, start)


def _outage(seeds: Sequence[int], seconds: float = 60.0) -> Iterator[Figure]:
    """Everything is refused for a minute, beginning at three different places within ten seconds."""
    found = []
    for start in (60.0, 63.3, 71.7):
        for seed in seeds:
            server = lambda start=start: Outage(TokenBucket(), start, seconds)  # noqa: E731
            out, efficiency = _run(server, seed, 64, Throttle())
            end = start + seconds
            first = out.entries[bisect_left(out.entries, end)] - end
            found.append((_count(out.sends, start, end), first, 100.0 - efficiency, out.failed))
    yield Figure("outage of 60 s: requests sent, at the most", max(f[0] for f in found), 20, "")
    yield Figure("outage of 60 s: first success after it", max(f[1] for f in found), 10.0, "s")
    yield Figure("outage of 60 s: lost, at the most", max(f[2] for f in found), 5.0, "%")
    yield Figure("outage of 60 s: jobs failed", sum(f[3] for f in found), 0, "")
