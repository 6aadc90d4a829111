"""Pages of reports in a real browser: they are quiet, ask nobody, can be used, and their media play.

``make node-clients`` installs what drives Chromium. ``ACP_PICTURES``: a folder for pictures of the pages.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acp_action import AIPipelineManager
from acp_action.api.compare import comparison_page
from acp_action.api.what_if import what_if
from acp_action.report.files import write_reports
from acp_action.report.html.answers import render_what_if
from tests.report.showcase import failed_run, hostile_run, many_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.engine.result import RunResult

TOP = Path(__file__).resolve().parents[2]
CLIENTS = Path(os.environ.get("NODE_CLIENTS", TOP / ".node-clients"))
SCRIPT = TOP / "tests/e2e/node/browser.mjs"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (CLIENTS / "node_modules/playwright-core").is_dir(), reason="not there: run `make node-clients`"
    ),
]

MADE: dict[str, Callable[[Path], RunResult]] = {
    "failed": failed_run,
    "hostile": hostile_run,
    "many": many_run,
    "pictures": lambda folder: many_run(folder, 200, 200),
}
REPORTS = ("small", *MADE)
NAMES = (*REPORTS, "compare", "what-if")
Facts = dict[str, Any]


def small(folder: Path) -> None:
    """The storyboard of the examples, carried out: pictures, videos, a film and speech."""
    manager = AIPipelineManager(provider="local", output_dir=folder)
    result = manager.run_pipeline(TOP / "examples/storyboard.yaml", "A ship leaves at dawn.")
    assert result.success


def answers(top: Path) -> None:
    """Two runs side by side, one of them hostile, and what a run would have taken under other settings."""
    for name in ("compare", "what-if"):
        (top / name).mkdir()
    compared = comparison_page(top / "small", top / "hostile", top / "compare")
    (top / "compare/report.html").write_text(compared, "utf-8")
    (top / "what-if/report.html").write_text(render_what_if(what_if(top / "small")), "utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Facts]:
    """What the browser found out about each page."""
    top = tmp_path_factory.mktemp("pages")
    small(top / "small")
    for name, make in MADE.items():
        (top / name).mkdir()
        written = write_reports(make(top / name), top / name)
        assert not written.problems
    answers(top)
    pictures = Path(os.environ.get("ACP_PICTURES", top / "shots"))
    pictures.mkdir(parents=True, exist_ok=True)
    line = ["node", str(SCRIPT), str(CLIENTS), str(CHROMIUM), str(pictures)]
    line += [f"{name}={(top / name / 'report.html').as_uri()}" for name in NAMES]
    done = subprocess.run(line, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Facts] = json.loads(done.stdout)
    for name in NAMES:
        found[name]["bytes"] = (top / name / "report.html").stat().st_size
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_quiet(pages: dict[str, Facts], name: str) -> None:
    """S22: no message on the console, no request beyond files, no dialog, whatever the texts are."""
    facts = pages[name]
    assert (facts["console"], facts["requests"], facts["dialogs"], facts["broken"]) == ([], [], [], 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_be_used_by_everybody(pages: dict[str, Facts], name: str) -> None:
    """No serious violation of accessibility, light and dark, wide and narrow; nothing sticks out."""
    assert pages[name]["violations"] == []
    assert max(pages[name]["wider"]) <= 0


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_works_with_and_without_its_script(pages: dict[str, Facts], name: str) -> None:
    """All cards are there without it; with it they are searched, and keys lead along the timeline."""
    facts = pages[name]
    assert facts["cards"] == facts["withoutScript"] == facts["afterwards"] > 0
    assert 1 <= facts["found"] <= facts["cards"]
    assert facts["detail"].count("s to ") == 1
    assert facts["zoomed"] == pytest.approx(2.0, abs=0.05)
    assert facts["nothing"] == [0, True]
    assert facts["all"] == [facts["cards"], False]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_quickly_and_is_no_giant(pages: dict[str, Facts], name: str) -> None:
    """At a thousand steps in under a second, at two hundred pictures in under five megabytes."""
    assert min(pages[name]["milliseconds"]) < 1000
    assert pages[name]["bytes"] < 5_000_000


def test_media_have_a_length(pages: dict[str, Facts]) -> None:
    """Each video and sound is found beside the page, and the browser can play it."""
    media = pages["small"]["media"]
    assert sorted(m["name"] for m in media) == [
        "./clip_1.mp4", "./clip_2.mp4", "./clip_3.mp4", "./film.mp4", "./narration.wav",
    ]  # fmt: skip
    assert all(m["seconds"] > 0 and m["error"] is None for m in media)


def test_videos_are_pictures_on_paper(pages: dict[str, Facts]) -> None:
    """Each as its poster, where a browser alone prints the controls of a player."""
    assert pages["small"]["stills"] == 4


def test_a_step_that_is_folded_away_can_be_led_to(pages: dict[str, Facts]) -> None:
    """Eleven steps failed alike and are one trouble; the bar of each still opens its details."""
    assert pages["many"]["unfolded"] is True


def test_all_steps_are_drawn(pages: dict[str, Facts]) -> None:
    """A thousand rows, each of which leads to its step."""
    assert pages["many"]["rows"] == 1000
