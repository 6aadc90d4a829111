"""The words of the blob store (Azure block blobs) behind a signed address. No network."""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from acp_action.errors import ArtifactError
from acp_action.github.twirp import Passing, Refused, Reply, retry_after, worth_another_try

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES: Final = 8 * 1024 * 1024
MOST_BLOCKS: Final = 50_000
AZURE: Final = ".blob.core.windows.net"
"""Hosts where blocks may arrive in any order. Other stores append them as they come."""

HEADERS: Final = {"Content-Type": "application/octet-stream", "x-ms-version": "2021-12-02"}
STORED_AS: Final = {"x-ms-blob-content-type": "application/zip"}

_PIECE: Final = 256 * 1024
_SECRET_FIELD: Final = re.compile(r"sig|.*signature|.*token", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the archive on its way: a body for ``requests`` that never holds more than a piece of it.

    Iterating reads from the disk, each time anew, so that a block can be sent again.
    """

    path: Path
    id: str
    start: int
    length: int

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        """The content in pieces of 256 KiB. Raises ArtifactError when the archive cannot be read any more."""
        with self.path.open("rb", buffering=0) as source:
            source.seek(self.start)
            rest = self.length
            while rest:
                piece = source.read(min(_PIECE, rest))
                if not piece:
                    raise ArtifactError(f"{self.path} became shorter while it was uploaded; run again")
                rest -= len(piece)
                yield piece


def blocks_of(path: Path, size: int, rng: random.Random) -> list[Block]:
    """The archive in blocks of 8 MiB, in order, their ids all of one length, as the store demands."""
    count = max(-(-size // BLOCK_BYTES), 1)
    if count > MOST_BLOCKS:
        most = MOST_BLOCKS * BLOCK_BYTES // 1024**3
        raise ArtifactError(f"an archive of {size} bytes is too large for one artifact (at most {most} GiB)")
    upload = uuid.UUID(int=rng.getrandbits(128), version=4)
    starts = range(0, count * BLOCK_BYTES, BLOCK_BYTES)
    return [
        Block(path, _block_id(upload, number), start, min(BLOCK_BYTES, size - start))
        for number, start in enumerate(starts)
    ]


def _block_id(upload: uuid.UUID, number: int) -> str:
    return base64.b64encode(f"{upload}{number:012d}".encode()).decode()


def block_list(blocks: list[Block]) -> bytes:
    """The XML that makes the blocks, in this order, the content of the blob."""
    latest = "".join(f"<Latest>{block.id}</Latest>" for block in blocks)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{latest}</BlockList>'.encode()


def block_address(signed: str, block: Block) -> str:
    """Where a block is put: the signed address as it is, with the block's id behind it."""
    return f"{signed}&comp=block&blockid={quote(block.id, safe='')}"


def list_address(signed: str) -> str:
    """Where the list of blocks is put."""
    return f"{signed}&comp=blocklist"


def check_signed(signed: str, origin: str) -> str:
    """The host of a signed address. Raises ArtifactError for one that nothing should be sent to."""
    parts = urlsplit(signed)
    secure = parts.scheme == "https" or (parts.scheme == "http" and origin.startswith("http:"))
    # A fragment would swallow what is put behind the query.
    if not (secure and parts.hostname and parts.query) or parts.fragment or "@" in parts.netloc:
        raise ArtifactError("the artifact service gave an address to upload to that is none; try again later")
    return parts.hostname


def secrets_of(signed: str) -> list[str]:
    """Every form in which a secret of a signed address may be printed: as it is, decoded, encoded anew."""
    query = urlsplit(signed).query
    raw = [part.partition("=") for part in query.split("&")]
    as_is = [value for key, _, value in raw if _SECRET_FIELD.fullmatch(unquote(key))]
    plain = [value for key, value in parse_qsl(query) if _SECRET_FIELD.fullmatch(key)]
    plain += [unquote(value) for value in as_is]
    return [form for form in dict.fromkeys([*as_is, *plain, *(quote(p, safe="") for p in plain)]) if form]


def check_created(reply: Reply, what: str) -> None:
    """Nothing for 201, the only answer that means stored. Raises Refused, or Passing for what may pass."""
    if reply.status == 201:
        return
    code = reply.headers.get("x-ms-error-code", "")[:60]
    words = f"{what}: HTTP {reply.status}{f' ({code})' if code else ''}"
    if worth_another_try(reply.status):
        raise Passing(words, retry_after(reply))
    if 300 <= reply.status < 400:
        words += ", which leads elsewhere; a signed address is never followed to another place"
    if reply.status in (401, 403):
        words += (
            "; a signed address holds for about an hour: is the connection too slow for"
            " the artifact, or does something on the way, such as a proxy, change addresses?"
        )
    raise Refused(reply.status, words)
