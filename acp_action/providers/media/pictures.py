"""Pictures from files that nobody vouches for: opened by what they are, within limits."""

from __future__ import annotations

import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from PIL import PngImagePlugin
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from acp_action.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PIL.ImageFile import ImageFile

    from acp_action.providers.base import Token

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
def opened(path: Path, most: int = MOST_PIXELS, called: str = "") -> Iterator[ImageFile]:
    """A picture's file with its head read and its size checked; the pixels are read when they are needed.

    ``called``: what messages call it (default: by its file's name). Raises FatalError for what is no picture,
    is damaged, or has more than ``most`` pixels.
    """
    try:
        with path.open("rb") as file:
            reader = _reader(file.read(16), called or f"'{path.name}'")
            file.seek(0)
            picture = reader(file)
            require_pixels(*picture.size, called or path.name, most)
            yield picture
    except FatalError:
        raise
    except _UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        name = called or f"the picture '{path.name}'"
        raise FatalError(f"cannot read {name}: {reason}") from error


def require_pixels(width: int, height: int, what: str, most: int = MOST_PIXELS) -> None:
    """Raise FatalError when a picture of this size is too large to be held in memory."""
    if width * height > most:
        limit = most // 1_000_000
        raise FatalError(f"{what}: {width}x{height} pixels are too many; the limit is {limit} megapixels")


def _reader(head: bytes, called: str) -> Callable[..., ImageFile]:
    for magic, offset, reader in _READERS:
        if head[offset : offset + len(magic)] == magic:
            return reader
    raise FatalError(f"{called} is not a PNG, JPEG, WebP, GIF, BMP or TIFF picture")
