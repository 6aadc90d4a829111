"""Locks end with the process that took them, although a child that it forked lives on."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from acp_action.store.lock import FolderLock
from acp_action.store.run_log import RunLog
from acp_action.store.run_logs import newest_log, read_log
from tests.fakes import a_plan, a_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def forked(act: Callable[[], object] = lambda: None) -> Iterator[None]:
    """A child that does this at once, and then lives until the end of the block."""
    ready, go = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        # Of other tests' threads, which the child does not need.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            act()
            os.write(ready[1], b"x")
            os.close(go[1])
            os.read(go[0], 1)
        finally:
            os._exit(0)
    os.close(ready[1])
    try:
        assert os.read(ready[0], 1) == b"x", "the child failed"
        yield
    finally:
        for descriptor in (ready[0], *go):
            os.close(descriptor)
        os.waitpid(child, 0)


def a_log(folder: Path) -> RunLog:
    """Of a plan of one step."""
    return RunLog(folder, a_plan([a_step(0, "a")]), {})


def test_a_run_whose_child_lives_on_counts_as_dead(tmp_path: Path) -> None:
    """Else its report would say that it is still at work, until the child ends."""
    log = a_log(tmp_path)
    path = newest_log(tmp_path)
    assert path is not None
    with forked():
        found = read_log(path)
        assert found is not None
        assert found.alive
        # As far as locks go, this is what a kill does.
        log.close(keep=True)
        found = read_log(path)
        assert found is not None
        assert not found.alive


def test_a_folder_whose_child_lives_on_is_free(tmp_path: Path) -> None:
    """The next run need not wait for a process that only inherited the lock."""
    lock = FolderLock(tmp_path / "lock")
    with forked():
        lock.release()
        FolderLock(tmp_path / "lock").release()


def test_a_child_leaves_its_parents_log_alone(tmp_path: Path) -> None:
    """It writes nothing to it, nor to what has the same descriptor now, and does not remove it."""
    log = a_log(tmp_path)

    def meddle() -> None:
        os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
        log.asked("a", "k")
        log.close(keep=False)

    with forked(meddle):
        assert (tmp_path / "other").read_bytes() == b""
        assert newest_log(tmp_path) is not None
        log.asked("a", "k")
        log.close(keep=True)
    path = newest_log(tmp_path)
    assert path is not None
    found = read_log(path)
    assert found is not None
    assert len(found.records) == 1
