"""compare: two runs, by what their folders hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from acp_action.report.compare import compare_runs
from acp_action.report.comparison import Run
from acp_action.report.files import find_run
from acp_action.report.forms import seen_from
from acp_action.store.manifest import records_of

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.report.comparison import Comparison


def compare(a: Path, b: Path) -> Comparison:
    """Run ``a`` against run ``b``: output folders, or ``report.json`` files with their manifest beside them.

    Raises UsageError for a report that is not there or cannot be used.
    """
    return compare_runs(_run(a), _run(b))


def comparison_page(a: Path, b: Path, beside: Path) -> str:
    """The same as a page with the pictures next to each other; ``beside``: the folder it will stand in."""
    from acp_action.report.html.answers import Beside, render_comparison

    one, other = (Beside(_run(place), _folder(place), seen_from(_folder(place), beside)) for place in (a, b))
    return render_comparison(compare_runs(one.run, other.run), one, other)


def _folder(place: Path) -> Path:
    return place if place.is_dir() else place.parent


def _run(place: Path) -> Run:
    found = find_run(place)
    return Run(os.fspath(place), found.report, None if found.manifest is None else records_of(found.manifest))
