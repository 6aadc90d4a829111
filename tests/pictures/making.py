"""How the pictures are made: an example runs in a terminal, looked at meanwhile, and so is its report."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.pictures.screen import svg
from tests.pictures.services import services
from tests.tmux import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.pictures.likeness import Box

TOP: Final = Path(__file__).resolve().parents[2]
COMMITTED: Final = TOP / "docs/pictures"
NAMES: Final = ("report-dark.png", "report-light.png", "terminal.svg", "timeline.svg")
CLIENTS: Final = Path(os.environ.get("NODE_CLIENTS", TOP / ".node-clients")).resolve()
EXAMPLE: Final = "examples/campaign.yaml"
COMMAND: Final = f'ai-content-pipeline run-chain -c {EXAMPLE} --input "a small cabin" --max-workers 6'
LABEL: Final = (
    "A terminal in which ai-content-pipeline runs a pipeline: what is done, what runs, what waits and why"
)
COLUMNS: Final = 100
# Pixels that a page has.
WIDTH: Final = 1120
# Something of everything: done, running, waiting for its input, held by a limit. It lasts for two seconds.
_MOMENT: Final = (
    "rate limit of fal, [2-9] s",
    "✓ lake_line",
    "● storm",
    "● alps_line",
    "● dunes_line",
    "● forest_line",
)
_FONT: Final = "DejaVu Sans"
_PACKAGES: Final = "apt-get install tmux chromium fontconfig fonts-dejavu-core nodejs npm"


class MissingError(Exception):
    """Something that pictures are made with is not there; the message says what, and how to get it."""


def make(folder: Path) -> Box | None:
    """Write all pictures into a folder; gives where the page has its timeline.

    MissingError, TimeoutError with the last screen, RuntimeError with what Chromium's driver says.
    """
    chromium, fonts = _tools()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        screen = _run(Path(place))
        (folder / "terminal.svg").write_text(svg(screen, COLUMNS, LABEL), "utf-8")
        _timeline(Path(place, "output"), folder / "timeline.svg")
        page = Path(place, "output/report.html").as_uri()
        looks = [(page, scheme, folder / f"report-{scheme}.png") for scheme in ("light", "dark")]
        return _shoot(chromium, fonts, looks)[0]


def _tools() -> tuple[str, str]:
    """Chromium, and the folder of the fonts."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    missing = [name for name in ("tmux", "node", "fc-match") if shutil.which(name) is None]
    if chromium is None or missing:
        names = ", ".join(missing + ["chromium"] * (chromium is None))
        raise MissingError(f"not installed: {names}. On Debian and Ubuntu: {_PACKAGES}")
    if not (CLIENTS / "node_modules/playwright-core").is_dir():
        raise MissingError(f"there is nothing to drive Chromium with in {CLIENTS}: run `make node-clients`")
    found = subprocess.run(
        ["fc-match", "-f", "%{family}\n%{file}", _FONT], capture_output=True, text=True, check=True
    )
    family, _, file = found.stdout.partition("\n")
    if family != _FONT:
        raise MissingError(f"the font {_FONT} is not installed: apt-get install fonts-dejavu-core")
    return chromium, str(Path(file).parent)


def _run(place: Path) -> str:
    """Run the example in a terminal; gives the screen of the chosen moment."""
    (place / EXAMPLE).parent.mkdir()
    shutil.copy(TOP / EXAMPLE, place / EXAMPLE)
    with services() as variables, Terminal(place, COLUMNS, {**_environment(place), **variables}) as terminal:
        terminal.type(COMMAND)
        terminal.when(lambda rows: _holds(_MOMENT, rows))
        screen = terminal.coloured()
        terminal.when(lambda rows: rows[-1] == "$")
    return screen


def _holds(patterns: Iterable[str], rows: Sequence[str]) -> bool:
    text = "\n".join(rows)
    return all(re.search(pattern, text, re.MULTILINE) for pattern in patterns)


def _environment(home: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    return {"PATH": path, "HOME": str(home), "PYTHONPATH": str(TOP)}


def _timeline(output: Path, target: Path) -> None:
    line = ["ai-content-pipeline", "report", str(output), "--format", "svg", "--output", str(target)]
    subprocess.run(line, env=_environment(output.parent), check=True, capture_output=True)


def _shoot(chromium: str, fonts: str, looks: Iterable[tuple[str, str, Path]]) -> list[Box | None]:
    """Pictures of pages: address, ``light`` or ``dark``, and where each goes. No fonts but those are used."""
    line = ["node", str(Path(__file__).with_name("shoot.mjs")), str(CLIENTS), chromium, str(WIDTH)]
    line += [str(word) for look in looks for word in look]
    with tempfile.TemporaryDirectory() as cache:
        settings = Path(cache, "fonts.conf")
        settings.write_text(_FONTS.format(folder=fonts, cache=cache), "utf-8")
        done = subprocess.run(
            line,
            env={**os.environ, "FONTCONFIG_FILE": str(settings)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [tuple(box) if box else None for box in json.loads(done.stdout)]


# Whatever else is installed, and whatever a desktop prefers, pages are set in these.
_FONTS: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
  <selectfont><rejectfont><glob>*Serif*</glob><glob>*Condensed*</glob><glob>*Light*</glob></rejectfont></selectfont>
  <match target="pattern">
    <test name="family" compare="contains"><string>mono</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>DejaVu Sans Mono</string></edit>
  </match>
  <match target="pattern">
    <test name="family" compare="not_contains"><string>Mono</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>DejaVu Sans</string></edit>
  </match>
</fontconfig>
"""
