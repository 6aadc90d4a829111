from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageFilter

from acp_action.providers.local.measure import Measurement, measure
from tests.providers.making import ManualToken, a_picture, halves, made_path, make

if TYPE_CHECKING:
    from pathlib import Path

STYLES = ["describe", "detailed", "classify", "objects", "ocr", "composition", "qa"]


def measured(path: Path) -> Measurement:
    """The measurements of a picture."""
    return measure(path, ManualToken())


def said(folder: Path, *pictures: Path, text: str | None = None, **more: Any) -> str:
    """The analysis as text."""
    product = make(folder, "analyze_image", text, *pictures, **more)
    assert product.kind == "text"
    assert product.files == ()
    return product.text or ""


def test_halves_are_measured_as_halves(tmp_path: Path) -> None:
    """A red and a blue half: both named, half each, on their sides."""
    red, blue = sorted(measured(halves(tmp_path / "h.png")).colors, key=lambda r: r.x)
    assert (red.name, red.share, red.x, red.y) == ("red", 0.5, 0.25, 0.5)
    assert (blue.name, blue.share, blue.x, blue.y) == ("blue", 0.5, 0.75, 0.5)


@pytest.mark.parametrize(
    ("color", "brightness", "saturation"),
    [("white", 100, 0), ("black", 0, 0), ("#808080", 50, 0), ("red", 30, 100)],
)
def test_plain_pictures_have_known_values(
    tmp_path: Path, color: str, brightness: int, saturation: int
) -> None:
    """One colour has its brightness and saturation, and neither contrast nor edges."""
    facts = measured(a_picture(tmp_path / "x.png", color=color))
    assert facts.brightness == pytest.approx(brightness, abs=1)
    assert facts.saturation == saturation
    assert (facts.contrast, facts.sharpness, facts.detail, facts.symmetry) == (0, 0, 0, 100)


def test_black_and_white_halves_have_full_contrast(tmp_path: Path) -> None:
    """The standard deviation of half black, half white is the largest there is."""
    facts = measured(halves(tmp_path / "h.png", "black", "white"))
    assert (facts.contrast, facts.brightness, facts.symmetry) == (100, 50, 0)
    assert facts.thirds[0] == 0
    assert facts.thirds[2] == 100


def test_blur_lowers_sharpness(tmp_path: Path) -> None:
    """The variance of the Laplacian falls with every blur."""
    sharp = Image.effect_noise((120, 90), 80)
    sharp.save(tmp_path / "0.png")
    for radius in (1, 3):
        sharp.filter(ImageFilter.GaussianBlur(radius)).save(tmp_path / f"{radius}.png")
    values = [measured(tmp_path / f"{r}.png").sharpness for r in (0, 1, 3)]
    assert values[0] > 10 * values[1] > 100 * values[2]


@pytest.mark.parametrize(
    ("size", "aspect", "orientation"),
    [((160, 90), "16:9", "landscape"), ((90, 160), "9:16", "portrait"), ((50, 50), "1:1", "square"),
     ((1024, 768), "4:3", "landscape"), ((300, 40), "7.50:1", "landscape"), ((2, 1), "2:1", "landscape")],
)  # fmt: skip
def test_shapes_have_names(tmp_path: Path, size: tuple[int, int], aspect: str, orientation: str) -> None:
    """Size, ratio and orientation belong to the whole picture, however small it is measured."""
    facts = measured(a_picture(tmp_path / "x.png", size))
    assert ((facts.width, facts.height), facts.aspect, facts.orientation) == (size, aspect, orientation)


def test_a_photograph_is_measured_upright(tmp_path: Path) -> None:
    """A picture that lies on its side by its own remark is as wide as it is shown."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 20)).save(tmp_path / "x.jpg", exif=exif)
    facts = measured(tmp_path / "x.jpg")
    assert (facts.width, facts.height, facts.orientation) == (20, 60, "portrait")


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 40), (3, 1)])
def test_the_tiniest_pictures_are_measured(tmp_path: Path, size: tuple[int, int]) -> None:
    """No measurement needs more than one pixel."""
    facts = measured(a_picture(tmp_path / "x.png", size))
    assert (facts.colors[0].name, facts.sharpness, facts.detail) == ("red", 0, 0)


def test_warm_and_cold_are_red_and_blue(tmp_path: Path) -> None:
    """Warmth is red minus blue."""
    warm, cold = (measured(a_picture(tmp_path / f"{c}.png", color=c)).warmth for c in ("orange", "navy"))
    assert warm > 50 > -20 > cold


def test_format_size_and_transparency_are_told(tmp_path: Path) -> None:
    """What the file is, not what it is called."""
    Image.new("RGBA", (40, 30), (255, 0, 0, 90)).save(tmp_path / "x.jpg", "PNG")
    facts = measured(tmp_path / "x.jpg")
    assert (facts.format, facts.transparent, facts.bytes) == (
        "PNG",
        True,
        (tmp_path / "x.jpg").stat().st_size,
    )


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_honest(tmp_path: Path, style: str) -> None:
    """Each of the seven says that it measures and does not understand, and claims to see no things."""
    text = said(tmp_path, halves(tmp_path / "h.png"), model=f"gemini_{style}")
    assert text.endswith(
        "Measured by acp-action's embedded provider, which measures pictures and does not understand them."
    )


def test_the_styles_differ(tmp_path: Path) -> None:
    """Each style answers in its own shape; only qa without a question is the short description."""
    path = halves(tmp_path / "h.png")
    texts = {style: said(tmp_path, path, model=f"gemini_{style}") for style in STYLES}
    assert len(set(texts.values())) == 6
    assert texts["describe"].startswith("A landscape picture of 64 x 48 pixels (4:3, 0.0 megapixels, PNG).")
    assert "- Colours: blue 50%, red 50%" in texts["detailed"]
    assert "orientation: landscape\n" in texts["classify"]
    assert "red, 50% of the picture, mostly in the left part" in texts["objects"]
    assert "cannot be read by measuring" in texts["ocr"]
    assert "Brightness by thirds" in texts["composition"]


def test_a_question_is_repeated_and_not_answered(tmp_path: Path) -> None:
    """The question stands above; the text says that measuring does not answer it."""
    text = said(tmp_path, halves(tmp_path / "h.png"), text="Is there\na cat?", model="gemini_qa")
    assert text.startswith("Asked: Is there a cat?\nThis cannot be answered by measuring")


def test_several_pictures_get_a_section_each(tmp_path: Path) -> None:
    """Sections are numbered, in order."""
    text = said(tmp_path, a_picture(tmp_path / "a.png"), a_picture(tmp_path / "b.png", color="blue"))
    first, second = text.index("Picture 1 of 2: a.png"), text.index("Picture 2 of 2: b.png")
    assert first < second
    assert "red 100%" in text[first:second]
    assert "blue 100%" in text[second:]


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_what_a_file_says_of_itself_is_told(tmp_path: Path, form: str) -> None:
    """A prompt that stands inside of the file is a fact of the file."""
    path = made_path(
        tmp_path, "text_to_image", "a lighthouse", width=64, height=48, model="imagen4", output_format=form
    )
    assert "a lighthouse" in said(tmp_path, path, model="gemini_ocr")


def test_a_stored_prompt_is_quoted_on_one_line(tmp_path: Path) -> None:
    """Foreign text from a file stays a quotation."""
    path = made_path(tmp_path, "text_to_image", "two\nlines", width=64, height=48)
    assert 'made as a preview of flux_dev from the prompt "two lines"' in said(
        tmp_path, path, model="gemini_describe"
    )


@pytest.mark.parametrize(
    "params",
    [
        {"generationConfig": {"responseMimeType": "application/json"}},
        {"generationConfig.responseMimeType": "application/json"},
    ],
)
def test_json_is_given_where_it_is_asked_for(tmp_path: Path, params: dict[str, Any]) -> None:
    """The same facts, for programs."""
    answer = json.loads(said(tmp_path, halves(tmp_path / "h.png"), text="why?", **params))
    assert answer["question"] == "why?"
    assert answer["pictures"][0]["colors"][0]["share"] == 0.5
    assert answer["pictures"][0]["aspect"] == "4:3"


def test_measurements_go_into_the_notes(tmp_path: Path) -> None:
    """Reports can use the numbers without reading the text."""
    product = make(tmp_path, "analyze_image", None, halves(tmp_path / "h.png"))
    (facts,) = json.loads(json.dumps(product.notes["measured"]))
    assert facts["brightness"] > 0
