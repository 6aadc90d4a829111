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
_MARGIN: Final = 20
_HEAD, _FOOT, _LINE = 66, 24, 20
_LETTER: Final = 7.0
"""Pixels of a letter, about; for places beside texts."""


class _Key(NamedTuple):
    x: int
    y: int
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
    below, legend = _HEAD + drawing.height + _FOOT // 2, tuple(_legend(drawing))
    total, sequential = span_words(report.total_duration), span_words(report.sequential_estimate)
    speedup = f"{report.speedup:.1f}x"
    return (
        environment()
        .get_template("timeline.svg")
        .render(
            title=one_line(report.pipeline, _TITLE_SHOWN) or "Pipeline",
            headline=f"{one_line(report.status)} in {total} (vs {sequential} sequential, {speedup})",
            width=_WIDTH,
            height=below + (legend[-1].y + _LINE if legend else 0) + _FOOT,
            side=160 if by_step else 90,
            kind="rows" if by_step else "lanes",
            drawing=drawing,
            linked=frozenset(),
            legend=legend,
            below=below,
        )
    )


def _legend(drawing: Drawing) -> Iterator[_Key]:
    """Each kind with its place, in as many lines as they need."""
    x, y = _MARGIN, 0
    for kind, words in LEGEND:
        if kind not in drawing.kinds:
            continue
        width = 20 + round(len(words) * _LETTER)
        if x + width > _WIDTH - _MARGIN:
            x, y = _MARGIN, y + _LINE
        yield _Key(x, y, kind, words)
        x += width + 18
