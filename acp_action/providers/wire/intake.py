"""Taking in the body of an answer: into memory or into a file, never more than a cap."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from acp_action.errors import FatalError
from acp_action.providers.wire.answer import Answer
from acp_action.providers.wire.bounds import Severed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acp_action.providers.http import Reply
    from acp_action.providers.wire.address import Place

_IDENTITY: Final = ("", "identity")
_MEGABYTE: Final = 1_000_000
_MOST_ERROR: Final = 1024 * 1024


def whole(reply: Reply, most: int) -> bytes:
    """The body. Raises Severed when it is cut short, FatalError for more than ``most`` bytes.

    It is asked for unpacked; a server that packs it all the same must not cost an order's answer.
    """
    pieces: list[bytes] = []
    size = 0
    while piece := reply.read():
        size += len(piece)
        if size > most:
            raise too_large(most)
        pieces.append(piece)
    body = b"".join(pieces)
    encoding = reply.headers.get("content-encoding", "").strip().lower()
    return body if encoding in _IDENTITY else _unpacked(body, encoding, most)


def refusal(reply: Reply, place: Place) -> Answer:
    """An answer that is no success; its status counts even where its body is long, or cut short."""
    body = b""
    with suppress(Severed, FatalError):
        body = whole(reply, _MOST_ERROR)
    return Answer(reply.status, reply.headers, body, place.shown)


def poured(
    reply: Reply, into: Path, most: int, check: Callable[[int], None] | None = None, head: int = 0
) -> bytes:
    """Write the body to a file and sync it; its first ``head`` bytes are given back.

    ``check`` is called with the bytes taken so far, after each piece. Raises Severed when it is cut short or
    packed, FatalError for more than ``most`` bytes, OSError when the disk cannot take it.
    """
    if reply.headers.get("content-encoding", "").strip().lower() not in _IDENTITY:
        raise Severed("it came packed, so that its end cannot be seen", left=True)
    size, first = 0, b""
    with into.open("wb") as file:
        while piece := reply.read(256 * 1024):
            size += len(piece)
            if size > most:
                raise too_large(most)
            if len(first) < head:
                first += piece[: head - len(first)]
            file.write(piece)
            if check is not None:
                check(size)
        file.flush()
        os.fsync(file.fileno())
    return first


def too_large(most: int) -> FatalError:
    """The error for more bytes than are taken."""
    return FatalError(
        f"the answer is larger than {most / _MEGABYTE:,.0f} MB, which is the most that is taken"
    )


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Severed(f"the answer is packed by {encoding[:20]!r}", left=True)
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = unpacking.decompress(body, most)
    except zlib.error as error:
        raise Severed("the answer is packed and damaged", left=True) from error
    if unpacking.unconsumed_tail:
        raise too_large(most)
    # A packed body that is cut looks whole to the connection; only its own end tells.
    if not unpacking.eof:
        raise Severed("the answer was cut short", left=True)
    return plain
