"""Foreign text made harmless for where it lands: one line of plain text, or a piece of Markdown."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NEWLINE: Final = "⏎"
_BACKTICKS: Final = re.compile("`+")
# Nothing in such a word is markup, nor an address or reference that GitHub makes a link of.
_PLAIN_WORD: Final = re.compile(r"(?:[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*|[a-z]+-[a-z]+|\d+\.\d+s?|→|…)?[;:,]?")

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_KEPT: Final = "\n\t\u200c\u200d\u200e\u200f\u061c"


def one_line(text: str, limit: int | None = None) -> str:
    r"""The text on one line with everything invisible made visible; cut to ``limit`` characters.

    Line ends become ``⏎``; control, bidi and other format characters are shown as ``\u202e``, so that no
    terminal obeys them and no reader is misled.

    >>> one_line("a\nb\x1b[31m")
    'a⏎b\\u001b[31m'
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    # True of nearly every name, and far quicker than a look at each character.
    if text.isprintable():
        return text
    return "".join(map(_visible, text.replace("\r\n", "\n")))


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    if char == "\n":
        return _NEWLINE
    if unicodedata.category(char) == "Zs":
        return " "
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def without_controls(text: str) -> str:
    r"""The text with its lines and tabs; every other control character is made visible.

    >>> without_controls("a\n\x9b31m")
    'a\n\\u009b31m'
    """
    return text if text.isprintable() else _CONTROLS.sub(lambda found: _visible(found[0]), text)


def plain_lines(text: str, limit: int | None = None) -> str:
    r"""The text with its lines, for a page that gives each text a direction of its own.

    Joiners of emoji and letters and the marks of a direction stay; what turns the order of letters around or
    is not seen at all is made visible.

    >>> plain_lines("a\nb\x1b[31m\u202e")
    'a\nb\\u001b[31m\\u202e'
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(char if char in _KEPT else _visible(char) for char in text)


def md_code(text: str, limit: int | None = None) -> str:
    """The text as Markdown that shows it letter by letter, for a paragraph, a heading or a table cell.

    Code spans, because nothing in them is a link, HTML, an emoji, or a mention or reference on GitHub. The
    pipe would end a table cell even there, so it stands between the spans as a character reference.

    >>> md_code("a|b"), md_code("")
    ('`a`&#124;`b`', '')
    """
    return "&#124;".join(_code_span(part) for part in one_line(text, limit).split("|"))


def md_prose(text: str) -> str:
    """A sentence of ours that may hold foreign words: plain words stay as they are, others become code.

    >>> md_prose("1.5s is the path a → [x](y); done")
    '1.5s is the path a → `[x](y);` done'
    """
    words = one_line(text).split(" ")
    return " ".join(word if _PLAIN_WORD.fullmatch(word) else md_code(word) for word in words)


def _code_span(text: str) -> str:
    if not text:
        return ""
    if text.isspace():
        # A code span of spaces alone is legal, but parsers differ on whether a cell may begin with it.
        return "&#32;" * len(text)
    fence = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"
