"""Small pictures of the outputs, as data addresses, within a budget of bytes and seconds."""

from __future__ import annotations

import base64
import io
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL.Image import Image

_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
_MOST_PIXELS: Final = 40_000_000
"""A picture of more takes too long; the page shows the file itself."""


class Budget(NamedTuple):
    """What all thumbnails together may take: ``size`` in bytes of the page, ``seconds`` to make them."""

    size: int = 3_500_000
    seconds: float = 1.0


class Thumbnails:
    """Makes thumbnails until the budget is spent; then there are none, and the page shows the files.

    ``expected``: how many will be asked for, which settles how large each may be.
    """

    def __init__(self, budget: Budget, expected: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._left = budget.size
        self._until = clock() + budget.seconds
        self._clock = clock
        self._side = 480 if expected <= 40 else 320 if expected <= 250 else 160

    def of(self, kind: str, path: Path) -> str:
        """A data address; empty for what is no picture or video, is broken, or comes after the budget."""
        if self._left <= 0 or self._clock() >= self._until:
            return ""
        content = b""
        # A report is about files as they are, torn ones too; what cannot be read has no thumbnail.
        with suppress(Exception):
            if kind == "image":
                content = self._of_image(path)
            elif kind == "video":
                content = self._of_video(path)
        address = f"data:image/webp;base64,{base64.b64encode(content).decode()}" if content else ""
        if len(address) > self._left:
            return ""
        self._left -= len(address)
        return address

    def _of_image(self, path: Path) -> bytes:
        from PIL import Image

        with Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                return b""
            image.draft("RGB", (self._side * 2, self._side * 2))
            return self._shrunk(image)

    def _of_video(self, path: Path) -> bytes:
        import av

        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if stream.width * stream.height > _MOST_PIXELS:
                return b""
            frame = next(container.decode(stream))
            image: Image = frame.to_image()  # type: ignore[no-untyped-call]
            return self._shrunk(image)

    def _shrunk(self, image: Image) -> bytes:
        if image.mode not in ("RGB", "RGBA"):
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        image.thumbnail((self._side, self._side), reducing_gap=1.5)
        out = io.BytesIO()
        image.save(out, "WEBP", quality=72, method=1)
        return out.getvalue()
