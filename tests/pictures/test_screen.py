"""A terminal's screen as a picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.pictures.screen import Piece, outline, pieces, svg

SCREEN = (
    "$ run\n\x1b[1mLaunch\x1b[0m  3 of 4\n  \x1b[32m✓ \x1b[0mhero     4.9s\n    \x1b[2m· <last>\x1b[0m\n\n\n"
)


def test_words_stand_where_they_stood() -> None:
    """Each with its row, its cell and its style."""
    assert list(pieces(SCREEN)) == [
        Piece(0, 0, "", "$ run"),
        Piece(1, 0, "bold", "Launch"),
        Piece(1, 8, "", "3 of 4"),
        Piece(2, 2, "green", "✓"),
        Piece(2, 4, "", "hero"),
        Piece(2, 13, "", "4.9s"),
        Piece(3, 4, "dim", "· <last>"),
    ]


def test_a_picture_loads_nothing_and_is_well_formed() -> None:
    """Names of fonts, but no addresses; what stands on the screen is text and no markup."""
    picture = svg(SCREEN, 80, 'a "label"')
    root = ET.fromstring(picture)  # noqa: S314 - our own
    assert root.get("aria-label") == 'a "label"'
    assert picture.replace('xmlns="http://www.w3.org/2000/svg"', "").count("http") == 0
    assert "url(" not in picture
    assert [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")][-1] == "· <last>"


def test_outlines_hold_everything_but_figures() -> None:
    """Other times are the same picture; another word, style or place is none."""
    shown = outline(svg(SCREEN, 80, ""))
    assert outline(svg(SCREEN.replace("    4.9s", "   14.9s"), 80, "")) == shown
    for other in (
        SCREEN.replace("hero", "zero"),
        SCREEN.replace("32m", "31m"),
        SCREEN.replace("    \x1b[2m", "   \x1b[2m"),
    ):
        assert outline(svg(other, 80, "")) != shown
