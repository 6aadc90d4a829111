"""How wide a text is on a terminal, and how it is cut or filled up to a width."""

from __future__ import annotations

import unicodedata


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
    end = "..." if ascii_only else "…"
    room, kept = width - len(end), []
    for char in text:
        room -= _cell(char)
        if room < 0:
            break
        kept.append(char)
    return f"{''.join(kept)}{end}"[: max(width, 0)]


def fill(text: str, width: int, *, ascii_only: bool = False) -> str:
    """The text in exactly ``width`` cells: cut, or with blanks behind it."""
    text = cut(text, width, ascii_only=ascii_only)
    return text + " " * (width - cells(text))


def _cell(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
