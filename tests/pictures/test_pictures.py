"""The pictures of README and docs are what a run looks like today.

Needs tmux, Chromium, the DejaVu fonts and what ``make node-clients`` installs. ``ACP_PICTURES``: a folder
where the pictures that were made to compare are kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.pictures.likeness import BOUND, difference, lost_colours
from tests.pictures.making import COMMITTED, NAMES, drawn, make
from tests.pictures.screen import outline

pytestmark = [pytest.mark.pictures, pytest.mark.timeout(300)]
MEND = "the pictures are those of an earlier state: run `make pictures`, look at them, and commit"
# Read before the tests' environment is cleared.
KEPT = os.environ.get("ACP_PICTURES", "")


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pictures as they are made now."""
    folder = Path(KEPT, "readme") if KEPT else tmp_path_factory.mktemp("pictures")
    make(folder)
    return folder


def test_the_terminal_looks_as_it_is_shown(today: Path) -> None:
    """Row by row the same words in the same places and styles; only figures may be others."""
    now, shown = (outline((folder / "terminal.svg").read_text("utf-8")) for folder in (today, COMMITTED))
    assert now == shown, MEND


@pytest.mark.parametrize("name", [name for name in NAMES if name != "terminal.svg"])
def test_the_report_looks_as_it_is_shown(name: str, today: Path, tmp_path: Path) -> None:
    """The same lay-out and colours; text and bars may be moved by what the run took."""
    now, shown = (
        drawn(folder / name, tmp_path / f"{number}.png") for number, folder in enumerate((today, COMMITTED))
    )
    with Image.open(now) as one, Image.open(shown) as other:
        told = difference(one, other), lost_colours(one, other)
    assert told[0] <= BOUND, f"{told[0]:.1%} of it look different: {MEND}"
    assert told[1] == set(), f"colours that are in one of them only: {MEND}"
