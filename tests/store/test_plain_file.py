"""Whatever stands in a file's place, reading it ends, and takes no more memory than it may."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from acp_action.errors import UsageError
from acp_action.report.files import find_run, write_reports
from acp_action.store.manifest import read_manifest
from acp_action.store.plain_file import read_plain
from tests.fakes import guide_run

if TYPE_CHECKING:
    from collections.abc import Callable


def linked_pipe(path: Path) -> None:
    """A pipe under another name."""
    os.mkfifo(f"{path}.p")
    path.symlink_to(f"{path}.p")


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a link to a pipe": linked_pipe,
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "an empty device": lambda path: path.symlink_to("/dev/null"),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_regular_file_is_not_read(tmp_path: Path, odd: str) -> None:
    """It is opened without waiting, looked at, and left."""
    ODD[odd](tmp_path / "x")
    with pytest.raises(ValueError, match="no regular file"):
        read_plain(tmp_path / "x", 100)


@pytest.mark.parametrize("odd", ODD)
def test_no_command_hangs_on_a_report_or_manifest(tmp_path: Path, odd: str) -> None:
    """In the report's place it is told, in the manifest's there is none."""
    write_reports(guide_run(), tmp_path)
    for name in ("manifest.json", "report.json"):
        (tmp_path / name).unlink()
        ODD[odd](tmp_path / name)
        if name == "manifest.json":
            assert read_manifest(tmp_path / name) is None
            assert find_run(tmp_path).manifest is None
    with pytest.raises(UsageError, match=r"report\.json is torn or is no report: it is no regular file"):
        find_run(tmp_path)


def test_a_file_of_just_the_size_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    """The bound is that of the content."""
    (tmp_path / "x").write_bytes(b"1234")
    assert read_plain(tmp_path / "x", 4) == b"1234"
    with pytest.raises(ValueError, match="too large"):
        read_plain(tmp_path / "x", 3)


def test_a_file_that_grows_is_given_up() -> None:
    """What was seen of its size holds for one moment only; files of the system say nothing of theirs."""
    assert Path("/proc/self/status").stat().st_size == 0
    with pytest.raises(ValueError, match="grows"):
        read_plain(Path("/proc/self/status"), 10)
    assert b"Name:" in read_plain(Path("/proc/self/status"), 100_000)


def test_a_folder_is_told_as_the_system_tells_it_and_nothing_stays_open(tmp_path: Path) -> None:
    """Its words are those for all other errors of the system."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(IsADirectoryError, match="Is a directory"):
            read_plain(tmp_path, 100)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_link_is_followed_only_where_it_may_be(tmp_path: Path) -> None:
    """Output folders are linked to; what a run keeps for itself is not."""
    (tmp_path / "x").write_text(json.dumps({"a": 1}))
    (tmp_path / "y").symlink_to(tmp_path / "x")
    assert read_plain(tmp_path / "y", 100) == b'{"a": 1}'
    with pytest.raises(OSError, match="symbolic links"):
        read_plain(tmp_path / "y", 100, follow=False)
