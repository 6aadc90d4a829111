"""Can outputs be kept here? Asked before anything runs: media that cannot be saved was still paid for."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING, Final

from acp_action.errors import OutputError
from acp_action.store.faults import ELSEWHERE, explain, free_bytes
from acp_action.store.manifest import MANIFEST
from acp_action.store.target import obstacle
from acp_action.store.temporary import fresh_path, sweep

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

RESERVE: Final = 1024 * 1024
"""Bytes that must be free when nobody knows better."""

_PROBE: Final = 4096
_OURS: Final = frozenset({MANIFEST, "report.json", "report.md", "report.html"})
_OUTPUT: Final = re.compile(
    r"(.+?)(?:_[1-9][0-9]*)?\.(?:png|jpe?g|webp|gif|mp4|webm|mov|wav|mp3|ogg|flac|m4a|txt)", re.DOTALL
)


def preflight(
    folder: Path,
    *,
    stems: Collection[str] = (),
    reserve_bytes: int = RESERVE,
    within: Path | None = None,
) -> Path:
    """Make sure that outputs can be written into the folder, which is made if need be; its real path.

    ``stems``: those of the plan; what stands in the way of their files is an error now, not after the money
    is spent. ``within``: a folder that the output folder must not leave, links followed; for folders that an
    untrusted side has named or could have replaced by a link. Files that dead runs left half written are
    removed.

    Raises OutputError that names the path, what is wrong with it, and what to do.
    """
    try:
        real = _real(folder, within)
        real.mkdir(parents=True, exist_ok=True)
        sweep(real)
        problems = list(_obstacles(real, frozenset(stems)))
        _probe(real)
    except (OSError, ValueError, RuntimeError) as error:
        raise OutputError(f"cannot write to output folder {folder}: {_why(error, folder)}") from error
    _check_room(folder, real, reserve_bytes)
    if problems:
        raise OutputError("\n".join(problems))
    return real


def foresee(
    folder: Path,
    *,
    stems: Collection[str] = (),
    reserve_bytes: int = RESERVE,
    within: Path | None = None,
) -> Path:
    """What ``preflight`` would say, as far as it shows without making or writing anything."""
    try:
        real = _real(folder, within)
        there = next(path for path in (real, *real.parents) if path.exists())
        _ask_rights(there, real)
        problems = list(_obstacles(real, frozenset(stems))) if there == real else []
    except (OSError, ValueError, RuntimeError) as error:
        raise OutputError(f"cannot write to output folder {folder}: {_why(error, folder)}") from error
    _check_room(folder, there, reserve_bytes)
    if problems:
        raise OutputError("\n".join(problems))
    return real


def _real(folder: Path, within: Path | None) -> Path:
    real = folder.resolve()
    if within is not None and not real.is_relative_to(within.resolve()):
        raise OutputError(f"output folder {folder} leads to {real}, outside of {within}; {ELSEWHERE}")
    return real


def _ask_rights(there: Path, real: Path) -> None:
    """Raise what writing below the folder that is there would raise."""
    if not there.is_dir():
        raise FileExistsError if there == real else NotADirectoryError(errno.ENOTDIR, "")
    effective = os.access in os.supports_effective_ids
    if not os.access(there, os.W_OK | os.X_OK, effective_ids=effective):
        read_only = os.statvfs(there).f_flag & os.ST_RDONLY
        raise OSError(errno.EROFS if read_only else errno.EACCES, "")


def _why(error: Exception, folder: Path) -> str:
    if isinstance(error, FileExistsError):
        return f"it is a file; remove it, or {ELSEWHERE}"
    if isinstance(error, OSError):
        return explain(error, folder, _PROBE)
    # A NUL in the name, or links in a circle.
    return f"{error}; {ELSEWHERE}"


def _probe(folder: Path) -> None:
    path = fresh_path(folder, "probe", "bin")
    try:
        with path.open("xb") as file:
            file.write(bytes(_PROBE))
            file.flush()
            # Some file systems find out that they are full only when they must really write.
            os.fsync(file.fileno())
    finally:
        path.unlink(missing_ok=True)


def _check_room(folder: Path, real: Path, reserve: int) -> None:
    free = free_bytes(real)
    if free < reserve:
        raise OutputError(
            f"cannot write to output folder {folder}: the disk is full "
            f"({reserve:,} bytes needed, {free:,} free); free some space, or {ELSEWHERE}"
        )


def _obstacles(folder: Path, stems: frozenset[str]) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) or not _is_wanted(entry.name, stems):
                continue
            if problem := obstacle(folder / entry.name):
                yield problem


def _is_wanted(name: str, stems: frozenset[str]) -> bool:
    if name in _OURS:
        return True
    output = _OUTPUT.fullmatch(name)
    return output is not None and (output[1] in stems or name.rpartition(".")[0] in stems)
