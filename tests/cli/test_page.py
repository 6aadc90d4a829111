"""Texts for people, on a terminal and elsewhere."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import termios
from typing import IO, TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.cli.page import CARET, ERROR, Light, laid_out
from acp_action.report.cells import cells, folded

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[IO[str]]:
    """A terminal of 40 columns that can show colours."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    monkeypatch.setenv("TERM", "xterm-256color")
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


LONG = "error: the folder of the results cannot be written; name another one\n       and a second line"


def test_without_a_terminal_a_text_stays_as_it_is() -> None:
    """What goes to a file or a pipe is for programs, too."""
    assert laid_out(LONG, io.StringIO(), (ERROR,)) == LONG


def test_nothing_in_a_text_for_people_is_obeyed(terminal: IO[str]) -> None:
    """Also where a message names something foreign and nobody thought of it."""
    told = "error: no step\n\t'\\u001b[2J\\u009b31m'"
    for stream in (io.StringIO(), terminal):
        assert laid_out("error: no step\n\t'\x1b[2J\x9b31m'", stream, ()) == told


def test_on_a_terminal_lines_are_broken_between_words(terminal: IO[str]) -> None:
    """The rest of an error stands under its beginning."""
    assert laid_out(LONG, terminal, ()).splitlines() == [
        "error: the folder of the results cannot",
        "       be written; name another one",
        "       and a second line",
    ]


def test_what_matters_has_a_colour(terminal: IO[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A word of ours, not the foreign text behind it; and nothing with NO_COLOR or on a dumb terminal."""
    assert laid_out("error: error: x", terminal, (ERROR,)) == "\x1b[31merror:\x1b[0m error: x"
    assert laid_out("  ok   a\n  ok   b", terminal, (Light("^  (ok) ", "green"),)).count("\x1b[32mok") == 2
    monkeypatch.setenv("NO_COLOR", "1")
    assert laid_out("error: x", terminal, (ERROR,)) == "error: x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert laid_out("error: x", terminal, (ERROR,)) == "error: x"


def test_a_long_line_of_a_file_is_cut_around_its_caret(terminal: IO[str]) -> None:
    """Line and caret stay together, whatever is before them and behind, wide letters included."""
    before = "a: {name: 灯塔灯塔, type: image, prompt: "
    text = f"p.yaml:1:1: x\n    1 | {before}HERE, and so on and so on}}\n      | {' ' * cells(before)}^"
    line, caret = (
        laid_out(text, terminal, (CARET,)).replace("\x1b[31m", "").replace("\x1b[0m", "").split("\n")[1:]
    )
    assert max(cells(line), cells(caret)) <= 40
    assert line.startswith("    1 | …")
    assert cells(line[: line.index("HERE")]) == len(caret) - 1


def test_a_short_line_of_a_file_is_left_alone(terminal: IO[str]) -> None:
    """What fits is shown as it stands."""
    text = "p.yaml:1:1: x\n    1 | a: b\n      |    ^"
    assert laid_out(text, terminal, ()) == text


TEXTS = st.lists(st.text("abc 灯", max_size=60), max_size=4).map("\n".join)


@given(TEXTS, st.integers(1, 30))
def test_broken_lines_hold_the_same_words(text: str, width: int) -> None:
    """No word is lost, cut or joined to another; a line is too wide only where one word is."""
    broken = folded(text, width)
    assert broken.split() == text.split()
    for line in broken.split("\n"):
        assert cells(line) <= width or len(line.split()) == 1 or line in text.split("\n")
