"""What tells two pictures of a page apart."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from tests.pictures.likeness import BOUND, difference, lost_colours

PAPER, INK, BAR = (248, 248, 246), (27, 28, 32), (43, 91, 199)


def page(
    shift: int = 0,
    words: str = "took 2.8 s",
    bar: int = 320,
    paper: tuple[int, ...] = PAPER,
    height: int = 480,
) -> Image.Image:
    """Lines of text and a bar below them."""
    picture = Image.new("RGB", (640, height), paper)
    draw = ImageDraw.Draw(picture)
    for top in range(16, 400, 40):
        draw.text((32, top + shift), f"line of text that says something, {words}", INK)
    draw.rectangle((32, 420 + shift, 32 + bar, 440 + shift), BAR)
    return picture


@pytest.mark.parametrize("other", [page(), page(words="took 3.1 s"), page(bar=322), page(height=484)])
def test_figures_are_no_difference(other: Image.Image) -> None:
    """Another time in the text, a bar a little longer, a page of a few pixels more."""
    assert difference(page(), other) <= BOUND
    assert lost_colours(page(), other) == set()


@pytest.mark.parametrize(
    "other", [page(shift=6), page(paper=(255, 255, 255)), page(height=600), page(bar=10)]
)
def test_another_layout_is_a_difference(other: Image.Image) -> None:
    """Everything moved a little, another background, something more below, a bar that is gone."""
    assert difference(page(), other) > BOUND or lost_colours(page(), other)


def test_a_colour_that_is_gone_is_told() -> None:
    """However little of the page it takes, from a two-hundredth of it on."""
    other = page()
    ImageDraw.Draw(other).rectangle((32, 420, 352, 440), (123, 43, 199))
    assert lost_colours(page(), other) == {BAR, (123, 43, 199)}
