"""The picture of trials: time against the number of workers, a line for each schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.report.lines import span_words

if TYPE_CHECKING:
    from acp_action.report.what_if import WhatIf

WIDTH: Final = 720
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 100, 16, 34
_GRID: Final = 4


class Dot(NamedTuple):
    """A trial's place, and what is said of it."""

    x: float
    y: float
    title: str


class Curve(NamedTuple):
    """One schedule: ``number`` from 0 chooses its look. ``label_y``: where its name stands."""

    name: str
    number: int
    points: str
    dots: tuple[Dot, ...]
    label_y: float


class Tick(NamedTuple):
    """A line of the grid or a mark below the axis."""

    at: float
    label: str


class Plot(NamedTuple):
    """Everything in pixels of a picture of ``WIDTH`` by ``HEIGHT``; ``own``: the recorded time."""

    curves: tuple[Curve, ...]
    workers: tuple[Tick, ...]
    times: tuple[Tick, ...]
    own: Tick
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def draw_trials(found: WhatIf) -> Plot:
    """Numbers of workers at even distances, from the fewest; time from nought up."""
    counts = sorted({trial.max_workers for trial in found.trials})
    longest = max([found.duration, *(trial.duration for trial in found.trials)]) or 1.0
    pitch = (WIDTH - _LEFT - _RIGHT) / max(len(counts) - 1, 1)
    place = {count: _LEFT + pitch * index for index, count in enumerate(counts)}

    def height(seconds: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * seconds / longest, 1)

    curves: list[Curve] = []
    for number, name in enumerate(dict.fromkeys(trial.schedule for trial in found.trials)):
        trials = sorted((t for t in found.trials if t.schedule == name), key=lambda trial: trial.max_workers)
        dots = tuple(
            Dot(
                round(place[t.max_workers], 1),
                height(t.duration),
                f"{t.max_workers}: {span_words(t.duration)}",
            )
            for t in trials
        )
        label = dots[-1].y + 4
        # Two names at one height would be unreadable.
        if curves and abs(label - curves[-1].label_y) < _BOTTOM / 2:
            label = curves[-1].label_y + _BOTTOM / 2
        points = " ".join(f"{dot.x:g},{dot.y:g}" for dot in dots)
        curves.append(Curve(name, number, points, dots, round(label, 1)))
    times = (longest * step / _GRID for step in range(_GRID + 1))
    return Plot(
        tuple(curves),
        tuple(Tick(round(x, 1), str(count)) for count, x in place.items()),
        tuple(Tick(height(seconds), span_words(seconds)) for seconds in times),
        Tick(height(found.duration), span_words(found.duration)),
    )
