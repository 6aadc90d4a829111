from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageFilter, ImageStat

from acp_action.providers.local.edits import edits_in
from acp_action.providers.local.grades import EDITS
from tests.providers.making import halves, make

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A picture with a ramp, an edge and a colour, so that every edit has something to change."""
    ramp = Image.linear_gradient("L").resize((96, 64))
    picture = Image.merge("RGB", [ramp.point([v // 2 + k for v in range(256)]) for k in (90, 60, 20)])
    picture.paste((200, 40, 30), (10, 10, 40, 50))
    picture.save(tmp_path / "scene.png")
    return tmp_path / "scene.png"


def edited(scene: Path, prompt: str, **more: Any) -> Image.Image:
    """The scene after an edit, as RGB."""
    product = make(scene.parent, "image_to_image", prompt, scene, **more)
    with Image.open(product.files[0].path) as picture:
        return picture.convert("RGB")


def light(picture: Image.Image) -> float:
    """Mean brightness."""
    return ImageStat.Stat(picture.convert("L")).mean[0]


def spread(picture: Image.Image) -> float:
    """Contrast: the standard deviation of the gray values."""
    return ImageStat.Stat(picture.convert("L")).stddev[0]


def color(picture: Image.Image) -> float:
    """Mean saturation."""
    return ImageStat.Stat(picture.convert("HSV").getchannel("S")).mean[0]


def warmth(picture: Image.Image) -> float:
    """Red minus blue."""
    red, _, blue = ImageStat.Stat(picture).mean
    return red - blue


def crispness(picture: Image.Image) -> float:
    """How strong the edges are."""
    return ImageStat.Stat(picture.convert("L").filter(ImageFilter.FIND_EDGES)).var[0]


@pytest.mark.parametrize(
    ("prompt", "measure", "grows"),
    [("make it darker", light, False), ("brighter please", light, True),
     ("at night", light, False), ("more contrast", spread, True), ("less contrast", spread, False),
     ("add dramatic lighting", spread, True),
     ("vivid", color, True), ("desaturated", color, False), ("black and white", color, False),
     ("warmer", warmth, True), ("a cold mood", warmth, False), ("golden hour", warmth, True),
     ("blur the picture", crispness, False), ("sharpen", crispness, True), ("foggy", color, False)],
)  # fmt: skip
def test_edits_change_pixels_in_the_asked_direction(
    scene: Path, prompt: str, measure: Any, grows: bool
) -> None:
    """Darker is darker, sharper is sharper: the words are carried out, not decoration."""
    with Image.open(scene) as before:
        change = measure(edited(scene, prompt)) - measure(before.convert("RGB"))
    assert change > 1 if grows else change < -1


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_keeps_to_colour_and_changes_something(scene: Path, name: str) -> None:
    """Every edit takes RGB, gives RGB, and does something."""
    with Image.open(scene) as file:
        before = file.convert("RGB")
        after = EDITS[name][1](before)
    assert after.mode == "RGB"
    assert after.size in (before.size, before.size[::-1])
    assert after.tobytes() != before.tobytes()


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("Add dramatic lighting", ["dramatic"]),
        ("black-and-white, then a bit darker", ["gray", "dark"]),
        ("darker, black and white", ["dark", "gray"]),
        ("less contrast", ["flat"]),
        ("watercolor painting", ["watercolor"]),
        ("flip vertically", ["flip"]),
        ("flip it", ["mirror"]),
        ("rotate left", ["turn_left"]),
        ("rotate by 180 degrees", ["turn_over"]),
        ("rotate", ["turn_right"]),
        ("without blur", ["sharpen"]),
        ("no fog, not dark", []),
        ("a golden retriever", []),
        ("", []),
    ],
)
def test_edits_are_found_in_the_order_of_the_words(prompt: str, names: list[str]) -> None:
    """Each wish is carried out once, as it stands in the sentence; what is not wanted is not done."""
    assert edits_in(prompt) == names


def test_turning_moves_the_pixels_as_told(tmp_path: Path) -> None:
    """Red is on the left; mirrored it is on the right; turned right it is on top."""
    path = halves(tmp_path / "h.png")
    assert edited(path, "mirror").getpixel((60, 24)) == (255, 0, 0)
    turned = edited(path, "turn right")
    assert turned.size == (48, 64)
    assert turned.getpixel((24, 4)) == (255, 0, 0)


def test_unknown_words_give_a_gentle_grade_that_is_always_the_same(scene: Path) -> None:
    """What cannot be done is not pretended: the picture changes a little, and the notes say why."""
    first, again, other = (edited(scene, p) for p in ("xyzzy", "xyzzy", "plugh"))
    assert first.tobytes() == again.tobytes() != other.tobytes()
    with Image.open(scene) as before:
        assert abs(light(first) - light(before)) < 25
    notes = make(scene.parent, "image_to_image", "xyzzy", scene).notes
    assert notes["edit"] == ["a gentle grade: no word of the prompt names an edit known here"]


def test_notes_and_file_say_what_was_done(scene: Path) -> None:
    """The edits are listed in plain words, in the notes and inside of the file."""
    product = make(scene.parent, "image_to_image", "darker, make it purple", scene)
    assert product.notes["edit"] == ["darker", "tinted purple"]
    with Image.open(product.files[0].path) as picture:
        assert picture.info["Edit"] == "darker; tinted purple"


@pytest.mark.parametrize(
    ("params", "size"),
    [({"aspect_ratio": "1:1"}, (64, 64)), ({"aspect_ratio": "16:9"}, (96, 54)), ({}, (96, 64))],
)
def test_an_asked_ratio_crops_around_the_middle(
    scene: Path, params: dict[str, Any], size: tuple[int, int]
) -> None:
    """As much of the picture stays as the ratio allows."""
    assert edited(scene, "brighter", **params).size == size


def test_the_model_field_for_ratios_works_too(scene: Path) -> None:
    """One model calls its ratio resolution_mode."""
    assert edited(scene, "brighter", model="kontext", resolution_mode="1:1").size == (64, 64)


def test_the_same_edit_gives_the_same_bytes(scene: Path) -> None:
    """Edits are a function of picture, prompt and seed."""
    one, two = (make(scene.parent, "image_to_image", "vintage", scene).files[0].path for _ in range(2))
    assert one.read_bytes() == two.read_bytes()
