"""The display on a real terminal, a pseudo one, as its users see it."""

from __future__ import annotations

import os
import pty
import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from acp_action.progress.live import pause_after
from acp_action.progress.terminal import wants_ascii
from tests.cli.programs import COMMAND, environment
from tests.progress.emulator import Terminal

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """
name: Show
steps:
  - {name: quick, type: text_to_image, params: {prompt: a cat}}
  - {name: slow, type: text_to_image, params: {prompt: a dog, delay: 0.5}}
"""
HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


def on_terminal(folder: Path, *words: str, interrupt_at: bytes = b"", **env: str) -> tuple[int, bytes]:
    """Exit code and all that a terminal of 80 by 24 was sent."""
    (folder / "p.yaml").write_text(PIPELINE)
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.execve(sys.executable, [*COMMAND, *words], environment(**env))  # noqa: S606 - our own program
    sent = b""
    while chunk := _read(terminal):
        sent += chunk
        if interrupt_at and interrupt_at in sent:
            os.kill(child, signal.SIGINT)
            interrupt_at = b""
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sent


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""  # how Linux says that the program has closed its terminal


LOCAL = ("--provider", "local")
RUN = ("run-chain", "-c", "p.yaml", *LOCAL)


@pytest.mark.parametrize(("cost", "pause"), [(0.0, 0.2), (0.01, 0.2), (0.03, 0.6), (0.5, 10.0)])
def test_frames_come_more_seldom_the_more_they_cost(cost: float, pause: float) -> None:
    """Five a second at the most; a plan so big that its frames take long gives a twentieth of its time."""
    assert pause_after(cost) == pytest.approx(pause)


def test_the_board_is_drawn_and_stays(tmp_path: Path) -> None:
    """On a terminal the board is drawn over itself in colour; at the end it stands above the summary."""
    code, sent = on_terminal(tmp_path, *RUN, TERM="xterm-256color")
    assert code == 0
    assert sent.index(HIDE) < sent.index(SHOW)
    assert b"\x1b[32m" in sent
    screen = Terminal(80, 24)
    screen.feed(sent.decode())
    assert screen.text[0].startswith("Show  2 of 2 steps · ")
    assert [line.split()[:2] for line in screen.text[1:3]] == [["✓", "quick"], ["✓", "slow"]]
    assert screen.text[-2] == "Report: output/report.html"
    assert screen.cursor_shown


def test_ctrl_c_leaves_a_clean_terminal(tmp_path: Path) -> None:
    """After Ctrl-C the cursor is back, and the summary says what happened."""
    code, sent = on_terminal(
        tmp_path, *RUN, TERM="xterm-256color", interrupt_at=b"\x1b[36m\xe2\x97\x8f \x1b[0mslow"
    )
    assert code == 130
    assert sent.rindex(SHOW) > sent.rindex(HIDE)
    assert b"Stopped\x1b[0m: interrupted (Ctrl-C); 1 of 2 steps done" in sent


@pytest.mark.parametrize("term", ["dumb", ""])
def test_terminals_that_cannot_draw_get_lines(tmp_path: Path, term: str) -> None:
    """Where nothing can be drawn over, the guide's lines are written."""
    code, sent = on_terminal(tmp_path, *RUN, TERM=term)
    assert code == 0
    assert b"[INFO] Started: quick" in sent
    assert b"\x1b" not in sent


def test_no_color_is_respected(tmp_path: Path) -> None:
    """NO_COLOR leaves the board, without colours."""
    _, sent = on_terminal(tmp_path, *RUN, TERM="xterm-256color", NO_COLOR="1")
    assert HIDE in sent
    assert re.search(rb"\x1b\[3[0-7]m", sent) is None
    assert b"Done: 2 steps" in sent


def test_the_c_locale_gets_ascii(tmp_path: Path) -> None:
    """LC_ALL=C: no byte of the display is outside of ASCII."""
    _, sent = on_terminal(tmp_path, *RUN, TERM="xterm-256color", LC_ALL="C")
    assert HIDE in sent
    assert max(sent) < 128


def test_in_the_c_locale_other_texts_are_ascii_too(tmp_path: Path) -> None:
    """Our own signs have stand-ins there, and a text on a terminal fits it."""
    _, sent = on_terminal(tmp_path, "simulate", "p.yaml", *LOCAL, TERM="xterm-256color", LC_ALL="C")
    assert b"is the critical path quick -> slow" in sent
    assert max(sent) < 128
    assert max(map(len, sent.splitlines())) <= 80


@pytest.mark.parametrize(
    ("encoding", "environ", "ascii_only"),
    [
        ("utf-8", {}, False),
        ("UTF8", {"LANG": "de_DE.UTF-8"}, False),
        ("utf-8", {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, True),
        ("utf-8", {"LC_ALL": "", "LANG": "POSIX"}, True),
        ("iso-8859-1", {}, True),
        (None, {}, True),
    ],
)
def test_what_can_be_shown_follows_encoding_and_locale(
    encoding: str | None, environ: dict[str, str], ascii_only: bool
) -> None:
    """Only a terminal that reads UTF-8 gets more than ASCII."""
    assert wants_ascii(encoding, environ) is ascii_only
