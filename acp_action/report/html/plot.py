"""The picture of trials: time against the number of workers, a line for each schedule.

Places across are percent, so that one drawing fits a phone and a wall; places down are pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.report.drawing import percent
from acp_action.report.frame import ticks
from acp_action.report.lines import span_words
from acp_action.report.simulation import enough_of
from acp_action.report.what_if import settings_under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.report.what_if import Trial, WhatIf

HEIGHT: Final = 300
_TOP, _BOTTOM = 20, 34
_GRID: Final = 5
_LINE: Final = 16
"""Pixels that a name beside the lines takes."""

ACROSS: Final = 1000
"""How wide a line is in its own measure, which is drawn as wide as there is room."""


class Dot(NamedTuple):
    """A trial's place, and what is said of it. ``enough``: more workers save next to nothing."""

    x: str
    y: float
    title: str
    enough: bool


class Curve(NamedTuple):
    """One schedule: ``number`` from 0 chooses its look. ``label_y``: where its name stands."""

    name: str
    number: int
    points: str
    dots: tuple[Dot, ...]
    label_y: float


class Mark(NamedTuple):
    """A line of the grid, a mark below the axis (``at`` in percent), or a word beside the lines."""

    at: float | str
    label: str


class Knee(NamedTuple):
    """The dot from which on more workers save next to nothing, in words; ``late``: far on the right."""

    x: str
    y: float
    words: str
    late: bool


class Plot(NamedTuple):
    """``own``: the recorded time; ``own_y``: where that is said. ``knee``: None where none was found."""

    curves: tuple[Curve, ...]
    workers: tuple[Mark, ...]
    times: tuple[Mark, ...]
    own: float
    own_y: float
    knee: Knee | None
    bottom: int = HEIGHT - _BOTTOM
    height: int = HEIGHT
    across: int = ACROSS


def draw_trials(found: WhatIf) -> Plot:
    """Numbers of workers at even distances, from the fewest; time from nought up."""
    counts = sorted({trial.max_workers for trial in found.trials})
    longest = max([found.duration, *(trial.duration for trial in found.trials)]) or 1.0
    place = {count: index / max(len(counts) - 1, 1) for index, count in enumerate(counts)}

    def height(seconds: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * seconds / longest, 1)

    schedules = list(dict.fromkeys(trial.schedule for trial in found.trials))
    drawn = []
    for name in schedules:
        trials = sorted((t for t in found.trials if t.schedule == name), key=lambda trial: trial.max_workers)
        enough = _enough(found.trials, name, counts)
        points = " ".join(f"{ACROSS * place[t.max_workers]:.4g},{height(t.duration):g}" for t in trials)
        dots = (
            Dot(
                percent(place[t.max_workers]),
                height(t.duration),
                f"{t.max_workers}: {span_words(t.duration)}",
                t.max_workers == enough,
            )
            for t in trials
        )
        drawn.append((name, points, tuple(dots)))
    own = height(found.duration)
    *labels, own_y = _apart([*(dots[-1].y for _, _, dots in drawn), own])
    curves = tuple(Curve(name, n, points, dots, labels[n]) for n, (name, points, dots) in enumerate(drawn))
    return Plot(
        curves,
        tuple(Mark(percent(x), str(count)) for count, x in place.items()),
        tuple(Mark(height(tick.at), tick.label) for tick in ticks(longest, _GRID)),
        own,
        own_y,
        _knee(curves, found),
    )


def _enough(trials: Sequence[Trial], schedule: str, counts: Sequence[int]) -> int:
    """So many workers are enough; 0 where that is not known, because the most that were tried still pay."""
    workers = enough_of(settings_under(trials, schedule)).max_workers
    return workers if workers < counts[-1] else 0


def _knee(curves: Sequence[Curve], found: WhatIf) -> Knee | None:
    """That of the schedule that the run had."""
    ranked = sorted(curves, key=lambda curve: curve.name != found.schedule)
    dots = ranked[0].dots if ranked else ()
    for place, dot in enumerate(dots):
        if dot.enough:
            workers = dot.title.partition(":")[0]
            words = f"{workers} worker{' is' if workers == '1' else 's are'} enough"
            return Knee(dot.x, dot.y, words, late=place > len(dots) / 2)
    return None


def _apart(heights: Sequence[float]) -> list[float]:
    """The same heights, moved down where two words would lie on each other, or all up at the bottom."""
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    at = [0.0] * len(heights)
    last = float("-inf")
    for place in order:
        last = at[place] = max(heights[place] + 4, last + _LINE)
    over = max(last - (HEIGHT - _BOTTOM + 4), 0.0)
    return [round(value - over, 1) for value in at]
