"""The display on a real terminal, in tmux: at two widths, with few and many steps, and on a resize."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.programs import COMMAND, environment
from tests.tmux import ROWS, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux"),
]
# Read before the tests' environment is cleared.
SHOTS = os.environ.get("ACP_PICTURES", "")
PATIENCE = 20.0


def pipeline(count: int, delay: float) -> str:
    """A step, a group of many, the first of which is quick, and a step, all by the embedded provider."""
    step = "type: text_to_image, params: {prompt: a cat, width: 64, height: 64"
    members = [
        f"      - {{name: image_{n}, {step}, delay: {0.3 if n == 1 else delay}}}}}"
        for n in range(1, count + 1)
    ]
    lines = [
        "name: Catalogue",
        "settings: {max_workers: 8, provider: local, fail_fast: false}",
        "steps:",
        f"  - {{name: base, {step}, delay: 0.2}}}}",
        "  - type: parallel_group",
        "    name: variations",
        "    steps:",
        *members,
        "  - {name: final, type: analyze_image, input_from: base}",
    ]
    return "\n".join(lines)


@contextmanager
def running(folder: Path, columns: int, text: str) -> Iterator[Terminal]:
    """A terminal in which this pipeline runs, on a screen that was clean."""
    (folder / "p.yaml").write_text(text)
    with Terminal(folder, columns, environment(LANG="C.UTF-8"), patience=PATIENCE) as window:
        window.type(f"clear; {shlex.join([*COMMAND, 'run-chain', '-c', 'p.yaml'])}")
        yield window


def keep(name: str, screen: list[str]) -> None:
    """Keep a capture where somebody will look at it."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        Path(SHOTS, f"terminal-{name}.txt").write_text("\n".join(screen) + "\n")


def is_in_the_middle(screen: list[str]) -> bool:
    """Some members are done and some run."""
    return any(re.search(r"● variations +[1-9]\d* of", row) for row in screen)


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.parametrize(("count", "delay"), [(3, 2.0), (498, 0.3)])
def test_the_display_fits_the_screen(columns: int, count: int, delay: float, tmp_path: Path) -> None:
    """One title, a row for each thing that is shown, nothing wrapped, no more rows than there are."""
    with running(tmp_path, columns, pipeline(count, delay)) as window:
        screen = window.when(is_in_the_middle)
    keep(f"{count + 2}-steps-{columns}-columns", screen)
    assert [row for row in screen if row.startswith("Catalogue  ")] == [screen[0]]
    assert len(screen) < ROWS
    assert sum("● image_" in row for row in screen) == min(count - 1, 8)
    assert all(row[0] in "C " for row in screen)


@pytest.mark.parametrize(("columns", "rows"), [(50, ROWS), (140, ROWS), (80, 10)])
def test_a_resize_leaves_nothing_behind(columns: int, rows: int, tmp_path: Path) -> None:
    """Narrower, wider or shorter: after the next frame the screen holds one display, whole."""

    def is_clean(screen: list[str]) -> bool:
        titles = [place for place, row in enumerate(screen) if row.startswith("Catalogue")]
        busy = sum("● image_" in row for row in screen)
        whole = busy == min(8, rows - 5) and len(screen) < rows
        return titles == [0] and whole and all(row[:1] in ("C", " ") for row in screen)

    with running(tmp_path, 80, pipeline(200, 0.3)) as window:
        window.when(is_in_the_middle)
        window.resize(columns, rows)
        # A piece that is left above the display would stay there, so what is clean once is clean.
        screen = window.when(is_clean)
    keep(f"resized-to-{columns}-by-{rows}", screen)
    assert max(map(len, screen)) <= columns


def test_ctrl_z_gives_the_terminal_to_the_shell(tmp_path: Path) -> None:
    """Stopped, the shell has its cursor; in front again, the display goes on below, and only there."""
    with running(tmp_path, 80, pipeline(100, 0.3)) as window:
        window.when(is_in_the_middle)
        window.key("C-z")
        window.when(lambda rows: rows[-1].startswith("$"))
        cursor = window.tmux("display-message", "-p", "#{cursor_flag}").strip()
        window.type("clear; bg; echo hello")
        screen = window.when(lambda rows: any("Report: " in row for row in rows))
    keep("in-the-background", screen)
    assert cursor == "1"
    assert not any(row.startswith("Catalogue") for row in screen)
    assert any(row.startswith("Done: 102 steps") for row in screen)


def test_ctrl_c_leaves_a_usable_shell(tmp_path: Path) -> None:
    """The last state stands, then what happened, then the prompt; no ^C within it, and the cursor is back."""
    with running(tmp_path, 80, pipeline(200, 0.3)) as window:
        window.when(is_in_the_middle)
        window.key("C-c")
        screen = window.when(lambda rows: rows[-1].startswith("$"))
        cursor = window.tmux("display-message", "-p", "#{cursor_flag}").strip()
    keep("after-ctrl-c", screen)
    assert any(row.startswith("Stopped: interrupted (Ctrl-C); ") for row in screen)
    assert not any("^C" in row for row in screen)
    assert cursor == "1"


def test_a_shell_that_does_not_come_leaves_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The context is not entered then, so that nobody else would end it."""
    terminal = Terminal(tmp_path, 80, {})
    monkeypatch.setattr(terminal, "when", _never)
    with pytest.raises(TimeoutError), terminal:
        pass
    with pytest.raises(subprocess.CalledProcessError) as gone:
        terminal.tmux("list-sessions")
    assert re.search("no server|error connecting|server exited", gone.value.stderr)


def _never(*_: object) -> list[str]:
    raise TimeoutError("this never came")
