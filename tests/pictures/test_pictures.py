"""The pictures of README and docs are what a run looks like today.

Needs tmux, Chromium, the DejaVu fonts and what ``make node-clients`` installs. ``ACP_PICTURES``: a folder
where the pictures that were made to compare are kept.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from PIL import Image

from tests.pictures.likeness import LEAST_SHARED, MOST_APART, difference, lost_colours, shared
from tests.pictures.making import COMMITTED, NAMES, make
from tests.pictures.screen import outline

if TYPE_CHECKING:
    from tests.pictures.likeness import Box

pytestmark = [pytest.mark.pictures, pytest.mark.timeout(300)]
MEND = "the pictures are those of an earlier state: run `make pictures`, look at them, and commit"
# Read before the tests' environment is cleared.
KEPT = os.environ.get("ACP_PICTURES", "")


class Today(NamedTuple):
    """The pictures as they are made now, and where the page has its timeline."""

    folder: Path
    timeline: Box | None


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Today:
    """Made once for all tests."""
    folder = Path(KEPT, "readme") if KEPT else tmp_path_factory.mktemp("pictures")
    return Today(folder, make(folder))


def both(name: str, today: Today) -> tuple[str, str]:
    """A picture of today and the one that is shown, as texts."""
    return (today.folder / name).read_text("utf-8"), (COMMITTED / name).read_text("utf-8")


def test_the_terminal_looks_as_it_is_shown(today: Today) -> None:
    """Row by row the same words in the same places and styles; only figures may be others."""
    now, shown = map(outline, both("terminal.svg", today))
    assert now == shown, MEND


def test_the_timeline_looks_as_it_is_shown(today: Today) -> None:
    """The same rows, words and styles; only figures may be others, and with them what they move."""
    same = shared(*both("timeline.svg", today))
    assert same >= LEAST_SHARED, f"{same:.1%} of its elements are the same, or its style is another: {MEND}"


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".png")])
def test_the_report_looks_as_it_is_shown(name: str, today: Today) -> None:
    """The same lay-out and colours; only figures may be others, and the timeline's bars stand elsewhere."""
    with Image.open(today.folder / name) as now, Image.open(COMMITTED / name) as shown:
        apart, lost = difference(now, shown, today.timeline), lost_colours(now, shown)
    assert apart <= MOST_APART, f"{apart:.1%} of it look different: {MEND}"
    assert lost == set(), f"colours that only one of them has: {MEND}"
