"""What stands around a timeline: the marks of its axis, and the groups as brackets."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from acp_action.report.model import RunReport

_MINUTE: Final = 60.0
_STEPS_OF_TIME: Final = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
_SHORTEST: Final = 1e-6
_LEVELS: Final = 6
"""Most rows of brackets; what does not fit is in the table of groups."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the axis: seconds since the run started, and how it is written."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Bracket:
    """One group: its time in seconds since the run started, and the row it is drawn in, 0 outermost."""

    group: str
    start: float
    end: float
    level: int


def ticks(whole: float, most: int = 8) -> tuple[Tick, ...]:
    """At most ``most`` round moments from 0 to the end of a run of ``whole`` seconds.

    >>> [tick.label for tick in ticks(2.8)]
    ['0', '0.5s', '1s', '1.5s', '2s', '2.5s']
    >>> [tick.label for tick in ticks(600.0, most=4)]
    ['0', '5m', '10m']
    """
    if whole < _SHORTEST:
        return (Tick(0.0, "0"),)
    step = _round_step(whole / max(most - 1, 1))
    return tuple(Tick(n * step, _label(n * step)) for n in range(floor(whole / step * (1 + 1e-12)) + 1))


def _round_step(least: float) -> float:
    if least <= 1.0:
        power = 10.0 ** floor(log10(least))
        return next((m * power for m in (1, 2, 5) if m * power >= least), 10 * power)
    for step in _STEPS_OF_TIME:
        if step >= least:
            return step
    return ceil(least / 3600.0) * 3600.0


def _label(at: float) -> str:
    if at == 0:
        return "0"
    if at < _MINUTE or at % _MINUTE:
        minutes, rest = divmod(at, _MINUTE) if at >= _MINUTE else (0.0, at)
        return f"{minutes:.0f}m{rest:02.0f}s" if minutes else f"{rest:.4g}s"
    hours, minutes = divmod(round(at / _MINUTE), 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")


def brackets(report: RunReport) -> tuple[Bracket, ...]:
    """The groups that began, each in a row below the groups around it; in a row none overlaps another."""
    placed: dict[str, int] = {}
    ends: list[float] = []
    found = []
    for group in sorted((g for g in report.groups if g.line), key=lambda g: (g.started, -g.duration)):
        level = placed.get(group.parent, -1) + 1
        # Sorted by their starts, they are clear of all in a row when they are clear of its latest end.
        while level < len(ends) and group.started < ends[level]:
            level += 1
        placed[group.name] = level
        if level < _LEVELS:
            end = group.started + group.duration
            ends += [0.0] * (level + 1 - len(ends))
            ends[level] = max(ends[level], end)
            found.append(Bracket(group.name, group.started, end, level))
    return tuple(found)
