from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from acp_action.providers.local.colors import NAMED, colors_in, nearest_name
from acp_action.providers.local.palettes import palette_for
from acp_action.providers.local.picture import draw_backdrop
from acp_action.providers.local.subjects import _WORDS, draw_subject
from tests.providers.making import made_path, make

SMALL: dict[str, Any] = {"width": 160, "height": 128}


def drawn(folder: Path, text: str, **more: Any) -> bytes:
    """The bytes of a small picture."""
    return made_path(folder, "text_to_image", text, **{**SMALL, **more}).read_bytes()


def test_the_same_parameters_give_the_same_bytes(tmp_path: Path) -> None:
    """A picture is a function of its prompt, seed and size, down to the last byte."""
    assert drawn(tmp_path, "a cat", seed=7) == drawn(tmp_path, "a cat", seed="7")


@pytest.mark.parametrize("change", [{"text": "a dog"}, {"seed": 8}, {"width": 168}])
def test_other_parameters_give_another_picture(tmp_path: Path, change: dict[str, Any]) -> None:
    """Prompt, seed and size all count."""
    assert drawn(tmp_path, **{"text": "a cat", "seed": 7, **change}) != drawn(tmp_path, "a cat", seed=7)


def test_another_process_makes_the_same_bytes(tmp_path: Path) -> None:
    """Neither the hash seed of the interpreter nor the order of anything leaks into a picture."""
    code = (
        "import sys, hashlib; from pathlib import Path; from tests.providers.making import made_path\n"
        "path = made_path(Path(sys.argv[1]), 'text_to_image', 'a red car', width=160, height=128)\n"
        "print(hashlib.sha256(path.read_bytes()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd()), "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1


def test_the_reported_seed_draws_the_same_picture_again(tmp_path: Path) -> None:
    """A seed that was chosen for the user is told, and good for a repetition."""
    product = make(tmp_path, "text_to_image", "a ship", **SMALL)
    assert product.files[0].path.read_bytes() == drawn(tmp_path, "a ship", seed=product.seed)


@pytest.mark.parametrize(("form", "extension"), [("png", ".png"), ("jpeg", ".jpg"), ("webp", ".webp")])
def test_formats_are_what_they_are_called(tmp_path: Path, form: str, extension: str) -> None:
    """The file's content, its extension and its facts agree with the asked format and size."""
    product = make(tmp_path, "text_to_image", "x", model="imagen4", output_format=form, **SMALL)
    (file,) = product.files
    assert file.path.suffix == extension
    with Image.open(file.path) as picture:
        assert (picture.format, picture.size) == (form.upper(), (160, 128))
    assert dict(file.facts) == {"width": 160, "height": 128, "format": form.upper()}


def test_a_preview_says_so_in_file_and_notes(tmp_path: Path) -> None:
    """Whoever finds the file later learns that no model made it, and which one it stands for."""
    product = make(tmp_path, "text_to_image", "a cat", seed=3, guidance_scale=5, **SMALL)
    with Image.open(product.files[0].path) as picture:
        texts = dict(picture.info)
    assert texts["Software"] == "acp-action local preview"
    assert texts["Comment"] == "preview of flux_dev, made by acp-action's embedded provider, not by the model"
    assert (texts["Prompt"], texts["Seed"], texts["Model"]) == ("a cat", "3", "flux_dev")
    assert product.notes == {"preview": True, "provider": "local", "engine": "pillow",
                             "stands_in_for": "flux_dev", "ignored": ["guidance_scale"]}  # fmt: skip
    assert product.cost == 0.0


def test_the_embedded_model_is_no_preview(tmp_path: Path) -> None:
    """Model local stands in for nobody."""
    product = make(tmp_path, "text_to_image", "a cat", model="local", **SMALL)
    with Image.open(product.files[0].path) as picture:
        assert picture.info["Software"] == "acp-action local"
        assert "Comment" not in picture.info
    assert product.notes["preview"] is False
    assert "stands_in_for" not in product.notes


def test_the_prompt_is_on_the_picture(tmp_path: Path) -> None:
    """The caption differs from the bare scene, in the lower part alone, and holds white letters."""
    with Image.open(made_path(tmp_path, "text_to_image", "a cat", seed=1, width=512, height=384)) as picture:
        bare, _ = draw_backdrop("a cat", 1, (512, 384))
        changed = ImageChops.difference(picture.convert("RGB"), bare).getbbox()
        assert changed is not None
        assert changed[1] > 384 * 0.6
        assert ImageStat.Stat(picture.crop(changed).convert("L")).extrema[0][1] == 255


@pytest.mark.parametrize("color", ["red", "blue", "green", "purple", "orange"])
def test_a_named_colour_rules_the_picture(color: str) -> None:
    """A prompt's colour is found again in the picture's average."""
    picture, palette = draw_backdrop(f"something {color}", 1, (160, 128))
    assert palette.accent == NAMED[color]
    red, green, blue = ImageStat.Stat(picture).mean
    strongest = {"red": red, "green": green, "blue": blue, "purple": blue, "orange": red}[color]
    assert strongest == max(red, green, blue)


@pytest.mark.parametrize(
    ("prompt", "darker_than"),
    [("mountains at night", "mountains at dawn"), ("a storm at sea", "a beach in summer")],
)
def test_a_mood_sets_the_light(prompt: str, darker_than: str) -> None:
    """The words of a prompt decide whether it is day or night."""
    dark, light = (
        ImageStat.Stat(draw_backdrop(text, 1, (160, 128))[0].convert("L")).mean[0]
        for text in (prompt, darker_than)
    )
    assert dark < light


def test_a_subject_is_drawn_in_its_colour() -> None:
    """A red car is there, in red, and not without the word."""

    def accents(prompt: str) -> int:
        picture, palette = draw_backdrop(prompt, 1, (320, 256))
        return sum(n for n, color in picture.getcolors(100_000) or [] if color == palette.accent)

    assert accents("a red car") > 500 > accents("a red thing")


@pytest.mark.parametrize("word", _WORDS)
def test_every_subject_stands_in_the_middle(word: str) -> None:
    """Every word that stands for a thing draws it, around the middle and within the picture."""
    picture = Image.new("RGB", (200, 160), "white")
    draw_subject(picture, f"the {word}!", palette_for("blue", 1))
    box = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
    assert box is not None
    assert (box[0] < 100 < box[2], box[1] > 0, box[3] < 160) == (True, True, True)


@pytest.mark.parametrize(
    "scene", ["hills", "mountains", "desert", "ocean", "city", "forest", "space", "studio"]
)
@pytest.mark.parametrize("size", [(16, 16), (400, 16), (16, 400)])
def test_every_scene_fits_every_shape(scene: str, size: tuple[int, int], tmp_path: Path) -> None:
    """The smallest and the narrowest pictures are drawn too."""
    path = made_path(tmp_path, "text_to_image", scene, model="local", width=size[0], height=size[1])
    with Image.open(path) as picture:
        assert picture.size == size


def test_large_pictures_are_drawn_within_their_size(tmp_path: Path) -> None:
    """Above the finest drawing size a picture is enlarged, and has the asked pixels all the same."""
    with Image.open(
        made_path(tmp_path, "text_to_image", "sea", width=1600, height=64, output_format="jpeg")
    ) as picture:
        assert picture.size == (1600, 64)


@pytest.mark.parametrize(
    ("prompt", "names"),
    [("a red car and a BLUE house", ["red", "blue"]), ("dark blue, then navy", ["dark blue"]),
     ("golden", ["gold"]), ("light grey", ["light gray"]), ("reddish", [])],
)  # fmt: skip
def test_colours_are_found_in_prompts(prompt: str, names: list[str]) -> None:
    """Colours are whole words, with their shades and other names."""
    assert colors_in(prompt) == [NAMED[name] for name in names]


@pytest.mark.parametrize("name", NAMED)
def test_every_named_colour_is_called_by_its_name(name: str) -> None:
    """The names do not overlap: each colour is nearest to itself."""
    assert nearest_name(NAMED[name]) == name


def test_a_mood_and_a_colour_go_together() -> None:
    """A colour lies over the mood: a red night is still dark, and redder."""
    plain, red = palette_for("night", 1), palette_for("a red thing at night", 1)
    assert plain.is_dark
    assert red.is_dark
    assert red.top[0] > plain.top[0]


def test_black_is_no_hole() -> None:
    """A picture in black has a sky that is not black."""
    palette = palette_for("a black thing", 1)
    assert palette.accent == NAMED["black"]
    assert min(palette.low) > 80


def test_the_number_decides_where_the_prompt_says_nothing() -> None:
    """Without a hint, different seeds give different palettes."""
    assert len({palette_for("thing", number) for number in range(8)}) == 8


def test_broken_characters_do_no_harm(tmp_path: Path) -> None:
    """Half a character or a control in a prompt neither stops a picture nor reaches the file."""
    with Image.open(made_path(tmp_path, "text_to_image", "a \ud800cat\x00\x1b", **SMALL)) as picture:
        assert picture.info["Prompt"] == "a cat"
