"""The output folder is proved before anything runs (F4, F10, S12)."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

import pytest

from acp_action.errors import OutputError
from acp_action.store.preflight import foresee, preflight
from tests.store.places import open_folder, small_disk, without_rights

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_folder_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    """The probe is written and removed; the real path comes back."""
    assert preflight(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    """The message says that it is a file, and what to do."""
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r"output folder .*out: it is a file; remove it, or choose another"):
        preflight(tmp_path / "out")


def test_a_file_on_the_way_is_named(tmp_path: Path) -> None:
    """A part of the path may be the file."""
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="a part of the path is a file; choose another folder"):
        preflight(tmp_path / "out" / "x")


@pytest.mark.parametrize("name", ["out", "out/new"])
def test_a_folder_without_permission_is_refused(name: str) -> None:
    """A folder that others own is found out by writing, not by looking at its mode."""
    with open_folder() as folder:
        (folder / "out").mkdir(mode=0o555)
        with without_rights(), pytest.raises(OutputError, match=r"no permission; change the permissions"):
            preflight(folder / name)


def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    """A read-only mount is told from a lack of permission."""
    with (
        small_disk(tmp_path / "disk", "64k", "ro") as disk,
        pytest.raises(OutputError, match="file system is read-only; choose another folder with --output-dir"),
    ):
        preflight(disk)


def test_a_full_disk_is_refused_with_its_figures(tmp_path: Path) -> None:
    """Needed and free bytes are told, and the way out."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        with pytest.raises(
            OutputError, match=r"disk is full \(1,048,576 bytes needed, 65,536 free\); free some"
        ):
            preflight(disk)
        assert preflight(disk, reserve_bytes=16_384) == disk


def test_a_disk_without_room_for_the_probe_is_refused(tmp_path: Path) -> None:
    """Also where the figures would say that all is well."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        (disk / "big").write_bytes(bytes(65_536))
        with pytest.raises(OutputError, match=r"the disk is full \(4,096 bytes needed, 0 free\)"):
            preflight(disk, reserve_bytes=0)
        assert [p.name for p in disk.iterdir()] == ["big"]


def test_a_name_that_no_system_takes_is_refused(tmp_path: Path) -> None:
    """A NUL or a very long part is an error of the folder's name."""
    for name in ("a\0b", "x" * 300):
        with pytest.raises(OutputError, match="choose another folder"):
            preflight(tmp_path / name)


def test_a_folder_that_leads_outside_is_refused(tmp_path: Path) -> None:
    """Neither dots nor links take an untrusted folder out of the one that was allowed."""
    inside = tmp_path / "work"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path)
    for name in ("../elsewhere", "link/elsewhere"):
        with pytest.raises(OutputError, match=f"leads to {re.escape(str(tmp_path))}/elsewhere, outside of"):
            preflight(inside / name, within=inside)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_within_the_allowed_one_is_taken(tmp_path: Path) -> None:
    """Dots and links are fine as long as they end inside."""
    (tmp_path / "link").symlink_to("real")
    assert preflight(tmp_path / "link" / "." / "out", within=tmp_path) == tmp_path / "real" / "out"


def test_everything_in_the_way_of_outputs_is_named_at_once(tmp_path: Path) -> None:
    """What could not be replaced at the end is an error at the start; strangers' things are let be."""
    (tmp_path / "a.png").mkdir()
    os.mkfifo(tmp_path / "b_2.mp4")
    (tmp_path / "report.json").symlink_to("/etc/passwd")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "b.png").symlink_to("manifest.json")
    (tmp_path / "other.png").mkdir()
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError) as caught:
        preflight(tmp_path, stems=["a", "b"])
    named = {re.split(" is ", line)[0] for line in str(caught.value).splitlines()}
    assert named == {str(tmp_path / name) for name in ("a.png", "b_2.mp4", "report.json")}
    assert stat.S_ISFIFO((tmp_path / "b_2.mp4").stat().st_mode)


@pytest.mark.parametrize("name", ["out", "out/new"])
def test_a_look_finds_what_the_trial_would_find_and_leaves_no_trace(tmp_path: Path, name: str) -> None:
    """A dry run: a read-only disk is named, nothing is made or written, also as root."""
    with small_disk(tmp_path / "out", "8m", "ro") as disk, pytest.raises(OutputError, match="is read-only"):
        foresee(disk.parent / name)
    with small_disk(tmp_path / "full", "256k") as disk, pytest.raises(OutputError, match="the disk is full"):
        foresee(disk / "new")
    assert foresee(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(("name", "what"), [("f", "it is a file"), ("f/x", "a part of the path is a file")])
def test_a_look_sees_a_file_in_the_way(tmp_path: Path, name: str, what: str) -> None:
    """The words are those of the trial."""
    (tmp_path / "f").write_text("")
    with pytest.raises(OutputError, match=what):
        foresee(tmp_path / name)


def test_a_look_sees_missing_rights_and_folders_in_the_way(tmp_path: Path) -> None:
    """What stands in the way of an output is told too."""
    (tmp_path / "cat.png").mkdir()
    with pytest.raises(OutputError, match=r"cat\.png is a folder"):
        foresee(tmp_path, stems={"cat"})
    with open_folder() as folder:
        (folder / "shut").mkdir(mode=0o555)
        with without_rights(), pytest.raises(OutputError, match="no permission"):
            foresee(folder / "shut" / "new")
