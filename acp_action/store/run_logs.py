"""The logs that runs left in an output folder: which is the newest, and what can be read of it.

They may be anybody's: whatever bytes are there, the lines that are whole are read, and the rest is counted.
"""

from __future__ import annotations

import fcntl
import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.errors import UsageError
from acp_action.store.faults import explain
from acp_action.store.journal_lines import unsealed
from acp_action.store.plain_file import opened
from acp_action.store.run_lines import NAME, VERSION
from acp_action.store.run_log_files import LOG
from acp_action.store.strict_json import read_json
from acp_action.store.vault import STATE

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST: Final = 1024 * 1024 * 1024
"""Bytes; a larger file was not written by us."""
_VERSION: Final = re.compile(rf'"{NAME}/([0-9]{{1,9}})"'.encode())
_INSTEAD: Final = "name report.json itself to see the run before"


class Log(NamedTuple):
    """What a log holds. ``head``: its first record; ``records``: the others, in order, their form unchecked.

    ``alive``: its run is still at work. ``garbled``: lines that cannot be read, a torn last one not counted.
    """

    path: Path
    alive: bool
    head: dict[str, Any]
    records: list[dict[str, Any]]
    garbled: int


def newest_log(folder: Path) -> Path | None:
    """The log of the run that began last, of those whose reports are not written. Raises UsageError."""
    state = folder / STATE
    try:
        # Runs write through no link, so nothing behind one is theirs.
        if state.is_symlink() or not state.is_dir():
            return None
        names = [entry.name for entry in os.scandir(state) if LOG.fullmatch(entry.name)]
    except OSError as error:
        raise UsageError(f"cannot read {state}: {explain(error, folder)}; {_INSTEAD}") from error
    return state / max(names) if names else None


def read_log(path: Path) -> Log | None:
    """A log; None when it is gone, because its run has just written its reports.

    Raises UsageError when it is torn from the start, of a newer version, or cannot be read.
    """
    try:
        found = _content(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = explain(error, path.parent) if isinstance(error, OSError) else error
        raise UsageError(f"cannot read {path}: {why}; {_INSTEAD}") from error
    content, alive = found
    *lines, tail = content.split(b"\n")
    head = unsealed(lines[0], read_json) if lines else None
    version = _version(lines[0] if lines else tail)
    if version is not None and version > VERSION:
        raise UsageError(
            f"{path} was written by a newer version of acp-action (form {version}, this one reads "
            f"{VERSION}); use that version, or {_INSTEAD}"
        )
    if head is None or version != VERSION:
        raise UsageError(f"{path} is damaged: it does not begin as a run's log does; {_INSTEAD}")
    read = [unsealed(line, read_json) for line in lines[1:]]
    records = [record for record in read if record is not None]
    last = unsealed(tail, read_json)
    return Log(path, alive, head, records + ([last] if last else []), len(read) - len(records))


def _version(line: bytes) -> int | None:
    found = _VERSION.search(line)
    return int(found[1]) if found else None


def _content(path: Path) -> tuple[bytes, bool]:
    """What is in the file, and whether its run lives. Raises OSError, and ValueError for what is no log."""
    with opened(path, _LARGEST, follow=False) as file:
        # Asked first: what a dead run has written is all there is.
        alive = _is_locked(file.fileno())
        return file.read(_LARGEST), alive


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except OSError:
        # File systems that know no locks cannot tell.
        return False
    return False
