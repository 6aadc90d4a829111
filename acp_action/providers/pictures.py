"""The pictures that a request brings along, as services take them: what they are, and where they stand."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.errors import FatalError
from acp_action.providers.base import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from acp_action.providers.base import Request

# The first bytes of each format; the four bytes of a RIFF or ISO file that say how long a part is are left out.
_MAGIC: Final = (
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF8"),
    ("image/webp", 8, b"WEBP"),
    ("image/heic", 4, b"ftypheic"),
    ("image/heic", 4, b"ftypheix"),
    ("image/heif", 4, b"ftypmif1"),
    ("image/avif", 4, b"ftypavif"),
    ("image/bmp", 0, b"BM"),
    ("image/tiff", 0, b"II*\x00"),
    ("image/tiff", 0, b"MM\x00*"),
)
_HEAD: Final = 16


class Picture(NamedTuple):
    """One picture on this machine: its media type, its path, its size in bytes."""

    mime: str
    path: Path
    size: int

    @property
    def encoded_size(self) -> int:
        """How many characters it takes as base64."""
        return (self.size + 2) // 3 * 4

    def encoded(self) -> str:
        """Its bytes as base64."""
        return base64.b64encode(self.path.read_bytes()).decode("ascii")

    def inline(self) -> str:
        """Itself as a ``data:`` address."""
        return f"data:{self.mime};base64,{self.encoded()}"


def places(request: Request) -> list[Path | str]:
    """Where the pictures of a request are, in order: paths of this machine, or https addresses."""
    found: list[Path | str] = []
    for medium in request.media:
        if isinstance(medium, Source):
            found += [where for where in (medium.path or medium.url,) if where]
        else:
            found += [file.path for file in medium.files if file.kind == "image"]
    return found


def pictures(
    request: Request, fetch: Callable[[str], Path], taken: Collection[str], service: str
) -> list[Picture]:
    """The pictures of a request; ``fetch`` brings those at an address to this machine.

    Raises FatalError for a format that is not among ``taken``, the media types that the service takes.
    """
    return [
        picture(fetch(where) if isinstance(where, str) else where, taken, service)
        for where in places(request)
    ]


def picture(path: Path, taken: Collection[str], service: str) -> Picture:
    """One picture. Raises FatalError for a file that is none, or in a format that the service does not take."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    mime = next((m for m, start, magic in _MAGIC if head[start : start + len(magic)] == magic), "")
    if mime not in taken:
        formats = ", ".join(sorted(t.removeprefix("image/").upper() for t in taken))
        what = f"is {mime.removeprefix('image/').upper()}" if mime else "is no picture that is known here"
        raise FatalError(f"{path.name} {what}; {service} takes {formats}: convert it first")
    return Picture(mime, path, path.stat().st_size)
