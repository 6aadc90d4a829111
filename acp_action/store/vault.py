"""Paid results by content: files that stay when those with the final names are deleted or edited.

A file and its output are one on the disk wherever the file system can link, so that keeping costs no room.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from acp_action.errors import OutputError
from acp_action.store.target import sync_folder
from acp_action.store.temporary import fresh_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_T = TypeVar("_T")
_TRIES: Final = 5

STATE: Final = "acp-state"
"""The folder, in the output folder, that holds what a later run needs to know; not hidden, so that artifacts
and caches take it along."""


def make_private(state: Path) -> None:
    """Make sure that the folder is there, for its owner alone. Raises OutputError for a link, and OSError."""
    state.mkdir(mode=0o700, exist_ok=True)
    if state.is_symlink():
        raise OutputError(
            f"{state} is a symbolic link; remove it, or choose another folder with --output-dir"
        )


def opened_in(state: Path, opened: Callable[[], _T]) -> _T:
    """What ``opened`` gives, once the folder is there; tried again when it is taken away between the two.

    Previews take their empty folder away at their end. Raises what ``make_private`` and ``opened`` raise.
    """
    for _ in range(_TRIES - 1):
        make_private(state)
        with suppress(FileNotFoundError):
            return opened()
    make_private(state)
    return opened()


_BLOBS: Final = "blobs"


class Vault:
    """The files below the state folder, each named by its SHA-256; used by all workers at once."""

    def __init__(self, state: Path) -> None:
        self._folder = state / _BLOBS
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._unsynced = False

    def take(self, made: Path, digest: str) -> None:
        """Move a whole, synced file in. Raises OSError."""
        made.replace(self._folder / digest)
        self._unsynced = True

    def settle(self) -> None:
        """Make what was taken survive a power cut."""
        if self._unsynced:
            # Before the sync: what is taken meanwhile is for the next one.
            self._unsynced = False
            sync_folder(self._folder)

    def has(self, digest: str, size: int) -> bool:
        """Whether the file is there, and as it was."""
        return is_intact(self._folder / digest, size, digest)

    def lay(self, digest: str, target: Path) -> None:
        """Give a file that is there its final name beside its own. Raises OSError."""
        temporary = fresh_path(target.parent, target.stem, target.suffix.removeprefix("."))
        try:
            try:
                os.link(self._folder / digest, temporary)
            except OSError:
                # File systems without links, and files with the most links they can have.
                shutil.copyfile(self._folder / digest, temporary)
            temporary.replace(target)
        finally:
            # A rename of one link over another of the same file does nothing, and leaves both.
            temporary.unlink(missing_ok=True)


def measure(path: Path, *, durable: bool = False) -> tuple[int, str]:
    """The size in bytes and the SHA-256 of a regular file; ``durable``: it is synced to the disk too.

    No link is followed, and a pipe does not block the worker. Raises OSError, and ValueError for what is no
    regular file.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb", buffering=0) as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is not a regular file")
        if durable:
            os.fsync(handle)
        return status.st_size, hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path, size: int, digest: str) -> bool:
    """Whether a regular file of this size and SHA-256 stands there."""
    try:
        return path.lstat().st_size == size and measure(path) == (size, digest)
    except (OSError, ValueError):
        return False
