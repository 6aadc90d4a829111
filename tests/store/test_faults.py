"""What goes wrong with files is said with path, figures and a way out (F1, F3)."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from acp_action.errors import FatalError
from acp_action.providers.base import Product, ProductFile
from acp_action.store.faults import explain, free_bytes, is_storage_fault
from acp_action.store.outbox import Outbox
from acp_action.store.target import write_whole
from tests.store.places import run_limited, small_disk

PUBLISH_BIG = """
import sys
from pathlib import Path
from acp_action.errors import FatalError
from acp_action.providers.base import Product
from acp_action.store.outbox import Outbox
folder = Path(sys.argv[1])
try:
    Outbox(folder).publish("a", Product("text", text="x" * 100_000))
except FatalError as error:
    print(error)
print([p.name for p in folder.iterdir()])
"""


def fault(code: int) -> OSError:
    """The error the system raises with this number."""
    return OSError(code, os.strerror(code))


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_text_that_does_not_fit_is_not_published(tmp_path: Path) -> None:
    """A full disk in mid-write: path, needed and free bytes are told, the old file stays, no rest is left."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        outbox = Outbox(disk)
        outbox.publish("a", Product("text", text="old"))
        with pytest.raises(
            FatalError, match=r"cannot write .*/disk/a\.txt: the disk is full \(100,000 bytes needed, \d"
        ):
            outbox.publish("a", Product("text", text="x" * 100_000))
        assert {p.name: p.read_text() for p in disk.iterdir()} == {"a.txt": "old"}


def test_a_provider_that_fills_the_disk_gets_the_same_words(tmp_path: Path) -> None:
    """An error while a provider writes names the step's file, what it needs at least, and what is free."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        outbox = Outbox(disk)
        path = outbox.stage_for("clip")("mp4")
        with pytest.raises(OSError, match="No space") as caught:
            fill(path)
        told = outbox.fault("clip", caught.value)
        assert str(told).startswith(
            f"cannot write {disk}/clip: the disk is full (at least 65,537 bytes needed, 0 free)"
        )
        outbox.discard("clip")
        assert list(disk.iterdir()) == []


def test_a_disk_that_is_full_from_the_first_byte_is_told(tmp_path: Path) -> None:
    """A provider that could not begin its file gets a sentence that does not contradict itself."""
    outbox = Outbox(tmp_path)
    outbox.stage_for("a")("png")
    told = str(outbox.fault("a", fault(errno.ENOSPC)))
    assert re.search(r"/a: the disk is full \([\d,]+ free\); free some space", told)


def test_the_limit_on_file_sizes_is_told(tmp_path: Path) -> None:
    """EFBIG is not a crash: the text names the limit and how to raise it, and nothing is left."""
    said = run_limited(PUBLISH_BIG, tmp_path, 50_000)
    assert "larger than this process may write; raise the limit (ulimit -f)" in said
    assert said.endswith("[]\n")


def test_other_errors_are_not_about_storage(tmp_path: Path) -> None:
    """A refused connection while a provider works is not explained as a disk's."""
    assert Outbox(tmp_path).fault("a", fault(errno.ECONNREFUSED)) is None
    assert not is_storage_fault(FileNotFoundError(errno.ENOENT, "x"))


def test_a_staged_file_that_went_away_is_told(tmp_path: Path) -> None:
    """A provider that names a file it did not write gets an error of the file, not a crash."""
    outbox = Outbox(tmp_path)
    path = outbox.stage_for("a")("png")
    with pytest.raises(FatalError, match=r"cannot write .*a\.png: No such file"):
        outbox.publish("a", Product("image", (ProductFile("image", path),)))


def test_a_staged_pipe_does_not_hang_the_worker(tmp_path: Path) -> None:
    """What is not a regular file is refused without waiting for it."""
    outbox = Outbox(tmp_path)
    path = outbox.stage_for("a")("png")
    os.mkfifo(path)
    with pytest.raises(ValueError, match="not a regular file"):
        outbox.publish("a", Product("image", (ProductFile("image", path),)))


@pytest.mark.parametrize("moment", ["write", "sync"])
def test_a_disk_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """An error of the disk at any moment before the rename keeps what was there, and nothing else."""
    target = tmp_path / "report.json"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise fault(errno.EIO)

    monkeypatch.setattr(os, "fsync", fail) if moment == "sync" else monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="Input/output"):
        write_whole(target, b"new", durable=True)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"report.json": "old"}


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO, errno.ELOOP]
)
def test_every_common_error_says_what_to_do(tmp_path: Path, code: int) -> None:
    """The words after the semicolon tell the way out."""
    assert len(explain(fault(code), tmp_path).partition("; ")[2]) > 5


def test_an_uncommon_error_is_told_in_the_systems_words(tmp_path: Path) -> None:
    """Nothing is hidden behind a general phrase."""
    assert explain(fault(errno.ENOLCK), tmp_path) == "No locks available"
    assert explain(OSError("odd"), tmp_path) == "odd"


def test_free_space_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    """A folder that is not there yet has the room of the one it will stand in."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        assert free_bytes(disk / "a" / "b") == 65_536
    assert free_bytes(Path("a\0b")) == 0
