"""Files made by root in the container are handed over to whom the workspace belongs.

Otherwise the next checkout of a self-hosted runner, and a person after ``docker run``, could not remove them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ROOT: Final = 0


def hand_over(folders: Iterable[Path], workspace: Path) -> str:
    """Give what root owns in these folders, and the folders above them, to the workspace's owner.

    Links are not followed. Gives a complaint for what could not be handed over, else an empty text; does
    nothing where we are not root or the workspace is root's own.
    """
    try:
        owner = workspace.stat()
    except OSError as error:
        return f"cannot tell whose the workspace is: {error.strerror or error}"
    if os.geteuid() != ROOT or owner.st_uid == ROOT:
        return ""
    failed = [
        str(path)
        for folder in folders
        for path in _whole(folder, workspace)
        if not _give(path, owner.st_uid, owner.st_gid)
    ]
    return f"root still owns {', '.join(failed[:3])}" if failed else ""


def _whole(folder: Path, workspace: Path) -> Iterator[Path]:
    """The folder, those above it up to the workspace, and everything in it."""
    yield folder
    for parent in folder.parents:
        if not parent.is_relative_to(workspace) or parent == workspace:
            break
        yield parent
    for where, folders, files in os.walk(folder):
        yield from (folder / where / name for name in (*folders, *files))


def _give(path: Path, uid: int, gid: int) -> bool:
    try:
        if path.lstat().st_uid == ROOT:
            os.lchown(path, uid, gid)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def become(workspace: Path) -> None:
    """Go on as the workspace's owner, for good; for the command line, which needs nothing of root's.

    Does nothing where we are not root or the workspace is root's own.
    """
    owner = workspace.stat()
    if os.geteuid() == ROOT and owner.st_uid != ROOT:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
