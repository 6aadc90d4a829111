"""Many threads write, one sync serves all that wait."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

import pytest

from acp_action.store.group_commit import GroupCommit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def opened(path: Path, **seams: Callable[..., object]) -> GroupCommit:
    """A commit on a new file."""
    return GroupCommit(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), 0, **seams)  # type: ignore[arg-type]


def test_threads_share_syncs(tmp_path: Path) -> None:
    """Sixteen threads with 20 lines each wait for the disk far less than 320 times, and no line is lost."""
    gathered = threading.Barrier(16)

    def write(name: int) -> None:
        gathered.wait()
        for n in range(20):
            commit.append(f"{name}.{n}\n".encode(), sync=True)

    commit = opened(tmp_path / "file")
    threads = [threading.Thread(target=write, args=(name,)) for name in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    commit.close()
    assert commit.syncs < 320
    assert sorted((tmp_path / "file").read_text().split()) == sorted(
        f"{a}.{b}" for a in range(16) for b in range(20)
    )


def test_who_comes_during_a_sync_waits_for_the_next_one(tmp_path: Path) -> None:
    """A line written after a sync began is not taken to be on the disk when that one ends."""
    synced: list[bytes] = []
    first_syncs, go_on = threading.Event(), threading.Event()

    def sync(descriptor: int) -> None:
        content = (tmp_path / "file").read_bytes()
        if not synced:
            first_syncs.set()
            go_on.wait()
        synced.append(content)

    commit = opened(tmp_path / "file", sync=sync)
    first = threading.Thread(target=commit.append, args=(b"a\n",), kwargs={"sync": True})
    first.start()
    first_syncs.wait()
    commit.append(b"c\n", sync=False)
    second = threading.Thread(target=commit.append, args=(b"b\n",), kwargs={"sync": True})
    second.start()
    go_on.set()
    first.join()
    second.join()
    commit.close()
    assert synced[0] == b"a\n"
    assert synced[-1] == b"a\nc\nb\n"


def test_a_line_that_needs_no_sync_waits_for_none(tmp_path: Path) -> None:
    """It is written at once, so that it outlives the process, and the disk is not waited for."""
    commit = opened(tmp_path / "file")
    commit.append(b"x\n", sync=False)
    assert ((tmp_path / "file").read_bytes(), commit.syncs) == (b"x\n", 0)
    commit.close()


def test_a_write_that_failed_leaves_no_half_line(tmp_path: Path) -> None:
    """A full disk takes a part; it is taken back, and what comes later stands by itself."""
    full = [True]

    def write(descriptor: int, content: bytes) -> int:
        if not full[0]:
            return os.write(descriptor, content)
        if len(content) < 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(descriptor, content[:3])

    commit = opened(tmp_path / "file", write=write)
    with pytest.raises(OSError, match="No space"):
        commit.append(b"abcdef\n", sync=True)
    full[0] = False
    commit.append(b"x\n", sync=True)
    commit.close()
    assert (tmp_path / "file").read_bytes() == b"x\n"


def test_a_sync_that_failed_is_never_believed_again(tmp_path: Path) -> None:
    """F3: after an error of the disk the system may have dropped what it could not write."""
    answers = iter([OSError(errno.EIO, "Input/output error")])

    def sync(descriptor: int) -> None:
        for error in answers:
            raise error

    commit = opened(tmp_path / "file", sync=sync)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            commit.append(b"x\n", sync=True)
    commit.append(b"y\n", sync=False)
    commit.close()
