"""What root made in a container belongs to the workspace's owner in the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from acp_action.github.ownership import hand_over

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
OWNER = 12345
SOMEBODY = 23456


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder of somebody's, in which root has made results."""
    results = tmp_path / "ws/deep/output"
    results.mkdir(parents=True)
    (results / "a.png").write_bytes(b"x")
    (results / "inner").mkdir()
    (results / "inner/b.png").write_bytes(b"x")
    if os.geteuid() == 0:
        os.chown(tmp_path / "ws", OWNER, OWNER)
    return tmp_path / "ws"


@ROOT_ONLY
def test_results_and_the_folders_above_them_are_handed_over(workspace: Path) -> None:
    """F12: everything that root made, whatever its depth."""
    assert hand_over([workspace / "deep/output"], workspace) == ""
    made = [workspace / "deep", *(workspace / "deep").rglob("*")]
    assert {path.lstat().st_uid for path in made} == {OWNER}


@ROOT_ONLY
def test_what_is_not_roots_is_left_alone(workspace: Path) -> None:
    """Files of a third person keep their owner."""
    theirs = workspace / "deep/output/a.png"
    os.chown(theirs, SOMEBODY, SOMEBODY)
    hand_over([workspace / "deep/output"], workspace)
    assert theirs.stat().st_uid == SOMEBODY


@ROOT_ONLY
def test_links_are_handed_over_and_not_what_they_lead_to(workspace: Path, tmp_path: Path) -> None:
    """S14: a link that a pull request brings must not give away a file elsewhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    (workspace / "deep/output/link").symlink_to(outside)
    hand_over([workspace / "deep/output"], workspace)
    assert (workspace / "deep/output/link").lstat().st_uid == OWNER
    assert {outside.stat().st_uid, (outside / "secret").stat().st_uid} == {0}


def test_a_missing_workspace_is_a_complaint(tmp_path: Path) -> None:
    """It is told, and stops nothing."""
    assert hand_over([], tmp_path / "none").startswith("cannot tell whose the workspace is")


@ROOT_ONLY
def test_the_command_line_goes_on_as_the_owner(workspace: Path) -> None:
    """What it makes from then on is the owner's from the start, and there is no way back to root."""
    code = (
        "import os, pathlib\n"
        "from acp_action.github.ownership import become\n"
        "become(pathlib.Path.cwd())\n"
        "pathlib.Path('made').write_text('x')\n"
        "print(os.getresuid(), os.getresgid(), os.getgroups())\n"
    )
    top = str(Path(__file__).resolve().parents[2])
    for folder in workspace.parents:
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=workspace, env={**os.environ, "PYTHONPATH": top},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == f"({OWNER}, {OWNER}, {OWNER}) ({OWNER}, {OWNER}, {OWNER}) []"
    assert (workspace / "made").stat().st_uid == OWNER
