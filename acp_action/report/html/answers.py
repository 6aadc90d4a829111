"""Pages that answer a question about runs: two of them side by side, and one under other settings."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.report.compare_view import apart, ended, figures, moment, not_compared, step_words
from acp_action.report.escape import one_line, plain_lines
from acp_action.report.html.environment import environment
from acp_action.report.html.outputs import Files
from acp_action.report.html.plot import draw_trials
from acp_action.report.html.thumbnails import Budget, Thumbnails
from acp_action.report.lines import span_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.report.comparison import Change, Comparison, Run, StepPair, StepSide
    from acp_action.report.html.outputs import Shown
    from acp_action.report.what_if import WhatIf

PAIRS: Final = 750
"""Most steps with a place on the page, the differing ones first; a page of more is not read."""

_TEXT_SHOWN: Final = 1000
_VALUE_SHOWN: Final = 240
_TEMPLATES: Final = Path(__file__).parent / "templates"
_TOLD: Final = {
    "same": "same output",
    "different": "output differs",
    "unknown": "content unknown",
    "only_a": "only in A",
    "only_b": "only in B",
    "none": "",
}


class Beside(NamedTuple):
    """A run, the folder its files are in, and that folder as seen from the page, with a slash at its end."""

    run: Run
    folder: Path
    base: str


class Difference(NamedTuple):
    """One thing that differs: what, and the value of each run."""

    what: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a step on the page; ``files`` is empty where there is nothing to show."""

    letter: str
    status: str
    made_by: str
    took: str
    reason: str
    text: str
    files: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """A step on the page: two halves, None for a run without it."""

    name: str
    output: str
    changes: tuple[Difference, ...]
    halves: tuple[Half | None, Half | None]


def render_comparison(found: Comparison, a: Beside, b: Beside, budget: Budget | None = None) -> str:
    """A page that needs nothing but itself and the files of both runs where they are."""
    ranked = sorted(range(len(found.steps)), key=lambda place: (_rank(found.steps[place]), place))
    shown = [found.steps[place] for place in ranked[:PAIRS]]
    expected = sum(len(side.files) for pair in shown for side in (pair.a, pair.b) if side)
    thumbnails = Thumbnails(budget or Budget(seconds=10.0), expected)
    sides = tuple(_Sided(letter, beside, thumbnails) for letter, beside in (("A", a), ("B", b)))
    made = [(pair, _both(pair, sides)) for pair in shown]
    return _render(
        "compare.html",
        title=f"{_short(found.a.place)} against {_short(found.b.place)}",
        runs=(("A", found.a), ("B", found.b)),
        figures=figures(found),
        moment=moment,
        ended=ended,
        unseen=not_compared(found),
        steps=len(found.steps),
        differing=[both for pair, both in made if not _alike(pair)],
        alike=[both for pair, both in made if _alike(pair)],
        left_out=len(ranked) - len(shown),
    )


def render_what_if(found: WhatIf) -> str:
    """A page that needs nothing but itself."""
    schedules = list(dict.fromkeys(trial.schedule for trial in found.trials))
    by_setting = {(trial.max_workers, trial.schedule): trial for trial in found.trials}
    workers = list(dict.fromkeys(trial.max_workers for trial in found.trials))
    return _render(
        "what_if.html",
        title=one_line(found.pipeline, 160) or "Pipeline",
        found=found,
        plot=draw_trials(found),
        span=span_words,
        schedules=schedules,
        table=[(count, [by_setting.get((count, name)) for name in schedules]) for count in workers],
    )


def _short(place: str) -> str:
    """The last part of a path, which tells runs apart; the whole stands below."""
    return one_line(PurePath(place).name or place, 80)


def _alike(pair: StepPair) -> bool:
    return bool(pair.a and pair.b and not pair.changes)


def _rank(pair: StepPair) -> int:
    """What was made or how it ended differs, then anything else, then nothing."""
    if _alike(pair):
        return 2
    ended = not pair.a or not pair.b or pair.a.status != pair.b.status
    return 0 if ended or pair.output == "different" else 1


class _Sided:
    """Makes the halves of one run."""

    def __init__(self, letter: str, beside: Beside, thumbnails: Thumbnails) -> None:
        self._letter = letter
        self._files = Files(beside.folder, beside.base, thumbnails)
        self._lines = {line.name: line for line in beside.run.report.steps}
        self._records: dict[str, list[Any]] = {}
        for record in beside.run.records or ():
            self._records.setdefault(str(record.get("step")), []).append(record)

    def half(self, name: str, side: StepSide | None) -> Half | None:
        """The step as this run has it."""
        if side is None:
            return None
        attempts = f", {side.attempts} attempts" if side.attempts > 1 else ""
        return Half(
            letter=self._letter,
            status=side.status,
            made_by=one_line(f"{side.model} ({side.provider})"),
            took=f"{span_words(side.service)}{attempts}" if side.attempts else "",
            reason=plain_lines(side.reason, _TEXT_SHOWN),
            text=plain_lines(side.text or "", _TEXT_SHOWN),
            files=self._files.of(self._lines[name], self._records.get(name, [])),
        )


def _both(pair: StepPair, sides: Sequence[_Sided]) -> Both:
    a, b = sides[0].half(pair.name, pair.a), sides[1].half(pair.name, pair.b)
    # That the output differs is told by the badge, and can be seen; so can what each gave for a reason.
    shown = (change for change in pair.changes if change.what not in ("output", "reason"))
    changes = tuple(map(_difference, shown))
    told = _TOLD[pair.output] if pair.a and pair.b else one_line(step_words(pair))
    return Both(one_line(pair.name), told, changes, (a, b))


def _difference(change: Change) -> Difference:
    a, b = (plain_lines(value) or "none" for value in apart(change.a, change.b, _VALUE_SHOWN))
    return Difference(one_line(change.what), a, b)


def _render(name: str, **values: Any) -> str:
    style, style_hash = _style()
    # The names are those of the environment, whose pages have a style of their own.
    return environment().get_template(name).render(**values, style=style, style_hash=style_hash)


@cache
def _style() -> tuple[Any, str]:
    from markupsafe import Markup

    own = _TEMPLATES.joinpath("answers.css").read_text("utf-8")
    style = f"{environment().globals['style']}{own}"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Markup(style), f"'sha256-{digest}'"  # noqa: S704 - ours, read from the package
