"""Final file names: what may stand there already, and how a whole file takes its place."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from acp_action.redaction import SECRETS
from acp_action.store.temporary import fresh_path

if TYPE_CHECKING:
    from pathlib import Path


def obstacle(target: Path) -> str:
    """Why a file may not take this name, empty when it may.

    A regular file is replaced, and so is a link that stays within the folder. Anything else was put there by
    someone for another purpose, or to lead a write astray.
    """
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISLNK(mode):
        return _link_obstacle(target)
    what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    return f"{target} is {what}; remove it, or rename the step"


def _link_obstacle(target: Path) -> str:
    try:
        end = target.resolve()
        # Python 3.13 no longer raises for a circle: it gives the link back as it is.
        circle = end.is_symlink()
    except (OSError, RuntimeError):
        circle = True
    if circle:
        return f"{target} is a symbolic link in a circle; remove it"
    if end.is_relative_to(target.parent.resolve()):
        return ""
    return f"{target} is a symbolic link that leads outside, to {end}; remove it"


def write_whole(target: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file so that its name always stands for a whole one: the old, or the new.

    Secrets are blotted out of texts. Raises OSError; nothing of the new file is left then. ``durable``: it
    also survives a power cut.
    """
    content = SECRETS.bytes(content)
    temporary = fresh_path(target.parent, target.stem, target.suffix.removeprefix("."))
    try:
        with temporary.open("xb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
