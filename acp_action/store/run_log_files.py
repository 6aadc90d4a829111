"""The files of runs' logs: how a new one begins, and how those of dead runs go."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.store.held import Held
from acp_action.store.temporary import fresh_path, sweep
from acp_action.store.vault import opened_in

if TYPE_CHECKING:
    from pathlib import Path

LOG: Final = re.compile(r"run-[0-9]{8}T[0-9]{9}-[0-9a-f]{8}\.jsonl")
"""What logs are called: by the time at which they were begun, so that the last name is the newest."""

_NEW: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LogFile(NamedTuple):
    """An open log: locked, for appending."""

    path: Path
    held: Held


def begin_log(state: Path, head: bytes, wall: float) -> LogFile:
    """A new log that begins with this line: there is none that does not. Those of dead runs are removed.

    ``wall``: when its run begins, in seconds since the epoch. Raises OSError, and OutputError for a link in
    the state folder's place.
    """
    temporary = path = fresh_path(state, "run", "jsonl")
    held = opened_in(state, lambda: Held(os.open(temporary, _NEW, 0o600)))
    try:
        with suppress(OSError):
            fcntl.flock(held.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        left = memoryview(head)
        while left:
            left = left[os.write(held.number, left) :]
        path = state / _new_name(wall)
        temporary.rename(path)
        _remove_dead(state, path.name)
    except BaseException:
        # An interrupt, too: the log of a run that never began would hide the report of the one before.
        for name in (temporary, path):
            with suppress(OSError):
                name.unlink(missing_ok=True)
        held.close()
        raise
    return LogFile(path, held)


def _new_name(wall: float) -> str:
    stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    return f"run-{stamp}-{secrets.token_hex(4)}.jsonl"


def _remove_dead(state: Path, own: str) -> None:
    """Remove what dead runs left; what cannot be removed does no harm, because newer ones win."""
    with suppress(OSError):
        sweep(state)
        for entry in os.scandir(state):
            if entry.name != own and LOG.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_dead(entry.path)


def _remove_if_dead(path: str) -> None:
    held = Held(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC))
    try:
        fcntl.flock(held.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)  # noqa: PTH108 - what scandir gives
    finally:
        held.close()
