from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from acp_action.errors import FatalError
from tests.providers.making import a_picture, halves, make

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("step_type", "model", "params", "size"),
    [
        ("upscale_image", "local", {}, (128, 96)),
        ("upscale_image", "local", {"scale": "1.5"}, (96, 72)),
        ("upscale_image", "clarity", {"upscale_factor": 4}, (256, 192)),
        ("image_to_image", "clarity_upscaler", {}, (128, 96)),
    ],
)
def test_upscaling_multiplies_the_sides(
    tmp_path: Path, step_type: str, model: str, params: dict[str, Any], size: tuple[int, int]
) -> None:
    """Twice by default, else by the factor; an upscaler model does so as image_to_image too."""
    product = make(tmp_path, step_type, None, halves(tmp_path / "h.png"), model=model, **params)
    with Image.open(product.files[0].path) as picture:
        assert picture.size == size
        assert picture.getpixel((2, 2)) == (255, 0, 0)
    assert product.notes["edit"] == [f"enlarged {product.params['upscale_factor']:g} times by Lanczos"]


def test_upscaling_keeps_transparency(tmp_path: Path) -> None:
    """What is clear stays clear."""
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "x.png")
    product = make(tmp_path, "upscale_image", None, tmp_path / "x.png")
    with Image.open(product.files[0].path) as picture:
        assert picture.getpixel((8, 8))[3] == 0  # type: ignore[index]


def test_upscaling_beyond_the_limit_is_refused_before_any_work(tmp_path: Path) -> None:
    """The size of the result is known from the head of the file."""
    Image.new("1", (3000, 3000)).save(tmp_path / "x.png")
    with pytest.raises(FatalError, match=r"'x.png' enlarged 4 times: 12000x12000 pixels are too many"):
        make(tmp_path, "upscale_image", None, tmp_path / "x.png", upscale_factor=4)


@pytest.mark.parametrize(
    ("params", "sizes"),
    [
        ({}, [(32, 24)] * 4),
        ({"grid": "1x3"}, [(21, 48), (21, 48), (22, 48)]),
        ({"grid": "3x1"}, [(64, 16)] * 3),
        ({"rows": 1, "cols": "2"}, [(32, 48)] * 2),
        ({"rows": 1, "columns": 2}, [(32, 48)] * 2),
    ],
)
def test_splitting_gives_all_pixels_in_reading_order(
    tmp_path: Path, params: dict[str, Any], sizes: list[tuple[int, int]]
) -> None:
    """A grid is rows x columns; parts may differ by a pixel, so that none is lost."""
    product = make(tmp_path, "split_image", None, a_picture(tmp_path / "x.png"), **params)
    assert product.kind == "images"
    assert [(f.facts["width"], f.facts["height"]) for f in product.files] == sizes


def test_parts_hold_what_stood_there(tmp_path: Path) -> None:
    """The first part is the left one."""
    product = make(tmp_path, "split_image", None, halves(tmp_path / "h.png"), grid="1x2")
    for file, color in zip(product.files, [(255, 0, 0), (0, 0, 255)], strict=True):
        with Image.open(file.path) as part:
            assert part.getcolors() == [(32 * 48, color)]


def test_a_picture_smaller_than_the_grid_is_refused(tmp_path: Path) -> None:
    """No empty part is made."""
    with pytest.raises(FatalError, match=r"2x2 pixels are too few for 3 x 2 parts"):
        make(tmp_path, "split_image", None, a_picture(tmp_path / "x.png", (2, 2)), grid="3x2")
