"""The values of a run's own templates are kept until a run of the pipeline succeeds."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from acp_action.engine.request import Origin
from acp_action.store.unfinished import UNFINISHED, finished, taken_up
from acp_action.store.vault import STATE

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = Origin("2026-11-26T10:00:00Z", 7), Origin("2026-11-27T10:00:00Z", 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with its state folder."""
    (tmp_path / STATE).mkdir(mode=0o700)
    return tmp_path


def test_an_unfinished_run_is_taken_up(folder: Path) -> None:
    """The next one fills in what it did."""
    assert taken_up(folder, "a.yaml", FIRST) == FIRST
    assert taken_up(folder, "a.yaml", SECOND) == FIRST


def test_a_finished_run_is_not(folder: Path) -> None:
    """Nor is one that is made anew on purpose."""
    taken_up(folder, "a.yaml", FIRST)
    finished(folder, "a.yaml")
    assert taken_up(folder, "a.yaml", SECOND) == SECOND
    assert taken_up(folder, "a.yaml", FIRST, fresh=True) == FIRST
    assert taken_up(folder, "a.yaml", SECOND) == FIRST


def test_pipelines_of_one_folder_are_told_apart(folder: Path) -> None:
    """The end of one is not the end of the other."""
    taken_up(folder, "a.yaml", FIRST)
    taken_up(folder, "b.yaml", SECOND)
    finished(folder, "b.yaml")
    assert taken_up(folder, "a.yaml", SECOND) == FIRST


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"schema": "acp-unfinished/1", "pipelines": {"a.yaml": {"timestamp": 1, "seed": 7}}}',
        b'{"schema": "acp-unfinished/1", "pipelines": {"a.yaml": {"timestamp": "x", "seed": -1}}}',
        b'{"schema": "acp-unfinished/1", "pipelines": {"a.yaml": {"timestamp": "x", "seed": true}}}',
        b'{"schema": "acp-unfinished/2", "pipelines": {"a.yaml": {"timestamp": "x", "seed": 7}}}',
    ],
)
def test_what_was_not_written_by_us_counts_for_nothing(folder: Path, content: bytes) -> None:
    """The file is not trusted: one that is odd is replaced."""
    (folder / STATE / UNFINISHED).write_bytes(content)
    assert taken_up(folder, "a.yaml", FIRST) == FIRST
    assert taken_up(folder, "a.yaml", SECOND) == FIRST


def test_a_link_in_its_place_is_not_followed(folder: Path) -> None:
    """It could have been put there to read another file."""
    (folder / "other.json").write_text('{"schema": "acp-unfinished/1", "pipelines": {}}')
    (folder / STATE / UNFINISHED).symlink_to(folder / "other.json")
    taken_up(folder, "a.yaml", FIRST)
    assert stat.S_ISREG((folder / STATE / UNFINISHED).lstat().st_mode)
    assert "a.yaml" not in (folder / "other.json").read_text()
