"""A simulated pipeline in figures: how long, how many requests, how much, and what limits it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from acp_action.report.lines import span_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.catalogue.limits import UsualLimits
    from acp_action.engine.result import RunResult
    from acp_action.report.model import RunReport

SCHEMA: Final = "acp-simulation/1"
_MINUTE: Final = 60.0
_WORTH: Final = 0.05
"""More workers are worth a change when they save at least this part of the time."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several runs: its middle, and between what four of five runs lie. In seconds."""

    median: float
    p10: float
    p90: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a run asks of one provider. ``limits``: what was assumed, in words, and ``source`` why.

    ``requests`` and ``refusals``: medians over the runs; asking how a job gets on is not counted.
    """

    provider: str
    requests: int
    refusals: int
    limits: str
    source: str


@dataclass(frozen=True, slots=True)
class Setting:
    """The run with one number of workers; ``duration``: median seconds."""

    max_workers: int
    duration: float
    speedup: float
    refusals: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """What several simulated runs say of a pipeline; seconds and USD.

    ``runs``: how many, all from ``seed``. ``sequential``: median of the service times' sums.
    ``unknown``: steps of unknown length, taken for a second each. ``cost``: what is known, None when nothing
    is. ``failures``: steps that were not done, how they ended, and in how many runs. ``comparison``: a line a
    number of workers, and ``advice`` what it comes to. ``report``: a run of middle length, whole.
    """

    pipeline: str
    steps: int
    seed: int
    runs: int
    duration: Spread
    sequential: float
    speedup: float
    unknown: int
    cost: float | None
    cost_unknown: int
    limit: str
    failures: tuple[tuple[str, str, int], ...]
    traffic: tuple[Traffic, ...]
    comparison: tuple[Setting, ...]
    advice: str
    report: RunReport

    def to_dict(self) -> dict[str, Any]:
        """As plain values, ready for JSON, its version first under ``schema``."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["duration"] = asdict(self.duration)
        values["traffic"] = [asdict(line) for line in self.traffic]
        values["comparison"] = [asdict(line) for line in self.comparison]
        values["report"] = self.report.to_dict()
        return {"schema": SCHEMA, **values}


def spread_of(values: Sequence[float]) -> Spread:
    """Median and deciles, without interpolation: each is a value that was there.

    >>> spread_of([3.0, 1.0, 2.0])
    Spread(median=2.0, p10=1.0, p90=3.0)
    """
    ranked = sorted(values)
    last = len(ranked) - 1
    at = [ranked[round(last * part)] for part in (0.5, 0.1, 0.9)]
    return Spread(*(round(value, 3) for value in at))


def traffic_of(runs: Sequence[RunResult], assumed: Mapping[str, UsualLimits]) -> tuple[Traffic, ...]:
    """What the runs asked of each provider, in the order of ``assumed``; the embedded one is left out."""
    lines = []
    for provider, limits in assumed.items():
        attempts = [[a for s in run.steps if s.provider == provider for a in s.attempts] for run in runs]
        refused = [sum(a.outcome == "refused" for a in of_run) for of_run in attempts]
        lines.append(
            Traffic(
                provider,
                requests=round(median(map(len, attempts))),
                refusals=round(median(refused)),
                limits=limit_words(limits),
                source=limits.source,
            )
        )
    return tuple(lines)


def limit_words(limits: UsualLimits) -> str:
    """What a provider lets through, in words.

    >>> from acp_action.catalogue.limits import UsualLimits
    >>> limit_words(UsualLimits(concurrency=2, queues=True, requests=60))
    '2 at once, more wait in its queue; 60 a minute'
    """
    told = []
    if limits.concurrency is not None:
        told.append(f"{limits.concurrency} at once{', more wait in its queue' if limits.queues else ''}")
    if limits.requests is not None:
        window = "a minute" if limits.window == _MINUTE else f"in {limits.window:g} s"
        told.append(f"{limits.requests} {window}{' for each model' if limits.per_model else ''}")
    return "; ".join(told) or "no limit"


def failures_of(runs: Sequence[RunResult]) -> tuple[tuple[str, str, int], ...]:
    """Steps that were not done by themselves: name, how they ended, in how many runs; the most first."""
    counts = Counter((s.name, s.status.value) for run in runs for s in run.steps if s.status.bad)
    return tuple((name, status, count) for (name, status), count in counts.most_common())


def limit_words_of(took: float, free: float, wide: float) -> str:
    """What limits a run, by what it would take without rate limits (``free``) and with any number of workers.

    Empty where neither would make it shorter by 5 %.
    """
    if min(free, wide) > took * (1 - _WORTH):
        return ""
    without, workers = f"without rate limits {span_words(free)}", f"with more workers {span_words(wide)}"
    if free <= wide:
        return f"rate limits: {without}, {workers}"
    return f"the number of workers: {workers}, {without}"


def enough_of(comparison: Sequence[Setting]) -> Setting:
    """The setting with the fewest workers after which more save next to nothing."""
    best = min(line.duration for line in comparison)
    enough = (line for line in comparison if line.duration <= best * (1 + _WORTH))
    return min(enough, key=lambda line: line.max_workers)


def knee(comparison: Sequence[Setting]) -> str:
    """How many workers are enough, as advice; empty for fewer than two lines."""
    if len(comparison) < 2:
        return ""
    best = min(line.duration for line in comparison)
    enough, most = enough_of(comparison), max(line.max_workers for line in comparison)
    if enough.max_workers == most:
        return f"{most} workers are still worth it; more may be, too"
    saved = 1 - best / enough.duration if enough.duration else 0.0
    gain = f"at the most {saved:.0%}" if round(saved, 2) else "nothing"
    workers = "1 worker is" if enough.max_workers == 1 else f"{enough.max_workers} workers are"
    return f"{workers} enough ({span_words(enough.duration)}); more save {gain}"
