"""Video and sound files that nobody vouches for: opened by what they are."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import av

from acp_action.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from av.container import InputContainer


class Form(NamedTuple):
    """A file format: FFmpeg's name of its reader, and the extension and name it has with people."""

    reader: str
    extension: str
    name: str


_VIDEO: Final = (
    (b"ftypqt", 4, Form("mov", "mov", "MOV")),
    (b"ftyp", 4, Form("mov", "mp4", "MP4")),
    (b"\x1a\x45\xdf\xa3", 0, Form("matroska", "mkv", "MKV")),
    (b"AVI ", 8, Form("avi", "avi", "AVI")),
)
_SOUND: Final = (
    (b"ID3", 0, Form("mp3", "mp3", "MP3")),
    (b"WAVE", 8, Form("wav", "wav", "WAV")),
    (b"OggS", 0, Form("ogg", "ogg", "OGG")),
    (b"fLaC", 0, Form("flac", "flac", "FLAC")),
    (b"ftyp", 4, Form("mov", "m4a", "M4A")),
    (b"\x1a\x45\xdf\xa3", 0, Form("matroska", "webm", "WEBM")),
)
_WEBM: Final = b"webm"
# A title in another encoding than UTF-8 is no reason to refuse a clip; from PyAV 19 on it never is.
_LENIENT: Final[dict[str, Any]] = (
    {} if int(av.__version__.partition(".")[0]) >= 19 else {"metadata_errors": "replace"}
)


def video_form(head: bytes) -> Form | None:
    """The format of a video by its first 64 bytes."""
    form = _by_magic(head, _VIDEO)
    # Both are Matroska; its head, within the first bytes, tells which.
    return Form("matroska", "webm", "WEBM") if form and form.name == "MKV" and _WEBM in head else form


def sound_form(head: bytes) -> Form | None:
    """The format of a sound file by its first 64 bytes."""
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # A frame begins at once: layer 0 is AAC's, the others are MPEG's.
        return Form("mp3", "mp3", "MP3") if head[1] & 0x06 else Form("aac", "aac", "AAC")
    return _by_magic(head, _SOUND)


@contextmanager
def opened_clip(path: Path, label: str) -> Iterator[InputContainer]:
    """A video, for reading. Raises FatalError, naming the clip, for what is missing, damaged or no video."""
    form = video_form(head_of_file(path, label))
    if form is None:
        raise FatalError(f"{label} is not an MP4, MOV, WebM, Matroska or AVI file")
    with opened_as(path, label, form) as container:
        yield container


@contextmanager
def opened_as(path: Path, label: str, form: Form) -> Iterator[InputContainer]:
    """A file of a known format, for reading. FatalError for a damaged one, also while it is read."""
    try:
        # The reader is named, never guessed: FFmpeg would also take a playlist, and fetch what it names.
        with av.open(str(path), "r", format=form.reader, **_LENIENT) as container:
            yield container
    except av.FFmpegError as error:
        raise FatalError(f"{label} is damaged: {error.strerror}") from error


def head_of_file(path: Path, label: str) -> bytes:
    """The first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise FatalError(f"{label} cannot be read: {error.strerror}") from error


def _by_magic(head: bytes, known: Sequence[tuple[bytes, int, Form]]) -> Form | None:
    return next((form for magic, at, form in known if head[at : at + len(magic)] == magic), None)
