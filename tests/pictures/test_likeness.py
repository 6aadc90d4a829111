"""What tells two pictures of a page apart."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from tests.pictures.likeness import MOST_APART, difference, lost_colours, shared

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


@pytest.mark.parametrize("other", [page(), page(words="took 2.9 s"), page(bar=322), page(height=484)])
def test_figures_are_no_difference(other: Image.Image) -> None:
    """Another time in the text, a bar a little longer, a page of a few pixels more."""
    assert difference(page(), other) <= MOST_APART
    assert lost_colours(page(), other) == set()


@pytest.mark.parametrize(
    "other", [page(shift=6), page(paper=(255, 255, 255)), page(height=600), page(bar=10)]
)
def test_another_layout_is_a_difference(other: Image.Image) -> None:
    """Everything moved a little, another background, something more below, a bar that is gone."""
    assert difference(page(), other) > MOST_APART or lost_colours(page(), other)


def test_a_colour_that_is_gone_is_told() -> None:
    """However little of the page it takes, from a two-hundredth of it on."""
    other = page()
    ImageDraw.Draw(other).rectangle((32, 420, 352, 440), (123, 43, 199))
    assert lost_colours(page(), other) == {BAR, (123, 43, 199)}


def test_what_is_left_out_may_differ() -> None:
    """Another bar in the place that is named is no difference, and anywhere else is one."""
    other = page(bar=60)
    assert difference(page(), other, (32, 416, 353, 448)) == 0
    assert difference(page(), other, (32, 16, 352, 64)) > MOST_APART


TIMELINE = "<svg><style>a{}</style>" + '<rect x="1%"/><text x="2">took 2.8s</text>' * 20 + "</svg>"


def test_timelines_share_what_is_no_figure() -> None:
    """Other times are the same timeline, as far as it goes; another style is none at all."""
    assert shared(TIMELINE, TIMELINE.replace("2.8s", "13s").replace("1%", "44.5%")) == 1
    assert shared(TIMELINE, TIMELINE.replace("a{}", "b{}")) == 0
    assert 0.9 < shared(TIMELINE, TIMELINE.replace("</svg>", "<text>more</text></svg>")) < 1
