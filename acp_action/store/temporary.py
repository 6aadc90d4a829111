"""Temporary files beside their targets: fresh names, and which of them a dead run left behind."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import secrets
import time
from functools import cache
from pathlib import Path
from typing import Final

EXTENSION: Final = re.compile(r"[a-z0-9]{1,10}")
_MARK: Final = re.compile(
    r"\..+\.([0-9a-f]{8})-([0-9a-f]+)-([0-9a-f]{8})-[0-9a-f]+\.part\.[a-z0-9]{1,10}", re.DOTALL
)
_TOO_OLD: Final = 24 * 3600.0
"""Seconds after which a temporary file of another machine counts as left behind."""

_RUN: Final = secrets.token_hex(4)
_NUMBERS: Final = itertools.count()


def fresh_path(folder: Path, stem: str, extension: str) -> Path:
    """A path for a new temporary file; nothing is created.

    It stands in the target's own folder, so that the rename never crosses file systems, hidden, with the
    target's extension, because encoders go by it. Raises ValueError for an extension of other than one to ten
    lower-case letters and digits.
    """
    if not EXTENSION.fullmatch(extension):
        raise ValueError(f"not a file extension: {extension!r}")
    # next() on a count is one step of the interpreter, so threads never get the same number.
    return folder / f".{stem}.{_mark()}-{next(_NUMBERS):x}.part.{extension}"


def sweep(folder: Path) -> list[Path]:
    """Remove temporary files that dead runs left in the folder; those of living ones stay."""
    removed = []
    for entry in os.scandir(folder):
        mark = _MARK.fullmatch(entry.name)
        if mark is None or not entry.is_file(follow_symlinks=False) or not _is_dead(mark, entry):
            continue
        path = Path(entry.path)
        path.unlink(missing_ok=True)
        removed.append(path)
    return removed


def _is_dead(mark: re.Match[str], entry: os.DirEntry[str]) -> bool:
    machine, process, run = mark[1], int(mark[2], 16), mark[3]
    if machine != _machine():
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _TOO_OLD
    if process == os.getpid():
        return run != _RUN
    return not _is_alive(process)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _mark() -> str:
    return f"{_machine()}-{os.getpid():x}-{_RUN}"


@cache
def _machine() -> str:
    """Whose process numbers these are: the host and, in containers, the process namespace."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return hashlib.sha256(f"{os.uname().nodename}\0{space}".encode()).hexdigest()[:8]
