"""The page itself: everything it shows is settled here, and laid out by the templates beside this module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acp_action.report.drawing import LEGEND
from acp_action.report.escape import one_line
from acp_action.report.html.cards import cards, troubles
from acp_action.report.html.environment import environment
from acp_action.report.html.outputs import Files
from acp_action.report.html.thumbnails import Budget, Thumbnails
from acp_action.report.views import draw_lanes, draw_rows
from acp_action.report.wording import (
    NOTHING_PAID,
    cost_words,
    counts_words,
    figures,
    path_words,
    saved_words,
    urgency,
    usd,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acp_action.report.model import RunReport

CARDS: Final = 1500
"""Most steps with a card, failures first; a page of more is not read, and report.json has them all."""

_PATH_SHOWN: Final = 200


def render_html(
    report: RunReport,
    manifest: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    *,
    base: str = "./",
    budget: Budget | None = None,
    filed: bool = True,
) -> str:
    """A page that needs nothing but itself and the output files beside it.

    ``manifest``: as written beside the report; without it there are no prompts and sizes. ``folder``: where
    the output files are; without it none is shown. ``base``: that folder as seen from the page. ``budget``:
    for thumbnails (default: at most 3 s, less for a short run and for one that was stopped). ``filed``: the
    run's ``report.json`` and ``manifest.json`` stand in that folder.
    """
    order = sorted(range(len(report.steps)), key=lambda place: urgency(report.steps[place]))
    shown = order[:CARDS]
    thumbnails = Thumbnails(budget or _budget(report), sum(len(report.steps[place].files) for place in shown))
    made = list(cards(report, manifest, Files(folder, base, thumbnails), shown))
    known, _, unknown = cost_words(report).partition(", and ")
    if known == NOTHING_PAID:
        known, unknown = usd(0.0), NOTHING_PAID
    return (
        environment()
        .get_template("page.html")
        .render(
            report=report,
            base=base,
            filed=filed,
            title=one_line(report.pipeline, 160) or "Pipeline",
            headline=f"{report.speedup:.1f}x",
            saved=saved_words(report),
            efficiency=f"{report.efficiency:.0%}",
            steps_total=f"{len(report.steps):,}",
            counts=counts_words(report),
            cost_known=known,
            cost_more=f"and {unknown}" if unknown and unknown != NOTHING_PAID else unknown,
            figures=figures(report),
            troubled=troubles(made),
            troubled_count=sum(card.needs_attention for card in made),
            results=sorted((card for card in made if not card.needs_attention), key=lambda card: card.off),
            started=_moment(report.started),
            legend=LEGEND,
            kinds={card.kind for card in made},
            left_out=len(order) - len(shown),
            lanes=draw_lanes(report),
            rows=draw_rows(report),
            path=[(one_line(i.step), path_words(i, _apart)) for i in report.critical_path[:_PATH_SHOWN]],
            path_left_out=max(len(report.critical_path) - _PATH_SHOWN, 0),
            linked=frozenset(shown),
        )
    )


def _apart(name: str) -> str:
    """A name within a sentence: written from right to left, it must not turn what stands around it."""
    return f"\u2068{one_line(name)}\u2069" if name else ""


def _budget(report: RunReport) -> Budget:
    if report.stopped:
        # Whoever stopped it may kill it soon.
        return Budget(seconds=0.2)
    return Budget(seconds=min(0.15 + 0.03 * report.total_duration, 3.0))


def _moment(started: str) -> str:
    """The start for people; whatever else stands there as it is."""
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}).*Z", started, re.ASCII)
    return f"{found[1]} {found[2]} UTC" if found else one_line(started)
