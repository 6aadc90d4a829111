"""The events of a finished run, told again from its report."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acp_action.events import (
    GroupFinished,
    GroupStarted,
    RunFinished,
    RunStarted,
    StepFinished,
    StepParked,
    StepStarted,
    event_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.events import Event
    from acp_action.report.model import RunReport, StepLine

_ORDER = (RunStarted, StepFinished, GroupFinished, GroupStarted, StepStarted, StepParked, RunFinished)


def replayed(report: RunReport) -> list[dict[str, Any]]:
    """The events in order of time, as ``--stream`` writes them while a run goes on.

    What a report does not keep is not told: how long a step was expected to take, and requests to stop.
    """
    return [event_fields(event) for event in sorted(_events(report), key=_order)]


def _order(event: Event) -> tuple[float, int]:
    """By time; at one moment what ends comes before what begins, but not before its own beginning."""
    rank = _ORDER.index(type(event))
    match event:
        case StepFinished(service=0.0, attempts=attempts) if attempts:
            rank = len(_ORDER)
        case GroupFinished(duration=0.0):
            rank = len(_ORDER) + 1
        case RunFinished():
            rank = len(_ORDER) + 2
    return event.at, rank


def _events(report: RunReport) -> Iterator[Event]:
    yield RunStarted(0.0, report.pipeline, len(report.steps), report.workers, _wall(report.started))
    stopped = _stopped(report)
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
    for step in report.steps:
        yield from _of_step(step)
    # It is the last whatever rounding says.
    end = max([report.total_duration, *(s.settled for s in report.steps)])
    yield RunFinished(end, report.status, report.total_duration, report.sequential_estimate, report.speedup)


def _of_step(step: StepLine) -> Iterator[Event]:
    place = (step.name, step.group, step.number, step.total)
    for attempt in step.attempts:
        yield StepStarted(
            attempt.started, *place, attempt.number, attempt.worker, step.model, step.provider, None
        )
    for attempt, after in pairwise(step.attempts):
        why = "rate limit" if attempt.outcome == "refused" else "retry"
        delay = after.started - attempt.finished
        yield StepParked(attempt.finished, *place, attempt.number, why, attempt.reason, round(delay, 6))
    yield StepFinished(
        step.settled,
        *place,
        step.status,
        step.split.service,
        step.reason,
        len(step.attempts),
        step.files,
        step.cost,
    )


def _stopped(report: RunReport) -> Counter[str]:
    """How many steps of each group, at any depth, were stopped on their way."""
    parents = {group.name: group.parent for group in report.groups}
    found: Counter[str] = Counter()
    for step in report.steps:
        seen: set[str] = set()
        group = step.group if step.status == "cancelled" else ""
        # Seen, because a report may have been made by anybody, in circles too.
        while group and group not in seen:
            seen.add(group)
            found[group] += 1
            group = parents.get(group, "")
    return found


def _wall(started: str) -> float:
    try:
        return datetime.fromisoformat(started).timestamp()
    except ValueError:
        return 0.0
