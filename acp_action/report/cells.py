"""How wide a text is on a terminal, how it is cut or filled up to a width, and where its lines are broken."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# With these, emoji are made of others, and letters joined or turned around: in more cells or fewer, as the
# terminal sees fit.
_JOINERS: Final = re.compile("[\u200c-\u200f\u061c\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_LEFT_TO_RIGHT: Final = "\u200e"
_COLUMN: Final = re.compile(r" {2,}(?=\S)")


def cells(text: str) -> int:
    """How many cells of a terminal the text takes.

    >>> cells("ab"), cells("灯塔")
    (2, 4)
    """
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def cut(text: str, width: int, *, ascii_only: bool = False) -> str:
    """The text, shortened with an ellipsis when it is wider than ``width`` cells."""
    text = text.encode("ascii", "backslashreplace").decode() if ascii_only else text
    if cells(text) <= width:
        return text
    end = ("..." if ascii_only else "…")[: max(width, 0)]
    room, kept = width - len(end), []
    for char in text:
        room -= _cell(char)
        if room < 0:
            break
        kept.append(char)
    return f"{''.join(kept)}{end}"


def fill(text: str, width: int, *, ascii_only: bool = False) -> str:
    """The text in exactly ``width`` cells: cut, or with blanks behind it.

    Behind letters that run from right to left stands a mark without width, so that a terminal that turns
    them around leaves the columns after them in place.
    """
    text = cut(text, width, ascii_only=ascii_only)
    mark = "" if text.isascii() or not any(map(_runs_left, text)) else _LEFT_TO_RIGHT
    return text + mark + " " * (width - cells(text))


def steady(text: str) -> str:
    """The text without what joins signs to one, because terminals do not agree how wide that is.

    >>> steady("👩\u200d👧 family") == "👩👧 family"
    True
    """
    return text if text.isascii() else _JOINERS.sub("", text)


def folded(text: str, width: int, hang: int | None = None) -> str:
    """The text with lines broken between words to fit ``width`` cells; words themselves stay whole.

    What is broken off stands ``hang`` cells in; by default under the last column that begins in the first
    half of its line, or two cells further in than its line.

    >>> print(folded("  fal  no key; set FAL_KEY", 20))
      fal  no key; set
           FAL_KEY
    """
    return "\n".join(_folded(line, width, hang) for line in text.split("\n"))


def _folded(line: str, width: int, hang: int | None) -> str:
    if cells(line) <= width:
        return line
    hang = _hang(line, width) if hang is None else hang
    rows = [""]
    for word in re.findall(r" *[^ ]+", line):
        if rows[-1].strip() and cells(rows[-1]) + cells(word) > width:
            rows.append(" " * hang + word.lstrip(" "))
        else:
            rows[-1] += word
    return "\n".join(rows)


def _hang(line: str, width: int) -> int:
    indent = len(line) - len(line.lstrip(" "))
    columns = [cells(line[: match.end()]) for match in _COLUMN.finditer(line) if match.end() > indent]
    return max((column for column in columns if column <= width // 2), default=indent + 2)


def _runs_left(char: str) -> bool:
    return unicodedata.bidirectional(char) in ("R", "AL")


def _cell(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
