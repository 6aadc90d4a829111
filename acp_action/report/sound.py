"""Whether a report that came from a file can be one: its times, its names, its graph, its settings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from acp_action.config.cascade import SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from acp_action.plan.model import Graph
    from acp_action.report.model import PlannedStep, RunReport

_LATEST: Final = 1e10
"""Seconds; no run takes three centuries, and sums of what is below stay numbers."""
_MOST: Final = 1_000_000


def check_times(report: RunReport) -> None:
    """Raise ValueError for a time that no run has."""
    for place, seconds in _times(report):
        if not 0.0 <= seconds <= _LATEST:
            raise ValueError(f"{place} is {seconds:g} s, which no run takes")
    for step in report.steps:
        for attempt in step.attempts:
            if attempt.finished < attempt.started:
                raise ValueError(f"an attempt of '{step.name}' ends before it begins")


def _times(report: RunReport) -> Iterator[tuple[str, float]]:
    yield "total_duration", report.total_duration
    yield "sequential_estimate", report.sequential_estimate
    for group in report.groups:
        for seconds in (group.started, group.duration, group.sequential):
            yield f"a time of group '{group.name}'", seconds
    for step in report.steps:
        split, place = step.split, f"a time of '{step.name}'"
        for seconds in (split.inputs, split.waited, split.service, step.settled):
            yield place, seconds
        for attempt in step.attempts:
            for seconds in (
                attempt.started,
                attempt.finished,
                attempt.held,
                attempt.queued,
                attempt.pause or 0.0,
            ):
                yield place, seconds


def check_graph(report: RunReport, edges: Sequence[PlannedStep]) -> None:
    """Raise ValueError for a graph that leads nowhere or in a circle."""
    parents = {group.name: group.parent for group in report.groups}
    counts = Counter([*(step.name for step in report.steps), *(group.name for group in report.groups)])
    for name, count in counts.items():
        if count > 1:
            raise ValueError(f"its graph has '{name}' {count} times")
    for step in edges:
        for name in (*step.inputs, *step.after):
            if name not in counts:
                raise ValueError(f"its graph has '{step.name}' wait for '{name}', which is not there")
        if not 0.0 < step.timeout <= _LATEST or not 0 <= step.retries <= _MOST:
            raise ValueError(f"its graph gives '{step.name}' {step.timeout:g} s and {step.retries} retries")
    seen = {""}
    for group in report.groups:
        _check_around(group.name, parents)
        if group.parent in parents and group.parent not in seen:
            raise ValueError(f"its group '{group.name}' stands before '{group.parent}', which is around it")
        if group.max_workers < 1:
            raise ValueError(f"its group '{group.name}' has {group.max_workers} workers")
        seen.add(group.name)


def _check_around(group: str, parents: Mapping[str, str]) -> None:
    around, seen = group, set[str]()
    while around in parents:
        if around in seen:
            raise ValueError(f"its group '{group}' stands in itself")
        seen.add(around)
        around = parents[around]


def check_order(graph: Graph) -> None:
    """Raise ValueError where nodes wait for each other."""
    waiting = list(graph.waiting)
    free = [node for node, count in enumerate(waiting) if count == 0]
    passed = 0
    while free:
        node = free.pop()
        passed += 1
        for follower in (*graph.data[node], *graph.order[node]):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                free.append(follower)
    if passed < graph.size:
        raise ValueError("steps of its graph wait for each other")


def check_setting(name: str, value: Any) -> None:
    """Raise ValueError for a value that this setting cannot have."""
    check = _SETTINGS.get(name)
    if check is not None and not check(value):
        raise ValueError(f"its setting {name} is {str(value)[:80]!r}")


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _is_seconds(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= _LATEST


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _are_limits(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(limits, dict) and all(_is_seconds(limit) and limit > 0 for limit in limits.values())
        for limits in value.values()
    )


_SETTINGS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "parallel": _is_flag,
    "fail_fast": _is_flag,
    "schedule": SCHEDULES.__contains__,
    "max_workers": _is_count,
    "worker_cap": _is_count,
    "rate_limit_delay": _is_seconds,
    "rate_limits": _are_limits,
    "max_rate_limit_wait": _is_seconds,
    "timeout": _is_seconds,
}
