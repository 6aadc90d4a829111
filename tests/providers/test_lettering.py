from __future__ import annotations

import pytest
from PIL import Image, ImageStat

from acp_action.providers.local.lettering import draw_caption, drawable, font_of, set_block, wrapped
from acp_action.providers.local.palettes import palette_for


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Café Ångström — naïve", "Cafe Angstrom - naive"),
        ("Straße, Łódź", "Strasse, Lodz"),
        ("Привет, Ёж и Щука", "Privet, Ezh i Shchuka"),
        ("Ελλάδα", "Ellada"),
        ("“quoted” … it’s", "“quoted” … it’s"),
        ("a\n  b\tc", "a b c"),
        ("cat 🐈 sleeps", "cat sleeps"),
        ("富士山", "(a prompt of 3 characters, in a script that previews cannot draw)"),
        ("", ""),
    ],
)
def test_texts_are_folded_into_what_the_font_has(text: str, shown: str) -> None:
    """Every letter on a picture can be read; what cannot be drawn is said, not shown as boxes."""
    assert drawable(text) == shown


def test_every_drawable_letter_has_a_shape() -> None:
    """The font that comes with Pillow has what the folding lets through."""
    font = font_of(30)
    missing = bytes(font.getmask("漢"))
    letters = [chr(code) for code in range(33, 127)] + list("©«°±´·»‘’“”…‹›⁄™")
    assert [c for c in letters if bytes(font.getmask(c)) == missing] == []


def test_lines_keep_within_the_width() -> None:
    """Words are kept whole where they can be, and broken where a line cannot hold them."""
    font = font_of(20)
    lines = wrapped("a few words and a" + "b" * 80, 200, font)
    assert all(font.getlength(line) <= 200 for line in lines)
    assert "".join("".join(lines).split()) == "afewwordsanda" + "b" * 80


def test_long_texts_get_smaller_and_then_an_ellipsis() -> None:
    """A short prompt is large; a long one is set smaller; one that never fits ends in an ellipsis."""
    short, longer, endless = (set_block("word " * n, 400, (40, 20), 3) for n in (2, 16, 200))
    assert (short.font, len(short.lines)) == (40, 1)
    assert 20 <= longer.font < 40
    assert endless.font == 20
    assert len(endless.lines) == 3
    assert endless.lines[-1].endswith("…")


def brightest(picture: Image.Image) -> float:
    """The largest gray value."""
    return float(ImageStat.Stat(picture.convert("L")).extrema[0][1])


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (200, 200)])
def test_captions_stay_clear_of_the_edges(size: tuple[int, int]) -> None:
    """No letter stands within the outermost twentieth, where a moving camera cuts."""
    picture = Image.new("RGB", size, "white")
    top = draw_caption(picture, "some words " * 6, "model  ·  size", "PREVIEW", palette_for("red", 1))
    inside = round(size[0] * 0.05), round(size[1] * 0.95)
    left = picture.crop((0, top + 8, inside[0], size[1]))
    foot = picture.crop((0, inside[1], *size))
    letters = picture.crop((inside[0], top + 8, size[0] - inside[0], inside[1]))
    assert [brightest(part) > 200 for part in (left, foot, letters)] == [False, False, True]


def test_the_caption_tells_where_it_begins() -> None:
    """Everything above the told row is untouched."""
    picture = Image.new("RGB", (300, 200), "white")
    top = draw_caption(picture, "a cat", "", "", palette_for("", 1))
    assert picture.crop((0, 0, 300, top)).getcolors() == [(300 * top, (255, 255, 255))]
    assert 100 < top < 190
