"""The log of a run: private, locked, gone when nobody needs it, and never in the way of the run."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.engine.result import Status, StepResult
from acp_action.errors import OutputError, UsageError
from acp_action.events import RunStarted, StepStarted
from acp_action.redaction import SECRETS
from acp_action.report.planned import plan_values
from acp_action.store.run_log import RunLog
from acp_action.store.run_logs import newest_log, read_log
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.store.places import small_disk

if TYPE_CHECKING:
    from acp_action.store.run_logs import Log

PLAN = a_plan([a_step(0, "a"), a_step(1, "b")])
STARTED = StepStarted(0.5, "b", "", 0, 0, 1, 0, "m", "local", None)


def a_log(folder: Path, **options: Any) -> RunLog:
    """A new one."""
    return RunLog(folder, PLAN, plan_values(PLAN), **options)


def found(folder: Path) -> Log:
    """What a reader finds."""
    path = newest_log(folder)
    assert path is not None
    log = read_log(path)
    assert log is not None
    return log


def a_result(name: str = "a", reason: str = "") -> StepResult:
    """Of a step that failed."""
    return StepResult(name, "text_to_image", "m", "local", "", Status.FAILED, reason)


def test_a_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Folder and file, as for the journal: prompts stand in it."""
    log = a_log(tmp_path)
    state = tmp_path / "acp-state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()] == [0o600]
    log.close(keep=True)


def test_a_reader_sees_whether_the_run_lives(tmp_path: Path) -> None:
    """By a lock that ends with the process, however that ends."""
    log = a_log(tmp_path)
    log.heard(STARTED)
    assert found(tmp_path).alive
    log.close(keep=True)
    assert not found(tmp_path).alive
    assert [(r["do"], r["step"]) for r in found(tmp_path).records] == [("started", 1)]


def test_nothing_is_left_of_a_run_whose_reports_are_there(tmp_path: Path) -> None:
    """Not even the folder, where a preview made it."""
    a_log(tmp_path).close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_what_else_is_in_the_folder_stays(tmp_path: Path) -> None:
    """The journal's things are not the log's."""
    (tmp_path / "acp-state").mkdir()
    (tmp_path / "acp-state/journal.jsonl").touch()
    a_log(tmp_path).close(keep=False)
    assert [path.name for path in (tmp_path / "acp-state").iterdir()] == ["journal.jsonl"]


def test_a_new_run_removes_the_logs_of_dead_ones_alone(tmp_path: Path) -> None:
    """Two previews may share a folder: what is locked is somebody's."""
    dead, alive = a_log(tmp_path), a_log(tmp_path)
    dead.close(keep=True)
    (tmp_path / "acp-state/.run.00000000-1-00000000-0.part.jsonl").touch()
    os.utime(tmp_path / "acp-state/.run.00000000-1-00000000-0.part.jsonl", (0, 0))
    mine = a_log(tmp_path)
    assert len(list((tmp_path / "acp-state").iterdir())) == 2
    for log in (alive, mine):
        log.close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_blotted_out(tmp_path: Path) -> None:
    """Of names in the plan, and of what is said of steps."""
    SECRETS.add("kid:ksecret-for-tests")
    plan = a_plan([a_step(0, "kid:ksecret-for-tests")])
    log = RunLog(tmp_path, plan, plan_values(plan))
    log.settled(0, a_result("x", reason="kid:ksecret-for-tests ü \u2028"))
    log.asked("kid:ksecret-for-tests", "k")
    log.close(keep=True)
    path = newest_log(tmp_path)
    assert path is not None
    assert b"ksecret" not in path.read_bytes()
    assert found(tmp_path).records[0]["reason"] == "*** ü \u2028"


def test_a_text_that_cannot_be_encoded_is_written_all_the_same(tmp_path: Path) -> None:
    """Lone surrogates, numbers that are none, values that are no JSON."""
    log = a_log(tmp_path)
    odd: Any = {"a": float("nan"), "b": {1: (2, float("inf"))}, "c": tmp_path}
    log.settled(0, a_result(reason="\udc80")._replace(metadata=odd, cost=float("nan")))
    log.close(keep=True)
    (record,) = found(tmp_path).records
    assert record["reason"] == "\udc80"
    assert (record["cost"], record["notes"]["a"], record["notes"]["b"]) == (None, None, {"1": [2, None]})


def test_a_run_without_news_says_that_it_is_alive(tmp_path: Path) -> None:
    """Else one that is killed in a long step would seem to have ended when that began."""
    moments = iter([0.0, 0.0, 7.25])
    log = a_log(tmp_path, now=lambda: next(moments, 7.25), beat=0.001)
    log.heard(RunStarted(0.0, "p", 2, 4, 1.0))
    while not any(record["do"] == "alive" for record in found(tmp_path).records):
        pass
    log.close(keep=True)
    assert found(tmp_path).records[1] == {"do": "alive", "at": 7.25}


def test_a_link_in_the_folders_place_is_told_once(tmp_path: Path) -> None:
    """Nothing is written through it; the run's other listeners hear no more of it."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "acp-state").symlink_to(tmp_path / "elsewhere")
    log = a_log(tmp_path)
    with pytest.raises(OutputError, match="is a symbolic link"):
        log.heard(STARTED)
    log.heard(STARTED)
    log.settled(0, a_result())
    log.ended(carry_out(PLAN, [Trace(), Trace()]))
    log.close(keep=True)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert newest_log(tmp_path) is None


class Meeting:
    """A lock whose first holder lets another thread come as far as the lock, and end after itself."""

    def __init__(self, other: threading.Thread) -> None:
        self._other, self._there, self.go_on = other, threading.Event(), threading.Event()

    def __enter__(self) -> None:
        if self._other.ident is None:
            self._other.start()
            self._there.wait(30.0)
        elif threading.current_thread() is self._other:
            self._there.set()
            self.go_on.wait(30.0)

    def __exit__(self, *_exc: object) -> None:
        pass


def test_workers_who_look_at_once_lose_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong after that is told all the same, and what they meet themselves by the next listener."""
    log = a_log(tmp_path)
    other = threading.Thread(target=log.asked, args=("b", "k"))
    meeting = Meeting(other)
    monkeypatch.setattr(log, "_guard", meeting)
    log.asked("a", "k")
    meeting.go_on.set()
    other.join()

    def full(_line: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(log, "_write", full)
    log.asked("a", "k")
    with pytest.raises(OutputError, match="the disk is full"):
        log.heard(STARTED)
    log.heard(STARTED)
    log.close(keep=False)


def test_an_interrupt_while_it_is_begun_leaves_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a run which never began would hide the report of the run before."""
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> None:
        rename(path, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        a_log(tmp_path)
    assert list((tmp_path / "acp-state").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    """With what to do about it."""
    with small_disk(tmp_path / "disk", "64k", "ro") as disk:
        log = a_log(disk)
        with pytest.raises(OutputError, match=r"acp-state cannot be written: the file system is read-only; "):
            log.settled(0, a_result())
        log.close(keep=True)


def test_a_full_disk_costs_no_line_that_was_written(tmp_path: Path) -> None:
    """What does not fit leaves no torn line; once there is room, the end of the run has it all."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        log = a_log(disk)
        log.settled(0, a_result())
        (disk / "media").write_bytes(bytes(48_000))
        with pytest.raises(OutputError, match=r"cannot be written: the disk is full"):
            log.settled(1, a_result("b", reason="x" * 40_000))
        assert (found(disk).garbled, len(found(disk).records)) == (0, 1)
        (disk / "media").unlink()
        run = carry_out(PLAN, [Trace(), Trace()])
        log.ended(run)
        log.close(keep=True)
        told = [record["do"] for record in found(disk).records]
        assert told == ["settled", "began", "settled", "ended"]


def test_what_is_no_file_of_ours_is_not_read(tmp_path: Path) -> None:
    """Links, pipes, folders and giants of a log's name."""
    state = tmp_path / "acp-state"
    state.mkdir()
    path = state / "run-20250101T000000000-00000000.jsonl"
    (tmp_path / "victim").write_text("x")
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(UsageError, match="symbolic links"):
        read_log(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UsageError, match="no regular file"):
        read_log(path)
    path.unlink()
    with path.open("wb") as file:
        os.truncate(file.fileno(), 1 << 40)
    with pytest.raises(UsageError, match="too large"):
        read_log(path)
    path.unlink()
    assert read_log(path) is None


def test_where_locks_are_unknown_a_run_counts_as_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody's log is removed: it may be alive."""

    def unknown(_file: int, _operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unknown)
    first, second = a_log(tmp_path), a_log(tmp_path)
    assert not found(tmp_path).alive
    assert len(list((tmp_path / "acp-state").iterdir())) == 2
    for log in (first, second):
        log.close(keep=False)
