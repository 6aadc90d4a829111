"""Whether a media file ends where its own structure says; cheap, and it sees cuts that decoders forgive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.providers.media.containers import Form

# What is written where the size is not known yet: this, all ones, or 0.
_STREAMED: Final = 0x7FFFFF00
_BOXES: Final = frozenset(
    {b"mdat", b"moov", b"moof", b"free", b"skip", b"uuid", b"ftyp", b"mfra", b"sidx", b"wide"}
)
_MOST_BOXES: Final = 100_000
_MOST_TAGS: Final = 4
_OGG_PAGE: Final = 27
_OGG_LONGEST: Final = 65_307
_SEGMENT: Final = b"\x18\x53\x80\x67"
_XING: Final = re.compile(rb"(?:Xing|Info)\0\0\0(.)", re.DOTALL)
_XING_FRAMES: Final = 1
_XING_BYTES: Final = 2


def is_cut(path: Path, form: Form) -> bool:
    """Whether something is missing at the end, as far as the structure tells."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if form.reader == "mov":
            return _boxes_end(file, size) != size
        if form.reader in ("wav", "avi"):
            said = int.from_bytes(file.read(8)[4:], "little")
            # Some writers leave out the byte that makes the size even.
            return 0 < said < _STREAMED and said + 8 > size + 1
        if form.reader == "ogg":
            return _last_page_is_cut(file, size)
        if form.reader == "mp3":
            return _xing_bytes(file) > size
        return form.reader == "matroska" and _segment_end(file.read(4096)) > size


def tells_length(form: Form) -> bool:
    """Whether its head has to be believed about its length.

    What other formats say is a guess from size and bit rate, or ``is_cut`` sees as much and more.
    """
    return form.reader in ("matroska", "flac")


def _boxes_end(file: BinaryIO, size: int) -> int:
    """Where the last box of an MP4 ends; what is no box counts as padding that somebody put there."""
    at = 0
    for _ in range(_MOST_BOXES):
        if size - at < 8:
            return size
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            return size
        if length < 8 or head[4:8] not in _BOXES:
            return size
        at += length
        if at >= size:
            return at
    return size


def _last_page_is_cut(file: BinaryIO, size: int) -> bool:
    file.seek(max(size - _OGG_LONGEST - _OGG_PAGE, 0))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + _OGG_PAGE:
        return True
    lacing = tail[at + _OGG_PAGE : at + _OGG_PAGE + tail[at + _OGG_PAGE - 1]]
    return len(lacing) < tail[at + _OGG_PAGE - 1] or at + _OGG_PAGE + len(lacing) + sum(lacing) > len(tail)


def _segment_end(head: bytes) -> int:
    """Where the segment of a Matroska file ends, 0 when it does not say."""
    at = head.find(_SEGMENT)
    if at < 0 or len(head) < at + 5:
        return 0
    at += len(_SEGMENT)
    width = 9 - head[at].bit_length()
    if width > 8:
        return 0
    value = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
    # All ones: not known when the head was written.
    return 0 if value == (1 << 7 * width) - 1 else at + width + value


def _xing_bytes(file: BinaryIO) -> int:
    """Where an MP3's sound ends by the remark of its encoder, 0 without one."""
    begin = 0
    # Who adds a tag does not always look whether there is one.
    for _ in range(_MOST_TAGS):
        file.seek(begin)
        begin += _id3_size(file.read(10))
    file.seek(begin)
    head = file.read(256)
    mark = _XING.search(head)
    if mark is None or not mark[1][0] & _XING_BYTES:
        return 0
    at = mark.end() + (4 if mark[1][0] & _XING_FRAMES else 0)
    return begin + int.from_bytes(head[at : at + 4], "big")


def _id3_size(head: bytes) -> int:
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
