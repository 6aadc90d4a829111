"""Pictures from and to files: opened within limits, and saved with the texts that tell what made them."""

from __future__ import annotations

import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageOps, PngImagePlugin
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from acp_action.errors import FatalError
from acp_action.providers.base import ProductFile
from acp_action.providers.local.sizes import fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from PIL.ImageFile import ImageFile

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Stage, Token

MOST_PIXELS: Final = 50_000_000
"""The largest picture that is opened or made: 200 MB while it is in memory."""
_BIG: Final = 12_000_000
_BIG_AT_ONCE: Final = 2
_PATIENCE: Final = 0.05

# The readers are called by what the file begins with, not by Pillow's search through all of its plug-ins:
# that keeps rare formats with their faults out, and needs no global limit that would be the whole process's.
_READERS: Final[tuple[tuple[bytes, int, Callable[..., ImageFile]], ...]] = (
    (b"\x89PNG\r\n\x1a\n", 0, PngImagePlugin.PngImageFile),
    (b"\xff\xd8\xff", 0, JpegImageFile),
    (b"WEBP", 8, WebPImageFile),
    (b"GIF8", 0, GifImageFile),
    (b"BM", 0, BmpImageFile),
    (b"II*\x00", 0, TiffImageFile),
    (b"MM\x00*", 0, TiffImageFile),
)
_UNREADABLE: Final = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError,
                      struct.error, OverflowError, AttributeError, MemoryError)  # fmt: skip
_EXIF_DESCRIPTION: Final = 0x010E
_EXIF_SOFTWARE: Final = 0x0131
_LONGEST_TEXT: Final = 1000
_MOST_TEXTS: Final = 16
_EXTENSIONS: Final[Mapping[str, str]] = {"png": "png", "jpeg": "jpg", "webp": "webp"}

_big_pictures = threading.BoundedSemaphore(_BIG_AT_ONCE)


@contextmanager
def room_for(pixels: int, token: Token) -> Iterator[None]:
    """Hold a place for a picture: at most two big ones are in memory at once, whatever the number of workers.

    Raises what the token raises while it waits.
    """
    if pixels <= _BIG:
        yield
        return
    while not _big_pictures.acquire(timeout=_PATIENCE):
        token.check()
    try:
        yield
    finally:
        _big_pictures.release()


@contextmanager
def opened(path: Path) -> Iterator[ImageFile]:
    """A picture's file with its head read and its size checked; the pixels are read when they are needed.

    Raises FatalError for what is no picture, is damaged, or has more than ``MOST_PIXELS``.
    """
    try:
        with path.open("rb") as file:
            reader = _reader(file.read(16), path)
            file.seek(0)
            picture = reader(file)
            require_pixels(*picture.size, path.name)
            yield picture
    except FatalError:
        raise
    except _UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise FatalError(f"cannot read the picture '{path.name}': {reason}") from error


def loaded(path: Path, longest: int | None = None) -> tuple[Image.Image, str]:
    """The pixels, upright, as RGB or RGBA, and the format's name. FatalError as ``opened``.

    ``longest``: the picture is scaled down to this many pixels on its longer side.
    """
    with opened(path) as picture:
        name = picture.format or ""
        if longest is not None:
            picture.draft(None, (longest, longest))
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        pixels = _colored(picture)
        if longest is not None and max(pixels.size) > longest:
            pixels = pixels.resize(fitted(pixels.size, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return pixels, name


def told_by(picture: ImageFile) -> dict[str, str]:
    """The texts that a file tells of itself: PNG's own, or the description and software of a photograph."""
    texts = {k: v for k, v in picture.info.items() if isinstance(k, str) and isinstance(v, str)}
    if picture.format != "PNG":
        exif = picture.getexif()
        found = {"Description": exif.get(_EXIF_DESCRIPTION), "Software": exif.get(_EXIF_SOFTWARE)}
        texts = {k: v for k, v in found.items() if isinstance(v, str) and v}
    return {k: v[:_LONGEST_TEXT] for k, v in list(texts.items())[:_MOST_TEXTS]}


def flattened(picture: Image.Image) -> Image.Image:
    """The picture as RGB, what is transparent laid on white."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def require_pixels(width: int, height: int, what: str) -> None:
    """Raise FatalError when a picture of this size is too large to be held in memory."""
    if width * height > MOST_PIXELS:
        limit = MOST_PIXELS // 1_000_000
        raise FatalError(f"{what}: {width}x{height} pixels are too many; the limit is {limit} megapixels")


def saved(picture: Image.Image, stage: Stage, form: str, about: Mapping[str, str]) -> ProductFile:
    """Write the picture as ``png``, ``jpeg`` or ``webp``, texts about it inside; always the same bytes."""
    path = stage(_EXTENSIONS[form])
    options: dict[str, Any] = {}
    if form == "png":
        texts = PngImagePlugin.PngInfo()
        for key, text in about.items():
            texts.add_itxt(key, text)
        options = {"pnginfo": texts, "compress_level": 3}
    else:
        picture = flattened(picture) if form == "jpeg" else picture
        exif = Image.Exif()
        exif[_EXIF_DESCRIPTION] = "; ".join(f"{k}: {v}" for k, v in about.items() if k != "Software")
        exif[_EXIF_SOFTWARE] = about.get("Software", "")
        options = {"exif": exif, "quality": 90}
    picture.save(path, form.upper(), **options)
    facts: dict[str, JsonValue] = {"width": picture.width, "height": picture.height, "format": form.upper()}
    return ProductFile("image", path, facts)


def _reader(head: bytes, path: Path) -> Callable[..., ImageFile]:
    for magic, offset, reader in _READERS:
        if head[offset : offset + len(magic)] == magic:
            return reader
    raise FatalError(f"'{path.name}' is not a PNG, JPEG, WebP, GIF, BMP or TIFF picture")


def _colored(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGB", "RGBA"):
        return picture
    if picture.mode.startswith("I;16") or picture.mode == "I":
        # Sixteen bits a channel: Pillow would cut off what lies above 255 instead of scaling.
        return picture.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")
