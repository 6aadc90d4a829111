"""Texts for people: on a terminal broken between words, and with a little colour; elsewhere as they are."""

from __future__ import annotations

import os
import re
import sys
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from acp_action.cli.streams import deliver, show, tell
from acp_action.progress.terminal import is_terminal, size_of, styled, wants_colours
from acp_action.report.cells import cells, folded
from acp_action.report.escape import without_controls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_EXCERPT: Final = re.compile(r"( *\d+ \| )(.*)")
_CARET: Final = re.compile(r" +\| ( *)\^")
_LEAD: Final = re.compile(r"error: | {7}(?=\S)")
_CUT: Final = "…"


class Light(NamedTuple):
    """What stands out: the first group of a pattern, which sees every line by itself."""

    pattern: str
    style: str


ERROR: Final = Light(r"^((?:internal )?error:)", "red")
WARNING: Final = Light(r"^(\[WARNING\])", "yellow")
CARET: Final = Light(r"^ +\| +(\^)$", "red")


def columns() -> int:
    """How wide the terminal behind standard output is; 0 where there is none."""
    return size_of(sys.stdout)[0] if is_terminal(sys.stdout) else 0


def show_page(text: str, lights: Sequence[Light] = ()) -> None:
    """Write a text and a line end to standard output. Raises AcpError for a full disk and the like."""
    show(laid_out(text, sys.stdout, lights))


def deliver_page(text: str, output: Path | None) -> None:
    """Write a text to this file, whole or not at all, or to standard output. Raises OutputError, AcpError."""
    if output is None:
        show_page(text.rstrip("\n"))
    else:
        deliver(text, output)


def tell_page(text: str, lights: Sequence[Light] = (ERROR, WARNING, CARET)) -> None:
    """Write a text and a line end to standard error; what cannot be written there is lost."""
    tell(laid_out(text, sys.stderr, lights))


def laid_out(text: str, stream: IO[str], lights: Sequence[Light]) -> str:
    """The text as it fits the terminal behind a stream, only cleared of what one obeys where there is none.

    Whoever wrote a text should have seen to that; this is for names in messages that nobody thought of.
    """
    text = without_controls(text)
    if not is_terminal(stream):
        return text
    text = _fitted(text, size_of(stream)[0])
    if wants_colours(os.environ):
        for light in lights:
            text = _lit(text, light)
    return text


def _lit(text: str, light: Light) -> str:
    parts, end = [], 0
    for found in re.finditer(light.pattern, text, re.MULTILINE):
        parts += [text[end : found.start(1)], styled(found[1], light.style)]
        end = found.end(1)
    return "".join([*parts, text[end:]])


def _fitted(text: str, width: int) -> str:
    """Lines broken between words; lines of a file are cut around the place that a caret shows."""
    lines, rows = text.split("\n"), []
    while lines:
        line = lines.pop(0)
        excerpt, caret = _EXCERPT.fullmatch(line), _CARET.fullmatch(lines[0]) if lines else None
        if excerpt and caret:
            rows += _around(excerpt[1], excerpt[2], lines.pop(0), width)
        else:
            lead = _LEAD.match(line)
            rows.append(folded(line, width, lead.end() if lead else None))
    return "\n".join(rows)


def _around(lead: str, line: str, caret: str, width: int) -> list[str]:
    """A line of a file and the caret under it, both no wider than the terminal."""
    place = len(caret) - 1 - len(lead)
    if cells(lead + line) <= width or "\t" in caret:
        return [lead + line, caret]
    room = max(width - len(lead) - 2 * len(_CUT), 1)
    first = max(min(place - room // 2, cells(line) - room), 0)
    kept, at, begin = "", 0, 0
    for char in line:
        if first <= at < first + room - 1:
            begin = begin if kept else at
            kept += char
        at += cells(char)
    before, after = _CUT if begin else "", _CUT if begin + cells(kept) < at else ""
    blanks = " " * (len(lead) - 2) + "| " + " " * (place - begin + len(before))
    return [lead + before + kept + after, f"{blanks}^"]
