"""The display on a real terminal, in tmux: at two widths, with few and many steps, and on a resize."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.programs import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux"),
]
ROWS = 30
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


_NUMBERS = itertools.count()


class Window:
    """A shell in tmux, of this many columns."""

    def __init__(self, folder: Path, columns: int) -> None:
        # A server for each: one that is just ending takes no new session.
        self._socket = ["tmux", "-L", f"acp-{os.getpid()}-{next(_NUMBERS)}", "-f", os.devnull]
        self._folder = folder
        shell = f"cd {shlex.quote(str(folder))}; PS1='$ ' exec sh"
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(ROWS), shell)
        self._pause = threading.Event()

    def run(self, *words: str) -> None:
        """Type a command that begins on a clean screen."""
        variables = [
            f"{name}={value}" for name, value in environment(LANG="C.UTF-8").items() if name != "TERM"
        ]
        line = shlex.join(["env", *variables, *COMMAND, *words])
        self.tmux("send-keys", "-l", f"clear; {line}")
        self.tmux("send-keys", "Enter")

    def key(self, name: str) -> None:
        """Press a key."""
        self.tmux("send-keys", name)

    def resize(self, columns: int, rows: int) -> None:
        """Drag the window's corner."""
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def seen(self) -> list[str]:
        """What stands on the screen, without the blank rows at its end."""
        rows = self.tmux("capture-pane", "-p").rstrip("\n").split("\n")
        return [row.rstrip() for row in rows]

    def when(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """The screen once this holds of it."""
        for _ in range(int(PATIENCE / 0.1)):
            if holds(screen := self.seen()):
                return screen
            self._pause.wait(0.1)
        raise AssertionError("\n".join(self.seen()))

    def close(self) -> None:
        """End the shell and all that runs in it."""
        self.tmux("kill-server")

    def tmux(self, *words: str) -> str:
        """What tmux answers to a command."""
        done = subprocess.run([*self._socket, *words], capture_output=True, text=True, check=True)
        return done.stdout


@pytest.fixture
def window_of(tmp_path: Path) -> Iterator[Callable[[int], Window]]:
    """Makes windows of a width; they are closed at the end."""
    made: list[Window] = []

    def make(columns: int) -> Window:
        made.append(Window(tmp_path, columns))
        return made[-1]

    yield make
    for window in made:
        window.close()


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
def test_the_display_fits_the_screen(
    columns: int, count: int, delay: float, window_of: Callable[[int], Window], tmp_path: Path
) -> None:
    """One title, a row for each thing that is shown, nothing wrapped, no more rows than there are."""
    (tmp_path / "p.yaml").write_text(pipeline(count, delay))
    window = window_of(columns)
    window.run("run-chain", "-c", "p.yaml")
    screen = window.when(is_in_the_middle)
    keep(f"{count + 2}-steps-{columns}-columns", screen)
    assert [row for row in screen if row.startswith("Catalogue  ")] == [screen[0]]
    assert len(screen) < ROWS
    assert sum("● image_" in row for row in screen) == min(count - 1, 8)
    assert all(row[0] in "C " for row in screen)


@pytest.mark.parametrize(("columns", "rows"), [(50, ROWS), (140, ROWS), (80, 10)])
def test_a_resize_leaves_nothing_behind(
    columns: int, rows: int, window_of: Callable[[int], Window], tmp_path: Path
) -> None:
    """Narrower, wider or shorter: after the next frame the screen holds one display, whole."""
    (tmp_path / "p.yaml").write_text(pipeline(200, 0.3))
    window = window_of(80)
    window.run("run-chain", "-c", "p.yaml")
    window.when(is_in_the_middle)
    window.resize(columns, rows)

    def is_clean(screen: list[str]) -> bool:
        titles = [place for place, row in enumerate(screen) if row.startswith("Catalogue")]
        busy = sum("● image_" in row for row in screen)
        whole = busy == min(8, rows - 5) and len(screen) < rows
        return titles == [0] and whole and all(row[:1] in ("C", " ") for row in screen)

    # A piece that is left above the display would stay there, so what is clean once is clean.
    screen = window.when(is_clean)
    keep(f"resized-to-{columns}-by-{rows}", screen)
    assert max(map(len, screen)) <= columns


def test_ctrl_z_gives_the_terminal_to_the_shell(window_of: Callable[[int], Window], tmp_path: Path) -> None:
    """Stopped, the shell has its cursor; in front again, the display goes on below, and only there."""
    (tmp_path / "p.yaml").write_text(pipeline(100, 0.3))
    window = window_of(80)
    window.run("run-chain", "-c", "p.yaml")
    window.when(is_in_the_middle)
    window.key("C-z")
    window.when(lambda rows: rows[-1].startswith("$"))
    assert window.tmux("display-message", "-p", "#{cursor_flag}").strip() == "1"
    window.tmux("send-keys", "-l", "clear; bg; echo hello")
    window.key("Enter")
    screen = window.when(lambda rows: any("Report: " in row for row in rows))
    keep("in-the-background", screen)
    assert not any(row.startswith("Catalogue") for row in screen)
    assert any(row.startswith("Done: 102 steps") for row in screen)


def test_ctrl_c_leaves_a_usable_shell(window_of: Callable[[int], Window], tmp_path: Path) -> None:
    """The last state stands, then what happened, then the prompt; no ^C within it, and the cursor is back."""
    (tmp_path / "p.yaml").write_text(pipeline(200, 0.3))
    window = window_of(80)
    window.run("run-chain", "-c", "p.yaml")
    window.when(is_in_the_middle)
    window.key("C-c")
    screen = window.when(lambda rows: rows[-1].startswith("$"))
    keep("after-ctrl-c", screen)
    assert any(row.startswith("Stopped: interrupted (Ctrl-C); ") for row in screen)
    assert not any("^C" in row for row in screen)
    assert window.tmux("display-message", "-p", "#{cursor_flag}").strip() == "1"
