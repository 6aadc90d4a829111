from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.errors import ArtifactError
from acp_action.github.blob import (
    BLOCK_BYTES,
    Block,
    block_address,
    blocks_of,
    check_created,
    check_signed,
    secrets_of,
)
from acp_action.github.twirp import Passing, Refused, Reply

SIGNED = "https://store.example/c/a.zip?se=2026&sig=a%2Bb%3D&sp=cw"


@given(st.integers(0, 40 * BLOCK_BYTES))
def test_blocks_cover_the_archive_in_order(size: int) -> None:
    """Each byte is in one block; all but the last are 8 MiB; ids differ and are equally long."""
    blocks = blocks_of(Path("a.zip"), size, random.Random(1))
    assert [b.start for b in blocks] == [n * BLOCK_BYTES for n in range(len(blocks))]
    assert sum(b.length for b in blocks) == size
    assert {b.length for b in blocks[:-1]} <= {BLOCK_BYTES}
    assert len({b.id for b in blocks}) == len(blocks)
    assert {len(base64.b64decode(b.id)) for b in blocks} == {48}


def test_more_blocks_than_a_blob_takes_are_refused() -> None:
    """50,000 blocks of 8 MiB are the most that a store takes."""
    with pytest.raises(ArtifactError, match="at most 390 GiB"):
        blocks_of(Path("a.zip"), 50_000 * BLOCK_BYTES + 1, random.Random(1))


def test_block_can_be_read_twice(tmp_path: Path) -> None:
    """A block that is sent again is the same, in pieces that are not large."""
    (tmp_path / "a.zip").write_bytes(content := random.Random(1).randbytes(700_000))
    block = Block(tmp_path / "a.zip", "id", 100_000, 600_000)
    assert [b"".join(block), b"".join(block)] == [content[100_000:]] * 2
    assert max(map(len, block)) == 256 * 1024


def test_archive_that_shrinks_is_told(tmp_path: Path) -> None:
    """What was declared can no longer be sent."""
    (tmp_path / "a.zip").write_bytes(b"abc")
    with pytest.raises(ArtifactError, match="became shorter"):
        b"".join(Block(tmp_path / "a.zip", "id", 0, 4))


def test_signed_address_is_only_added_to() -> None:
    """What was signed stays, byte for byte; the block's id is written for a query."""
    assert block_address(SIGNED, Block(Path(), "a+/=", 0, 1)) == f"{SIGNED}&comp=block&blockid=a%2B%2F%3D"


@pytest.mark.parametrize(
    ("signed", "origin"),
    [(SIGNED, "https://r.example"), (SIGNED.replace("https", "http"), "http://localhost:1")],
)
def test_host_of_a_good_address_is_told(signed: str, origin: str) -> None:
    """An address may be as safe as the service's own, or safer."""
    assert check_signed(signed, origin) == "store.example"


@pytest.mark.parametrize(
    "signed",
    ["", "/c/a.zip?sig=1", "http://s.example/a?sig=1", "https://s.example/a", "https://u@s.example/a?sig=1",
     "https://s.example/a?sig=1#f", "file:///etc/hosts?sig=1"],
)  # fmt: skip
def test_odd_address_is_refused_without_showing_it(signed: str) -> None:
    """Nothing is sent in the clear when the service is not, nor to what could not take blocks."""
    with pytest.raises(
        ArtifactError, match=r"^the artifact service gave an address to upload to that is none"
    ):
        check_signed(signed, "https://r.example")


def test_secrets_are_told_in_every_form() -> None:
    """A log may show a signature as it stands in the address or as it is meant."""
    assert set(secrets_of(SIGNED.replace("%3D", "%3d"))) == {"a%2Bb%3d", "a%2Bb%3D", "a+b="}


def test_signatures_of_other_stores_are_secrets_too() -> None:
    """A server may keep its files elsewhere than in Azure."""
    found = secrets_of("https://s3.example/a?X-Amz-Signature=abc&X-Amz-Security-Token=d%2Fe&X-Amz-Date=1")
    assert set(found) == {"abc", "d%2Fe", "d/e"}


def test_only_created_means_stored() -> None:
    """A server that answers 200 has not kept the block."""
    with pytest.raises(Refused, match="storing: HTTP 200"):
        check_created(Reply(200, {}, b""), "storing")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_store_in_trouble_is_asked_again(status: int) -> None:
    """The store's own code is told, and what it asks to wait."""
    reply = Reply(status, {"x-ms-error-code": "ServerBusy", "retry-after": "7"}, b"")
    with pytest.raises(Passing, match=rf"HTTP {status} \(ServerBusy\)") as caught:
        check_created(reply, "storing")
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(("status", "words"), [(403, "about an hour"), (302, "never followed")])
def test_refusal_of_the_store_is_explained(status: int, words: str) -> None:
    """What stands behind a refusal is told where it is known."""
    with pytest.raises(Refused, match=words):
        check_created(Reply(status, {}, b""), "storing")
