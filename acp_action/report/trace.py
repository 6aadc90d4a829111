"""trace.json: the run in Chrome's trace event format, which Perfetto and chrome://tracing open.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acp_action.report.frame import brackets
from acp_action.report.sums import busy
from acp_action.report.timeline import lanes
from acp_action.report.waterfall import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.report.model import RunReport

_WORKERS, _STEPS, _GROUPS = 1, 2, 3
_PROCESSES: Final = ((_WORKERS, "Workers"), (_STEPS, "Steps"), (_GROUPS, "Groups"))
_LONGEST: Final = 1e10
_KINDS: Final = {
    "inputs": "waits for inputs",
    "worker": "waits for a worker",
    "throttle": "waits for a rate limit",
    "backoff": "back-off",
    "processor": "waits for a processor",
    "service": "at work",
}


def trace_dict(report: RunReport) -> dict[str, Any]:
    """The trace as plain values, times in whole microseconds since the run started.

    Three processes: workers with an event for each attempt, steps with what they waited for, groups.
    """
    events = [*_names(report), *_attempts(report), *_waits(report), *_groups(report), *_busy(report)]
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {
            "pipeline": report.pipeline,
            "status": report.status,
            "started": report.started,
            "total_duration": report.total_duration,
            "sequential_estimate": report.sequential_estimate,
        },
    }


def _event(phase: str, name: str, process: int, thread: int, **fields: Any) -> dict[str, Any]:
    return {"ph": phase, "name": name, "pid": process, "tid": thread, **fields}


def _stretch(name: str, place: tuple[int, int], start: float, end: float, **fields: Any) -> dict[str, Any]:
    # Both ends are rounded, not the length: neighbours then still touch, and none overlaps.
    begin = _micro(start)
    return _event("X", name, *place, ts=begin, dur=_micro(end) - begin, **fields)


def _micro(seconds: float) -> int:
    # A forged report may have any number, and no run takes three centuries.
    return round(min(max(seconds, -_LONGEST), _LONGEST) * 1_000_000)


def _names(report: RunReport) -> Iterator[dict[str, Any]]:
    for place, (process, name) in enumerate(_PROCESSES):
        yield _event("M", "process_name", process, 0, args={"name": name})
        yield _event("M", "process_sort_index", process, 0, args={"sort_index": place})
    for place, lane in enumerate(lanes(report)):
        name = "given up" if lane.worker < 0 else f"worker {lane.worker + 1}"
        yield _event("M", "thread_name", _WORKERS, place + 1, args={"name": name})
    for place, step in enumerate(report.steps):
        if step.attempts:
            yield _event("M", "thread_name", _STEPS, place + 1, args={"name": step.name})


def _attempts(report: RunReport) -> Iterator[dict[str, Any]]:
    steps = {step.name: step for step in report.steps}
    path = {item.step for item in report.critical_path}
    for place, lane in enumerate(lanes(report)):
        for bar in lane.bars:
            step = steps[bar.step]
            args = {
                "attempt": bar.attempt,
                "outcome": bar.kind,
                "model": step.model,
                "provider": step.provider,
                "group": step.group,
                "status": step.status,
                "critical": bar.step in path,
            }
            yield _stretch(bar.step, (_WORKERS, place + 1), bar.start, bar.end, cat=step.type, args=args)


def _waits(report: RunReport) -> Iterator[dict[str, Any]]:
    for place, row in enumerate(rows(report)):
        for piece in row.pieces:
            where = (_STEPS, place + 1)
            yield _stretch(_KINDS[piece.kind], where, piece.start, piece.end, cat=piece.kind)


def _groups(report: RunReport) -> Iterator[dict[str, Any]]:
    for group in brackets(report):
        where = (_GROUPS, group.level + 1)
        yield _stretch(group.group, where, group.start, group.end, cat="group")


def _busy(report: RunReport) -> Iterator[dict[str, Any]]:
    """How many workers were busy, as a counter."""
    for moment, count in busy(report):
        yield _event("C", "busy workers", _WORKERS, 0, ts=_micro(moment), args={"busy": count})
