"""The text of a pipeline file: from bytes to characters, from an index to a place, and back to people."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from acp_action.errors import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

_BROKEN: Final = "\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
FORBIDDEN: Final = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_BROKEN}]")
"""Characters that no text may hold: controls, broken halves of characters, and line ends that nobody sees.

YAML counts U+0085, U+2028 and U+2029 as line ends, editors do not: a text would change, positions be wrong.
"""

FILLER: Final = "\u2423"
"""Broken pieces are blanked out with it, so that reading can go on: a sign for a blank that nobody writes."""

MOST_FAULTS: Final = 20
"""Bad characters that are told one by one; a file with more of them is not a text."""

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_INVISIBLE: Final = re.compile(f"[\x00-\x1f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f{_BROKEN}]")
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONGEST_LINE: Final = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem at a place in the text; ``patch`` is the piece to blank out so that reading can go on."""

    index: int
    what: str
    mend: str = ""
    patch: tuple[int, int] | None = None


def shown(text: str, limit: int = 60) -> str:
    """A text of the user in quotes, for a message: invisible characters escaped, and not too long.

    >>> shown("a cat", 3)
    "'a …'"
    """
    clean = _INVISIBLE.sub(lambda m: m[0].encode("unicode_escape").decode(), text[: limit + 1])
    return f"'{clean}'" if len(text) <= limit else f"'{clean[: limit - 1]}…'"


def quoted(text: str, limit: int = 70) -> str:
    """A text as it can stand in YAML, in the quotes that need no escapes."""
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


class Lines:
    """The lines of a text. Positions count lines and characters from 1."""

    def __init__(self, text: str) -> None:
        self._text = text
        if "\r" in text:
            self._starts = [0, *(m.end() for m in _BREAK.finditer(text))]
        else:
            self._starts = list(accumulate((len(line) + 1 for line in text.split("\n")[:-1]), initial=0))

    def position(self, index: int) -> Position:
        """Where a character stands; what lies behind the last character is moved onto it."""
        index = min(index, len(self._text))
        if index == len(self._text):
            index = max(len(self._text.rstrip()) - 1, 0)
        line = bisect_right(self._starts, index)
        return Position(line, index - self._starts[line - 1] + 1)

    def excerpt(self, position: Position) -> tuple[str, int]:
        """The line at a position, and the column of the position in it.

        Invisible characters are replaced one by one, so that nothing in the file can play tricks on a
        terminal; of a very long line only the part around the column is given.
        """
        start = self._starts[position.line - 1]
        end = self._starts[position.line] if position.line < len(self._starts) else len(self._text)
        first = start
        column = position.column
        if end - start > _LONGEST_LINE:
            first = max(start, start + column - _LONGEST_LINE // 2)
            end = min(end, first + _LONGEST_LINE)
        line = self._text[first:end].rstrip("\r\n").replace("\t", " ")
        line = _INVISIBLE.sub("·", line)
        if first > start:
            line, column = f"…{line[1:]}", start + column - first
        return line, column


def decode(content: bytes) -> tuple[str, list[Fault], bool]:
    """The text of a file, what is wrong with its characters, and whether it can be read as YAML at all.

    A byte order mark is left out. Bad characters are replaced one by one, so that the rest can be checked.
    """
    if content.startswith(_UTF16):
        return "", [Fault(0, "the file is written in UTF-16", "save it as UTF-8")], False
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        text = content.decode(errors="replace")
        before = len(content[: error.start].decode())
        fault = Fault(before, "this character is not UTF-8 text", "save the file as UTF-8")
        text, faults, readable = _cleaned(text)
        return text, [fault, *faults], readable
    return _cleaned(text)


def clean_text(text: str) -> tuple[str, list[Fault], bool]:
    """As ``decode``, for a text that is characters already."""
    return _cleaned(text.removeprefix("\ufeff"))


def _cleaned(text: str) -> tuple[str, list[Fault], bool]:
    if not FORBIDDEN.search(text):
        return text, [], True
    faults = list(_bad_characters(text))
    return FORBIDDEN.sub(" ", text), faults[:MOST_FAULTS], len(faults) <= MOST_FAULTS and "\x00" not in text


def _bad_characters(text: str) -> Iterator[Fault]:
    for found, match in enumerate(FORBIDDEN.finditer(text)):
        if found > MOST_FAULTS:
            return
        code = f"U+{ord(match[0]):04X}"
        if match[0] == "\x00":
            yield Fault(match.start(), f"a NUL character ({code})", "this is no UTF-8 text; save it as UTF-8")
            return
        yield Fault(match.start(), f"an invisible character ({code})", "delete it")
