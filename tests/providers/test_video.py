from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops, ImageStat

from acp_action.errors import Cancelled, FatalError
from acp_action.providers.local.camera import MOVES, ZOOM, box_of, move_for, view_at
from acp_action.providers.local.encoding import exact_rate
from tests.providers.making import TONES, ManualToken, a_picture, ask, halves, make, see

if TYPE_CHECKING:
    from pathlib import Path

SMALL: dict[str, Any] = {"model": "local", "width": 96, "height": 64, "duration": 0.5}


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two frames, 0 to 255."""
    return float(sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3)


def test_a_picture_becomes_a_video_that_browsers_play(tmp_path: Path) -> None:
    """H.264 in 4:2:0 at the asked size, rate and length, and the facts are what a decoder sees."""
    product = make(tmp_path, "image_to_video", None, halves(tmp_path / "h.png"), **{**SMALL, "fps": 25})
    (file,) = product.files
    seen = see(file.path)
    assert (seen.codec, seen.pixel_format, seen.size, seen.fps) == ("h264", "yuv420p", (96, 64), 25.0)
    assert len(seen.frames) == 12
    assert dict(file.facts) == {"width": 96, "height": 64, "format": "MP4", "duration": 0.48, "fps": 25.0,
                                "frames": 12, "codec": "h264", "has_audio": False}  # fmt: skip
    assert product.params["duration"] == 0.48


def test_the_index_stands_in_front(tmp_path: Path) -> None:
    """A browser can begin to play before the whole file is there."""
    content = make(tmp_path, "text_to_video", "x", **SMALL).files[0].path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    ("model", "params", "size", "seconds"),
    [
        ("kling_2_6_pro", {"duration": "5", "fps": 2}, (960, 720), 5.0),
        ("veo_3_1_fast", {"duration": "4s", "fps": 2, "aspect_ratio": "9:16"}, (720, 1280), 4.0),
        ("local", {"duration": 1.5, "fps": 2, "resolution": "480p"}, (640, 480), 1.5),
    ],
)
def test_duration_and_size_are_respected(
    tmp_path: Path, model: str, params: dict[str, Any], size: tuple[int, int], seconds: float
) -> None:
    """The asked or the model's own size and length, exactly."""
    picture = a_picture(tmp_path / "x.png", (640, 480))
    facts = make(tmp_path, "image_to_video", None, picture, model=model, **params).files[0].facts
    assert (facts["width"], facts["height"], facts["duration"]) == (*size, seconds)


def test_colours_survive(tmp_path: Path) -> None:
    """What goes in as red comes out as red: the conversion and its labels agree."""
    for color in ((200, 30, 40), (20, 160, 60), (30, 60, 210), (128, 128, 128)):
        Image.new("RGB", (96, 64), color).save(tmp_path / "x.png")
        seen = see(make(tmp_path, "image_to_video", None, tmp_path / "x.png", **SMALL).files[0].path)
        mean = ImageStat.Stat(seen.frames[3]).mean
        assert max(abs(a - b) for a, b in zip(mean, color, strict=True)) < 5


def test_the_picture_moves_smoothly(tmp_path: Path) -> None:
    """Every frame differs a little from the one before, and none jumps."""
    Image.effect_noise((96, 64), 90).resize((192, 128), Image.Resampling.BICUBIC).save(tmp_path / "n.png")
    product = make(tmp_path, "image_to_video", "zoom in", tmp_path / "n.png", **{**SMALL, "duration": 1})
    frames = see(product.files[0].path).frames
    steps = [difference(a, b) for a, b in zip(frames, frames[1:], strict=False)]
    assert difference(frames[0], frames[-1]) > 3 * max(steps)
    assert product.notes["camera"] == "zoom in"


def test_a_video_from_text_keeps_its_caption_still(tmp_path: Path) -> None:
    """The prompt can be read in every frame: the camera moves over the scene alone."""
    product = make(tmp_path, "text_to_video", "mountains, zoom in", **{**SMALL, "width": 320, "height": 192})
    frames = see(product.files[0].path).frames
    strips = [frame.crop((0, 150, 320, 192)) for frame in (frames[0], frames[-1])]
    scenes = [frame.crop((0, 0, 320, 110)) for frame in (frames[0], frames[-1])]
    assert difference(*strips) < 2 < difference(*scenes)


def test_another_shape_is_shown_whole_on_a_blurred_bed(tmp_path: Path) -> None:
    """A tall picture in a wide frame is neither cut nor stretched: red stays left of blue, in the middle."""
    picture = halves(tmp_path / "tall.png", size=(64, 256))
    params = {**SMALL, "width": 192, "height": 64}
    frame = see(make(tmp_path, "image_to_video", "still shot", picture, **params).files[0].path).frames[2]
    red, blue = frame.getpixel((92, 32)), frame.getpixel((100, 32))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 200 > 80 > blue[0]
    bed = frame.getpixel((20, 32))
    assert isinstance(bed, tuple)
    assert 60 < bed[0] < 190


def test_a_preview_says_so_in_the_container(tmp_path: Path) -> None:
    """Title and comment of the file tell the prompt, and that no model made it."""
    product = make(tmp_path, "text_to_video", "a cat", model="kling_2_6_pro", duration="5", fps=1)
    tags = see(product.files[0].path).tags
    assert tags["title"] == "a cat"
    assert tags["comment"].startswith("preview of kling_2_6_pro, made by acp-action's embedded provider")
    assert (product.notes["preview"], product.notes["stands_in_for"]) == (True, "kling_2_6_pro")


@pytest.mark.parametrize(("width", "height"), [(94, 62), (100, 50), (322, 182)])
def test_sizes_that_encoders_pad_come_out_whole(tmp_path: Path, width: int, height: int) -> None:
    """Rows that are wider in memory than on the screen leave no seam at the edge."""
    picture = a_picture(tmp_path / "x.png", (width, height))
    size = {"width": width, "height": height, "duration": 0.2}
    product = make(tmp_path, "image_to_video", None, picture, **{**SMALL, **size})
    frame = see(product.files[0].path).frames[1]
    assert frame.size == (width, height)
    assert difference(frame, Image.new("RGB", frame.size, frame.getpixel((5, 5)))) < 3


def test_a_stop_is_noticed_at_the_next_frame(tmp_path: Path) -> None:
    """In the middle of encoding, the attempt ends at the token's next word."""
    token = ManualToken(cancel_at=40)
    request = ask(tmp_path, "text_to_video", "x", **{**SMALL, "duration": 100})
    with pytest.raises(Cancelled):
        TONES.run(request, token)
    assert token.checks == 40


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    """On one machine, videos are reproducible too."""
    one, two = (make(tmp_path, "text_to_video", "x", **SMALL).files[0].path.read_bytes() for _ in range(2))
    assert one == two


def test_a_picture_that_cannot_be_read_ends_the_step(tmp_path: Path) -> None:
    """The error names the picture."""
    (tmp_path / "x.png").write_bytes(b"nothing")
    with pytest.raises(FatalError, match=r"'x.png' is not a PNG"):
        make(tmp_path, "image_to_video", None, tmp_path / "x.png", **SMALL)


@pytest.mark.parametrize(
    ("prompt", "move"),
    [("slow zoom out over the sea", "zoom out"), ("Zoom in", "zoom in"), ("pan left", "pan left"),
     ("camera pans right", "pan right"), ("tilt up to the sky", "tilt up"), ("static shot", "still"),
     ("tilting down", "tilt down"), ("a panda in a zoo", MOVES and "zoom in")],
)  # fmt: skip
def test_the_prompt_directs_the_camera(prompt: str, move: str) -> None:
    """Words of the trade choose the move; other words leave it to the number."""
    assert move_for(prompt, 0) == move


def test_a_fixed_camera_stands() -> None:
    """A model's own parameter for it is understood."""
    assert move_for("zoom in", 3, fixed=True) == "still"


@pytest.mark.parametrize("move", MOVES)
def test_no_move_leaves_the_picture(move: str) -> None:
    """Every view lies within the picture, keeps its shape, and zooms within the camera's reach."""
    for step in range(11):
        view = view_at(move, step / 10)
        left, top, right, bottom = box_of(view, 320.0, 180.0)
        assert min(left, top) >= 0
        assert (right <= 320, bottom <= 180) == (True, True)
        assert math.isclose((right - left) / (bottom - top), 320 / 180, rel_tol=1e-6)
        assert 1 <= view.zoom <= ZOOM


@pytest.mark.parametrize(
    ("fps", "exact"), [(24, "24"), (29.97, "30000/1001"), (23.976, "24000/1001"), (12.5, "25/2"), (60, "60")]
)
def test_broadcast_rates_are_exact(fps: float, exact: str) -> None:
    """29.97 means 30000/1001, as players know it."""
    assert str(exact_rate(fps)) == exact
