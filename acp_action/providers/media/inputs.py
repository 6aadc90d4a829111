"""The media of a step as a service takes them: an address, or a file to be sent along."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.artifacts import SINGULAR
from acp_action.errors import FatalError
from acp_action.providers.base import Source

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.artifacts import FileKind
    from acp_action.providers.base import Request

# What files of each kind begin with: (offset, bytes, media type). Names say nothing that is certain.
_MAGIC: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (8, b"WEBP", "image/webp"),
    (0, b"GIF8", "image/gif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
)
_HEAD: Final = 16


class MediaInput(NamedTuple):
    """One medium that a step is made from: a file (``path``, its ``size`` and ``mime``), or an https ``url``.

    ``digest``: SHA-256 in hex where it is known.
    """

    kind: FileKind
    path: Path | None = None
    url: str | None = None
    mime: str = "application/octet-stream"
    size: int = 0
    digest: str = ""

    def content(self) -> bytes:
        """The file's bytes. Raises FatalError when it cannot be read."""
        if self.path is None:
            raise ValueError("an address has no content here")
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise FatalError(f"cannot read {self.path}: {error.strerror or error}") from error

    def data_uri(self) -> str:
        """The file in a text, a third longer than itself."""
        return f"data:{self.mime};base64,{base64.b64encode(self.content()).decode('ascii')}"


def media_inputs(request: Request) -> tuple[MediaInput, ...]:
    """The files and addresses on the media port, in order. Raises FatalError for a file that is not there."""
    found: list[MediaInput] = []
    for item in request.media:
        if isinstance(item, Source):
            kind = SINGULAR[item.kind]
            found.append(MediaInput(kind, url=item.url) if item.path is None else _file(kind, item.path))
        else:
            found += [_file(f.kind, f.path)._replace(digest=f.sha256) for f in item.files]
    return tuple(found)


def _file(kind: FileKind, path: Path) -> MediaInput:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            size = file.seek(0, 2)
    except OSError as error:
        raise FatalError(f"cannot read {path}: {error.strerror or error}") from error
    return MediaInput(kind, path, mime=media_type(head), size=size)


def media_type(head: bytes) -> str:
    r"""The media type by a file's first bytes.

    >>> media_type(b"\x89PNG\r\n\x1a\n....")
    'image/png'
    """
    fitting = (mime for at, magic, mime in _MAGIC if head[at : at + len(magic)] == magic)
    return next(fitting, "application/octet-stream")
