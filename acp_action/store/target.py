"""Final file names: what may stand there already, and how a whole file takes its place."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from acp_action.redaction import SECRETS
from acp_action.store.temporary import EXTENSION, fresh_path

if TYPE_CHECKING:
    from pathlib import Path

_STREAMS: Final = ("/dev/stdout", "/dev/stderr")
_DESCRIPTORS: Final = ("/dev/fd", "/proc/self/fd")


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


def why_unfit(target: Path) -> str:
    """Why a file that a person named cannot be written there, empty when it can.

    Unlike in the output folder, nobody is told to remove what stands there: it may be the results.
    """
    try:
        if target.is_dir():
            return "it is a folder; name a file, in it or elsewhere"
        if not target.parent.is_dir():
            what = "is no folder" if target.parent.exists() else "does not exist"
            return f"the folder {target.parent} {what}; make it first, or name a file elsewhere"
        if target.is_symlink() and _link_obstacle(target):
            return "it is a symbolic link that leads out of its folder; name the file it stands for"
    except OSError:
        # Then writing says why.
        return ""
    return ""


def is_stream(target: Path) -> bool:
    """Whether what is written there goes on elsewhere, and is no file of that name: a pipe, a device.

    Standard output by its name is one wherever it leads.
    """
    if os.fspath(target) in _STREAMS or os.fspath(target.parent) in _DESCRIPTORS:
        return True
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def write_through(target: Path, content: bytes) -> None:
    """Write to a pipe or device, secrets blotted out; a file behind it grows. Raises OSError."""
    with target.open("ab", buffering=0) as stream:
        left = memoryview(SECRETS.bytes(content))
        while left:
            left = left[stream.write(left) :]


def write_whole(target: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file so that its name always stands for a whole one: the old, or the new.

    Secrets are blotted out of texts. Raises OSError; nothing of the new file is left then. ``durable``: it
    also survives a power cut.
    """
    content = SECRETS.bytes(content)
    extension = target.suffix.removeprefix(".")
    temporary = fresh_path(target.parent, target.stem, extension if EXTENSION.fullmatch(extension) else "tmp")
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
