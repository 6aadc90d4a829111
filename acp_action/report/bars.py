"""A run as bars of text, a line a step: when it waited, when it was worked on, when it was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.report.cells import cells, cut, fill, steady
from acp_action.report.escape import one_line
from acp_action.report.lines import seconds
from acp_action.report.timeline import span

if TYPE_CHECKING:
    from acp_action.report.model import RunReport, StepLine

WIDTH: Final = 50
_LEAST, _MOST = 20, 100
_FRAME: Final = "   ||  to "
_STEPS_SHOWN: Final = 40
_NAME_SHOWN: Final = 28
_WORK, _WAIT, _REFUSED = "=", ".", "!"
LEGEND: Final = f"{_WORK} at work   {_WAIT} ready, but waiting   {_REFUSED} refused by a limit"


def draw_bars(report: RunReport, width: int = WIDTH, *, line: int = 0) -> list[str]:
    """A line for each step that was carried out, in plan order; the first ones of many.

    ``width``: characters that stand for the whole run; so many that a whole ``line`` has its length, where
    that is given. ASCII only, so that every terminal can show it.
    """
    whole = span(report)
    tried = [step for step in report.steps if step.attempts]
    if not tried or whole <= 0:
        return []
    shown = tried[:_STEPS_SHOWN]
    names = [cut(one_line(steady(step.name)), _NAME_SHOWN) for step in shown]
    starts, ends = ([seconds(at) for at in times] for times in zip(*map(_when, shown), strict=True))
    columns = [max(map(cells, column)) for column in (names, starts, ends)]
    if line:
        width = min(max(line - sum(columns) - len(_FRAME), _LEAST), _MOST)
    lines = []
    for name, start, end, step in zip(names, starts, ends, shown, strict=True):
        when = f"{start.rjust(columns[1])} to {end.rjust(columns[2])}"
        lines.append(f"  {fill(name, columns[0])} |{_bar(step, whole, width)}| {when}")
    more = len(tried) - len(shown)
    return [*lines, f"  and {more:,} more steps"] if more > 0 else lines


def _bar(step: StepLine, whole: float, width: int) -> str:
    scale = width / whole
    cells = [" "] * width
    _fill(cells, step.split.inputs * scale, step.settled * scale, _WAIT)
    for attempt in step.attempts:
        mark = _REFUSED if attempt.outcome == "refused" else _WORK
        _fill(cells, attempt.started * scale, attempt.finished * scale, mark)
    return "".join(cells)


def _fill(cells: list[str], start: float, end: float, mark: str) -> None:
    """From the cell that the start lies in to the last that the end reaches; at least one."""
    first = min(int(start), len(cells) - 1)
    for place in range(first, max(min(round(end), len(cells)), first + 1)):
        cells[place] = mark


def _when(step: StepLine) -> tuple[float, float]:
    return step.attempts[0].started, step.settled
