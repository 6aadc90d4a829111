"""timeline.svg: the run as a picture that stands alone, for a README or a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.report.drawing import LABELLED, LEGEND
from acp_action.report.escape import one_line
from acp_action.report.lines import span_words
from acp_action.report.views import draw_lanes, draw_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.report.drawing import Drawing
    from acp_action.report.model import RunReport

_WIDTH: Final = 960
_TITLE_SHOWN: Final = 80
_HEAD, _FOOT = 66, 44
_LETTER: Final = 7.0
"""Pixels of a letter, about; for places beside texts."""


class _Key(NamedTuple):
    x: int
    kind: str
    words: str


def render_svg(report: RunReport) -> str:
    """The timeline as SVG: by step with its waits, or by worker where there are too many steps to name.

    It fits light and dark pages, holds no script and asks for nothing.
    """
    # Here, because a report for a terminal needs no templates.
    from acp_action.report.html.environment import environment

    by_step = sum(bool(step.attempts) for step in report.steps) <= LABELLED
    drawing = draw_rows(report) if by_step else draw_lanes(report)
    total, sequential = span_words(report.total_duration), span_words(report.sequential_estimate)
    speedup = f"{report.speedup:.1f}x"
    return (
        environment()
        .get_template("timeline.svg")
        .render(
            title=one_line(report.pipeline, _TITLE_SHOWN) or "Pipeline",
            headline=f"{one_line(report.status)} in {total} (vs {sequential} sequential, {speedup})",
            width=_WIDTH,
            height=_HEAD + drawing.height + _FOOT,
            side=160 if by_step else 90,
            kind="rows" if by_step else "lanes",
            drawing=drawing,
            linked=frozenset(),
            legend=tuple(_legend(drawing)),
        )
    )


def _legend(drawing: Drawing) -> Iterator[_Key]:
    x = 20
    for kind, words in LEGEND:
        if kind in drawing.kinds:
            yield _Key(x, kind, words)
            x += 20 + round(len(words) * _LETTER) + 18
