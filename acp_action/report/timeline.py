"""A run as bars on lanes, one lane a worker, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.report.model import RunReport


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt: ``start`` and ``end`` in seconds since the run started, ``kind`` how it ended.

    ``kind``: done, refused, transient, fatal, expired, stopped or doubt.
    """

    step: str
    attempt: int
    start: float
    end: float
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What one worker did, in order; its bars never overlap.

    ``worker`` counts from 0; -1 stands for attempts that were given up, on as many lanes as they need.
    """

    worker: int
    bars: tuple[Bar, ...]


def span(report: RunReport) -> float:
    """Seconds from the start of the run to the end of the last bar, at least its duration."""
    ends = (attempt.finished for step in report.steps for attempt in step.attempts)
    return max(report.total_duration, max(ends, default=0.0))


def lanes(report: RunReport) -> tuple[Lane, ...]:
    """A lane for each worker that did something, by number, given-up attempts last."""
    by_worker: dict[int, list[Bar]] = {}
    for step in report.steps:
        for a in step.attempts:
            bar = Bar(step.name, a.number, a.started, a.finished, a.outcome)
            by_worker.setdefault(a.worker, []).append(bar)
    order = sorted(by_worker, key=lambda worker: (worker < 0, worker))
    return tuple(Lane(worker, bars) for worker in order for bars in _apart(by_worker[worker]))


def _apart(bars: Iterable[Bar]) -> list[tuple[Bar, ...]]:
    """The bars on as few lanes as keep them apart; for a worker that is one, unless a report is forged."""
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda b: (b.start, b.end, b.step, b.attempt)):
        free = next((row for row in rows if row[-1].end <= bar.start), None)
        if free is None:
            rows.append([bar])
        else:
            free.append(bar)
    return [tuple(row) for row in rows]
