"""Temporary files of dead runs go, those of living ones stay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from acp_action.store import temporary
from acp_action.store.temporary import fresh_path, sweep

ROOT = Path(__file__).resolve().parents[2]
LEAVE = "from pathlib import Path; import sys; from acp_action.store.temporary import fresh_path; "
LEAVE += "fresh_path(Path(sys.argv[1]), 'a', 'png').write_text('x')"


def leave_by_another(folder: Path) -> Path:
    """The temporary file of a process that is over."""
    subprocess.run([sys.executable, "-c", LEAVE, str(folder)], check=True, cwd=ROOT)
    (path,) = folder.glob(".a.*")
    return path


def renamed(path: Path, place: int, mark: str) -> Path:
    """The same file with another machine (0), process (1) or run (2) in its mark."""
    stem, marks, rest = path.name.rsplit(".", 3)[0], path.name.rsplit(".", 3)[1], ".part.png"
    parts = marks.split("-")
    parts[place] = mark
    return path.rename(path.with_name(f"{stem}.{'-'.join(parts)}{rest}"))


def test_a_dead_runs_file_is_removed(tmp_path: Path) -> None:
    """What a killed run left half written does not pile up."""
    path = leave_by_another(tmp_path)
    assert sweep(tmp_path) == [path]
    assert list(tmp_path.iterdir()) == []


def test_our_own_files_stay(tmp_path: Path) -> None:
    """Another run of this process may be at work in the same folder."""
    fresh_path(tmp_path, "a", "png").write_text("x")
    assert sweep(tmp_path) == []


def test_a_living_process_keeps_its_files(tmp_path: Path) -> None:
    """A run of another process in the same folder is not disturbed; process 1 is always there."""
    renamed(leave_by_another(tmp_path), 1, "1")
    assert sweep(tmp_path) == []


def test_a_process_of_another_user_counts_as_living(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That we may not signal it does not mean that it is over."""
    leave_by_another(tmp_path)

    def refuse(process: int, signal: int) -> None:
        raise PermissionError(process, signal)

    monkeypatch.setattr(os, "kill", refuse)
    assert sweep(tmp_path) == []


def test_a_machine_without_process_namespaces_has_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's name is enough where the system has no more to tell."""

    def missing(path: Path) -> Path:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "readlink", missing)
    assert len(temporary._machine.__wrapped__()) == 8


def test_a_file_with_our_number_of_another_life_is_removed(tmp_path: Path) -> None:
    """In a container every run has the same process number; the run's own mark tells them apart."""
    renamed(leave_by_another(tmp_path), 1, f"{os.getpid():x}")
    assert len(sweep(tmp_path)) == 1


def test_files_of_another_machine_go_after_a_day(tmp_path: Path) -> None:
    """Whether a process of another machine lives cannot be seen, so only age tells."""
    path = renamed(leave_by_another(tmp_path), 0, "0" * 8)
    assert sweep(tmp_path) == []
    os.utime(path, (0, 0))
    assert sweep(tmp_path) == [path]


@pytest.mark.parametrize("name", [".hidden", ".a.part.png", "a.0-0-0-0.part.png", ".a.zz-1-1-1.part.png"])
def test_what_is_not_ours_stays(tmp_path: Path, name: str) -> None:
    """Only names in our exact form are looked at."""
    (tmp_path / name).write_text("x")
    os.utime(tmp_path / name, (0, 0))
    assert sweep(tmp_path) == []


def test_a_folder_or_link_with_our_mark_stays(tmp_path: Path) -> None:
    """We make only files."""
    leave_by_another(tmp_path).rename(tmp_path / "x")
    path = fresh_path(tmp_path, "a", "png")
    path.symlink_to("x")
    renamed(path, 2, "0" * 8)
    assert sweep(tmp_path) == []
