from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from acp_action.errors import Cancelled, FatalError
from acp_action.providers.local.pixels import flattened, loaded
from acp_action.providers.media.pictures import opened, require_pixels, room_for
from tests.providers.making import ManualToken, a_picture

if TYPE_CHECKING:
    from pathlib import Path


def bomb(path: Path, side: int) -> Path:
    """A tiny PNG file that claims to have ``side`` times ``side`` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(bytes(9999))]
    parts = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.webp", "x.gif", "x.bmp", "x.tiff"])
def test_common_formats_are_read(tmp_path: Path, name: str) -> None:
    """Six formats are known, each by its content."""
    picture, form = loaded(a_picture(tmp_path / name))
    assert (picture.size, picture.mode) == ((64, 48), "RGB")
    red, green, blue = picture.getpixel((10, 10))  # type: ignore[misc]
    assert red > 240 > 20 > max(green, blue)
    assert form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    """A WebP file called .png is read as what it is."""
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png", "WEBP")
    assert loaded(tmp_path / "x.png")[1] == "WEBP"


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    """Anything else is refused by its first bytes, naming the file and what is taken."""
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(FatalError, match=r"'x.png' is not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"):
        loaded(tmp_path / "x.png")


@pytest.mark.parametrize("side", [8_000, 20_000, 60_000])
def test_decompression_bombs_are_refused_before_they_open(tmp_path: Path, side: int) -> None:
    """The claimed size is looked at before any pixel, without a warning to the whole process."""
    with pytest.raises(FatalError, match=rf"{side}x{side} pixels are too many; the limit is 50 megapixels"):
        loaded(bomb(tmp_path / "b.png", side))


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.webp", "x.gif"])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str) -> None:
    """Half a picture is an error that names the file, never half a result."""
    path = tmp_path / name
    Image.effect_noise((80, 80), 60).convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FatalError, match=f"cannot read the picture '{name}'"):
        loaded(path)


def test_a_missing_file_is_told_with_its_reason(tmp_path: Path) -> None:
    """The message says which file and why."""
    with (
        pytest.raises(FatalError, match=r"cannot read the picture 'gone.png': No such file"),
        opened(tmp_path / "gone.png"),
    ):
        pass


def test_photographs_are_set_upright(tmp_path: Path) -> None:
    """The remark of a camera that a picture lies on its side is followed."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 20)).save(tmp_path / "x.jpg", exif=exif)
    assert loaded(tmp_path / "x.jpg")[0].size == (20, 60)


@pytest.mark.parametrize(
    ("mode", "color"), [("L", 128), ("P", 0), ("CMYK", (0, 0, 0, 127)), ("I;16", 0x8080), ("1", 0)]
)
def test_every_mode_becomes_colour(tmp_path: Path, mode: str, color: object) -> None:
    """Gray, palettes, printing colours, sixteen bits: all arrive as RGB with their brightness."""
    Image.new(mode, (8, 8), color).save(tmp_path / "x.tiff")  # type: ignore[arg-type]
    picture, _ = loaded(tmp_path / "x.tiff")
    assert picture.mode == "RGB"
    expected = 0 if color == 0 else 128
    assert abs(picture.getpixel((4, 4))[0] - expected) <= 3  # type: ignore[index]


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    """Where a picture is clear, white shows."""
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "x.png")
    picture, _ = loaded(tmp_path / "x.png")
    assert picture.mode == "RGBA"
    assert flattened(picture).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("name", ["x.png", "x.jpg"])
def test_loading_for_less_gives_less(tmp_path: Path, name: str) -> None:
    """Who needs a small picture gets one, in its shape."""
    picture, _ = loaded(a_picture(tmp_path / name, (400, 200)), 100)
    assert picture.size == (100, 50)


def test_only_two_big_pictures_are_in_memory_at_once() -> None:
    """A third waits, and waiting ends when the attempt must end; small ones never wait."""
    big = 20_000_000
    with room_for(big, ManualToken()), room_for(big, ManualToken()):
        with room_for(1000, ManualToken()):
            pass
        with pytest.raises(Cancelled), room_for(big, ManualToken(cancel_at=1)):
            pass
    with room_for(big, ManualToken()):
        pass


def test_the_limit_holds_for_what_is_made_too() -> None:
    """A picture that is to be made larger than the limit is refused in the same words."""
    with pytest.raises(FatalError, match=r"^poster: 10000x10000 pixels are too many"):
        require_pixels(10_000, 10_000, "poster")
