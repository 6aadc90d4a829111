"""What the operating system says about files, in words that tell what to do."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING, Final

from acp_action.errors import Unstored

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE: Final = "choose another folder with --output-dir"

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_WORDS: Final[dict[int, tuple[str, str]]] = {
    errno.EFBIG: ("the file is larger than this process may write", "raise the limit (ulimit -f)"),
    errno.EROFS: ("the file system is read-only", "{}"),
    errno.EACCES: ("no permission", "change the permissions, or {}"),
    errno.EPERM: ("not permitted", "change the permissions, or {}"),
    errno.EIO: ("the disk reports an input/output error", "check the disk, or {}"),
    errno.ENAMETOOLONG: ("the path is too long", "{}"),
    errno.ENOTDIR: ("a part of the path is a file", "{}"),
    errno.EEXIST: ("a part of the path is a file", "{}"),
    errno.ELOOP: ("symbolic links lead in a circle, or stand where a file must be", "remove the link"),
    errno.EMFILE: ("too many files are open", "use fewer workers, or raise the limit (ulimit -n)"),
}


def is_storage_fault(error: OSError) -> bool:
    """Whether an error is about the place where files are written, not about a connection or a program."""
    return error.errno in _FULL or error.errno in (errno.EFBIG, errno.EROFS, errno.EIO)


def storage_fault(
    error: OSError, path: Path, needed: int | None = None, *, at_least: bool = False
) -> Unstored:
    """The error for a file that could not be written; ``needed`` as for ``explain``."""
    return Unstored(f"cannot write {path}: {explain(error, path.parent, needed, at_least=at_least)}")


def explain(
    error: OSError,
    folder: Path,
    needed: int | None = None,
    *,
    at_least: bool = False,
    elsewhere: str = ELSEWHERE,
) -> str:
    """Why the system refused, and what to do; for a full disk also how many bytes are needed and free.

    ``needed``: bytes, None when unknown; ``at_least``: it is what was written when the disk was full.
    ``elsewhere``: how to have the file in another place.
    """
    if error.errno in _FULL:
        least, free = "at least " if at_least else "", free_bytes(folder)
        # What is free to others, or in blocks that are too small, is no answer to why it was not enough.
        want = "" if needed is None or (at_least and needed <= free) else f"{least}{needed:,} bytes needed, "
        room = f"{want}{free:,} free"
        return f"the disk is full ({room}); free some space, or {elsewhere}"
    what, mend = _WORDS.get(error.errno or 0, (error.strerror or str(error), ""))
    return f"{what}; {mend.format(elsewhere)}" if mend else what


def free_bytes(folder: Path) -> int:
    """Bytes free to this user where the folder, or the nearest one above it, stands; 0 when unknown."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            break
    return 0
