"""Texts on pictures: folded into what the bundled font has, wrapped, and set as a caption."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from acp_action.providers.local.colors import luminance, mixed

if TYPE_CHECKING:
    from acp_action.providers.local.palettes import Palette

# The font that comes with Pillow, so that a picture is the same on every machine. It has little beyond ASCII.
_BEYOND_ASCII: Final = "©«°±´·»‘’“”…‹›⁄™"
_FOLDS: Final = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "×": "x", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe",
     "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "ı": "i", "€": "EUR", "£": "GBP",
     "→": "->", "←": "<-", "„": "“", "\u00a0": " "}
)  # fmt: skip
# What sounds nearly the same, letter by letter; below, those that take more than one letter, or none.
_PLAIN_LETTERS: Final = str.maketrans(
    "абвгдезийклмнопрстуфыэіґўαβγδεζηικλμνξοπρσςτυφω",
    "abvgdeziyklmnoprstufyeiguavgdeziiklmnxoprsstyfo",
)  # fmt: skip
_LETTERS: Final = {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu",
    "я": "ya", "є": "ye", "θ": "th", "χ": "ch", "ψ": "ps",
}  # fmt: skip
_LONGEST: Final = 600
_ELLIPSIS: Final = "…"
_MARGIN: Final = 0.06
_SMALLEST_WITH_FOOTER: Final = 150


class Block(NamedTuple):
    """A text as it is set: its lines, and the height of the font and of a line in pixels."""

    lines: tuple[str, ...]
    font: int
    pitch: int


def drawable(text: str) -> str:
    """The text in letters that the bundled font has.

    Accents are dropped, Cyrillic and Greek are spelled in Latin; other scripts, which the font cannot show,
    are left out, and a text of nothing else is described instead.

    >>> drawable("Café — привет")
    'Cafe - privet'
    """
    plain = text[:_LONGEST].translate(_FOLDS)
    folded = "".join(c if c in _BEYOND_ASCII else unicodedata.normalize("NFKD", c) for c in plain)
    letters = [_letter(c) for c in folded if not unicodedata.combining(c)]
    shown = " ".join("".join(letters).split())
    if shown.strip(" .,;:!?-") or not text.strip():
        return shown
    return f"(a prompt of {len(text)} characters, in a script that previews cannot draw)"


def _letter(char: str) -> str:
    if " " <= char <= "~" or char in _BEYOND_ASCII:
        return char
    if char.isspace():
        return " "
    lower = char.lower()
    plain = lower.translate(_PLAIN_LETTERS)
    spelled = plain if plain.isascii() else _LETTERS.get(lower, "")
    return spelled.capitalize() if char.isupper() else spelled


@lru_cache(maxsize=64)
def font_of(height: int) -> ImageFont.FreeTypeFont:
    """The bundled font at a height in pixels."""
    font = ImageFont.load_default(height)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


def set_block(text: str, width: int, heights: tuple[int, int], most_lines: int) -> Block:
    """The text in the largest font, between the two heights, at which it fits the width and the lines."""
    large, small = max(heights), min(heights)
    height = large
    while True:
        lines = wrapped(text, width, font_of(height))
        if len(lines) <= most_lines or height <= small:
            break
        height = max(small, round(height * 0.9))
    if len(lines) > most_lines:
        last = _shortened(lines[most_lines - 1] + _ELLIPSIS, width, font_of(height))
        lines = [*lines[: most_lines - 1], last]
    return Block(tuple(lines), height, round(height * 1.28))


def wrapped(text: str, width: int, font: ImageFont.FreeTypeFont) -> list[str]:
    """The text in lines of at most ``width`` pixels; a word longer than a line is broken."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while font.getlength(line) > width and len(line) > 1:
            fits = max(1, int(len(line) * width / font.getlength(line)))
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line else lines


def _shortened(line: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    while font.getlength(line) > width and len(line) > 1:
        line = line[:-2].rstrip() + _ELLIPSIS
    return line


def draw_caption(picture: Image.Image, prompt: str, footer: str, badge: str, palette: Palette) -> int:
    """Set the prompt over the lower part of the picture, a small line below it, and a badge at its end.

    Everything stays clear of the edges, so that a camera that moves in a little cuts no letter. Gives the
    row, in pixels from above, at which the caption begins.
    """
    width, height = picture.size
    unit = min(width, height)
    side, edge = max(2, round(width * _MARGIN)), max(2, round(height * _MARGIN))
    heights = max(8, round(unit * 0.06)), max(7, round(unit * 0.036))
    body = set_block(drawable(prompt), width - 2 * side, heights, 3 if width > height * 0.8 else 5)
    small = max(6, round(unit * 0.026))
    above = round(unit * 0.045)
    top = max(0, height - edge - small - round(small * 0.6) - body.pitch * len(body.lines) - above)
    _shade(picture, top, palette)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, top, width, top + max(1, round(unit * 0.006)) - 1), fill=palette.accent)
    for number, line in enumerate(body.lines):
        pen.text(
            (side, top + above + number * body.pitch), line, font=font_of(body.font), fill=(255, 255, 255)
        )
    if unit >= _SMALLEST_WITH_FOOTER:
        _draw_footer(pen, (side, height - edge - small, width - side), small, footer, badge, palette)
    return top


def _shade(picture: Image.Image, top: int, palette: Palette) -> None:
    """Darken what lies under the caption, so that white letters stand out on any scene."""
    ink = mixed(palette.near, (8, 9, 16), 0.72)
    strip = picture.crop((0, top, picture.width, picture.height))
    picture.paste(Image.blend(strip, Image.new("RGB", strip.size, ink), 0.84), (0, top))


def _draw_footer(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float, float],
    small: int,
    footer: str,
    badge: str,
    palette: Palette,
) -> None:
    left, y, right = place
    font = font_of(small)
    used = 0.0
    if badge:
        used = font.getlength(badge) + small * 1.4
        box = (right - used, y - small * 0.42, right, y + small * 1.42)
        pen.rounded_rectangle(box, small * 0.5, fill=palette.accent)
        ink = (20, 20, 26) if luminance(palette.accent) > 0.45 else (255, 255, 255)
        pen.text((right - used / 2, y + small * 0.5), badge, font=font, fill=ink, anchor="mm")
    room = round(right - left - used - small)
    pen.text((left, y), _shortened(drawable(footer), room, font), font=font, fill=(205, 208, 216))
