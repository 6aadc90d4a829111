"""A terminal's screen as an SVG, and what two of those have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.style import Style

_CELL, _LINE, _SIZE, _EDGE = 8.4, 20, 14, 20
# The terminal's first colours by their number, as names and as most dark themes show them.
_NAMES: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_COLOURS: Final = dict(
    zip(
        _NAMES,
        ("#6e7681", "#f85149", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#e6edf3"),
        strict=True,
    )
)
_RULES: Final = " ".join(f".{name}{{fill:{colour}}}" for name, colour in _COLOURS.items())
# Fonts of whoever looks; the length of each text is given, so that columns stand whatever the font is.
_STYLE: Final = (
    f"text{{font:{_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}} "
    "text{fill:#e6edf3} "
    f"{_RULES} .bold{{font-weight:700}} .dim{{fill:#8b949e}}"
)
_SPACE: Final = "http://www.w3.org/2000/svg"
# Words with single spaces between them.
_WORDS: Final = re.compile(r"\S+(?: \S+)*")
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")


class Piece(NamedTuple):
    """Words on the screen: their row, their first cell, their style, and themselves."""

    row: int
    cell: int
    style: str
    text: str


def pieces(screen: str) -> Iterator[Piece]:
    """What stands on a screen that was captured with its colours, row by row."""
    for row, line in enumerate(screen.rstrip("\n").split("\n")):
        text = Text.from_ansi(line)
        cell = 0
        for span in text.render(Console()):
            style = _named(span.style)
            for words in _WORDS.finditer(span.text):
                yield Piece(row, cell + words.start(), style, words.group())
            cell += len(span.text)


def _named(style: Style | None) -> str:
    if style is None:
        return ""
    number = style.color.number if style.color else None
    # Bright ones stand for the plain ones.
    colour = "" if number is None else _NAMES[number % len(_NAMES)]
    return " ".join(name for name, has in (("bold", style.bold), ("dim", style.dim), (colour, colour)) if has)


def svg(screen: str, columns: int, label: str) -> str:
    """A picture of the screen that loads nothing, fit for light and dark pages. ``label``: what it shows."""
    found = list(pieces(screen))
    width = round(columns * _CELL + 2 * _EDGE)
    height = (found[-1].row + 1) * _LINE + 2 * _EDGE
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    edge = f'x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="10"'
    lines = [
        f'<svg xmlns="{_SPACE}" {size} role="img" aria-label={quoteattr(label)}>',
        f"<style>{_STYLE}</style>",
        f'<rect {edge} fill="#0d1117" stroke="#30363d"/>',
        *map(_drawn, found),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _drawn(piece: Piece) -> str:
    x, y = _EDGE + piece.cell * _CELL, _EDGE + piece.row * _LINE + _SIZE
    style = f' class="{piece.style}"' if piece.style else ""
    length = len(piece.text) * _CELL
    return (
        f'<text x="{x:.1f}" y="{y}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"{style}>'
        f"{escape(piece.text)}</text>"
    )


def outline(picture: str) -> list[str]:
    """A picture's words row by row, with their styles and places, whatever the figures are."""
    return [_masked(text) for text in ET.fromstring(picture).iter(f"{{{_SPACE}}}text")]  # noqa: S314 - our own


def _masked(text: ET.Element) -> str:
    words = text.text or ""
    masked = _FIGURE.sub("0", words)
    # Figures are flush right, so what has one begins where it may.
    place = "somewhere" if masked != words else text.get("x")
    return f"y={text.get('y')} x={place} [{text.get('class', '')}] {masked}"
