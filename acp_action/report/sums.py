"""Figures that a single form needs besides those of the report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acp_action.report.model import AttemptLine, RunReport, StepLine


def cancelled_in(report: RunReport) -> Counter[str]:
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


def pause_after(step: StepLine, attempt: AttemptLine, after: AttemptLine | None) -> float | None:
    """Seconds after which an attempt was to be made again; None for one that was not.

    Reports of versions that did not write that down have the time that passed until something came.
    """
    if attempt.pause is not None:
        return attempt.pause
    passed = round((after.started if after else step.settled) - attempt.finished, 6)
    return passed if after is not None or passed > 0.0 else None


def busy(report: RunReport) -> list[tuple[float, int]]:
    """How many workers were busy from each moment on; moments in seconds since the run started, each once."""
    changes: dict[float, int] = {}
    for step in report.steps:
        for attempt in step.attempts:
            for moment, change in ((attempt.started, 1), (attempt.finished, -1)):
                changes[moment] = changes.get(moment, 0) + change
    found, count = [], 0
    for moment in sorted(changes):
        count += changes[moment]
        found.append((moment, count))
    return found


def change(a: float, b: float, least: float) -> float | None:
    """By what part of ``a`` ``b`` differs from it.

    None where that says nothing: of less than ``least``, and for less than half of that.

    >>> change(2.0, 3.0, 0.1), change(0.02, 3.0, 0.1), change(2.0, 2.04, 0.1)
    (0.5, None, None)
    """
    if a <= 0 or a < least or abs(b - a) < least / 2:
        return None
    return round(b / a - 1, 6)
