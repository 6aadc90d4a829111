"""The events of a finished run, told again from its report."""

from __future__ import annotations

import os
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from acp_action.events import (
    GroupFinished,
    GroupStarted,
    RunFinished,
    RunStarted,
    StepFinished,
    StepParked,
    StepStarted,
    StopRequested,
    event_fields,
)
from acp_action.report.sums import cancelled_in, pause_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from acp_action.events import Event
    from acp_action.report.model import RunReport, StepLine

_ORDER: Final = (
    RunStarted, StepFinished, StopRequested, None, GroupFinished, GroupStarted, StepStarted, StepParked,
    RunFinished,
)  # fmt: skip
"""Of events at one moment; None is the place of steps that a stop has ended."""


def replayed(report: RunReport, folder: Path) -> list[dict[str, Any]]:
    """The events in order of time, as ``--stream`` writes them while a run goes on.

    ``folder``: the output folder, from which output files are named. What a report does not keep is not
    told: what the lanes of providers did, and how long a step was expected to take by what the run had seen
    of others.
    """
    return [event_fields(event) for event in sorted(_events(report, folder.resolve()), key=_order)]


def _order(event: Event) -> tuple[float, int]:
    """By time; at one moment what ends comes before what begins, but not before its own beginning."""
    rank = _ORDER.index(type(event))
    match event:
        case StepFinished(status="cancelled" | "skipped"):
            rank = _ORDER.index(None)
        case StepFinished(service=0.0, attempts=attempts) if attempts:
            rank = len(_ORDER)
        case GroupFinished(duration=0.0):
            rank = len(_ORDER) + 1
        case RunFinished():
            rank = len(_ORDER) + 2
    return event.at, rank


def _events(report: RunReport, folder: Path) -> Iterator[Event]:
    yield RunStarted(0.0, report.pipeline, len(report.steps), report.workers, _wall(report.started))
    yield from (StopRequested(stop.at, stop.scope, stop.reason) for stop in report.stops)
    stopped = cancelled_in(report)
    for group in report.groups:
        if group.line:
            yield GroupStarted(group.started, group.name, group.steps, group.parent)
            yield GroupFinished(
                group.started + group.duration,
                group.name,
                group.status,
                group.duration,
                group.sequential,
                group.succeeded,
                group.failed,
                group.skipped - stopped[group.name],
                stopped[group.name],
            )
    expected = {step.name: step.expected for step in report.plan.steps} if report.plan else {}
    for step in report.steps:
        yield from _of_step(step, expected, folder)
    # It is the last whatever rounding says.
    end = max([report.total_duration, *(s.settled for s in report.steps)])
    yield RunFinished(end, report.status, report.total_duration, report.sequential_estimate, report.speedup)


def _of_step(step: StepLine, expected: Mapping[str, float | None], folder: Path) -> Iterator[Event]:
    place = (step.name, step.group, step.number, step.total)
    for attempt, after in pairwise((*step.attempts, None)):
        if attempt is None:
            break
        yield StepStarted(
            attempt.started,
            *place,
            attempt.number,
            attempt.worker,
            step.model,
            step.provider,
            expected.get(step.name),
        )
        pause = pause_after(step, attempt, after)
        if pause is not None:
            why = "rate limit" if attempt.outcome == "refused" else "retry"
            yield StepParked(attempt.finished, *place, attempt.number, why, attempt.reason, pause)
    yield StepFinished(
        step.settled,
        *place,
        step.status,
        step.split.service,
        step.reason,
        len(step.attempts),
        tuple(os.fspath(folder / name) for name in step.files),
        step.cost,
    )


def _wall(started: str) -> float:
    try:
        return datetime.fromisoformat(started).timestamp()
    except ValueError:
        return 0.0
