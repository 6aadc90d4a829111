"""A run as a Mermaid gantt chart, which GitHub draws in the job's summary."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.report.timeline import span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.report.model import AttemptLine, RunReport, StepLine

LIMIT: Final = 50_000
"""Most characters of a diagram; of a longer one GitHub shows an error."""
BARS: Final = 100
"""Most bars; a chart of more is a screen high several times over, and the table has all steps."""
LEGEND: Final = "Red bars are the critical path; ✗ failed, ↻ was tried again, ■ was stopped."

_NAME_LIMIT: Final = 40
_SECTION_LIMIT: Final = 24
# Of Mermaid's font; its own 75 pixels for the names of sections hold ten letters.
_LETTER_WIDTH: Final = 8
_MARKS: Final = {"done": "✓", "refused": "↻", "transient": "↻", "stopped": "■"}
_FAILED: Final = "✗"
_MINUTE: Final = 60.0


class _Task(NamedTuple):
    section: str
    label: str
    start: float
    end: float
    critical: bool
    failed: bool


def render_gantt(report: RunReport, limit: int = LIMIT) -> str:
    """The chart in Mermaid's language; empty when nothing was tried, or not even one bar fits the limit.

    A section for each group, a bar for each attempt. Of too many bars those that matter most are kept:
    failures, then the critical path, then the longest.
    """
    tasks = sorted(_tasks(report), key=_weight)[:BARS]
    zero, axis = _axis(report)
    while tasks:
        text = "\n".join([*_head(tasks, axis), *_lines(tasks, zero)]) + "\n"
        # As JavaScript counts characters.
        excess = len(text.encode("utf-16-le")) // 2 - limit
        if excess <= 0:
            return text
        tasks = tasks[: -max(1, excess // 200)]
    return ""


def clean_name(text: str, limit: int = _NAME_LIMIT) -> str:
    """A name of which nothing is read as Mermaid's language: letters, digits and a few signs, never empty.

    >>> clean_name("a:b;#c%%{d}"), clean_name(":")
    ('a_b_c_d_', 'unnamed')
    """
    kept = "".join(char if _is_plain(char) else "\0" for char in text[: 4 * limit])
    # One mark for each run of what was left out, and no white space but single spaces.
    name = " ".join("_".join(filter(None, f"x{kept}x".split("\0"))).split())[1:-1].strip()
    if not name.strip("_ "):
        return "unnamed"
    return name if len(name) <= limit else name[: limit - 1] + "…"


def _is_plain(char: str) -> bool:
    return char in " _-.()+" or char.isalnum() or unicodedata.category(char) in ("Mn", "Mc")


def _tasks(report: RunReport) -> Iterable[_Task]:
    path = {item.step for item in report.critical_path}
    for step in report.steps:
        for attempt in step.attempts:
            yield _task(step, attempt, critical=step.name in path)


def _task(step: StepLine, attempt: AttemptLine, *, critical: bool) -> _Task:
    mark = _MARKS.get(attempt.outcome, _FAILED)
    again = f" (attempt {attempt.number})" if len(step.attempts) > 1 else ""
    # The mark also keeps a name from beginning with a word of the language, such as "title".
    label = f"{mark} {clean_name(step.name, _NAME_LIMIT - len(again) - 2)}{again}"
    section = clean_name(step.group, _SECTION_LIMIT) if step.group else "Steps"
    return _Task(section, label, attempt.started, attempt.finished, critical, mark == _FAILED)


def _weight(task: _Task) -> tuple[bool, bool, float, float]:
    return (not task.failed, not task.critical, task.start - task.end, task.start)


def _axis(report: RunReport) -> tuple[float, str]:
    """Where the axis begins, in seconds, and its format: seconds of a short run, else the time of day."""
    if span(report) < _MINUTE:
        return 0.0, "%-S.%Ls"
    try:
        return datetime.fromisoformat(report.started).timestamp(), "%H:%M:%S"
    except ValueError:
        return 0.0, "%H:%M:%S"


def _head(tasks: Iterable[_Task], axis: str) -> list[str]:
    room = 30 + _LETTER_WIDTH * max(len(task.section) for task in tasks)
    init = f"%%{{init: {{'gantt': {{'leftPadding': {room}}}}}}}%%"
    return [init, "gantt", "  dateFormat x", f"  axisFormat {axis}"]


def _lines(tasks: Iterable[_Task], zero: float) -> Iterable[str]:
    tasks = list(tasks)
    first: dict[str, float] = {}
    for task in tasks:
        first[task.section] = min(first.get(task.section, task.start), task.start)
    tasks.sort(key=lambda task: (first[task.section], task.section, task.start, task.end))
    for section, members in groupby(tasks, key=lambda task: task.section):
        yield f"  section {section}"
        for task in members:
            tags = ("crit, " if task.critical else "") + ("active, " if task.failed else "")
            start = _milliseconds(zero + task.start)
            # A bar without width is not drawn.
            end = max(_milliseconds(zero + task.end), start + 1)
            yield f"    {task.label} :{tags}{start}, {end}"


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))
