"""The journal of a single call: there while something can still come of it, and gone when it is done.

A step of a pipeline is known by its name, and made once. Who makes a call a second time wants a second
result: so a call's journal, in a folder of its own, is for callers that never learnt what became of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from acp_action.errors import OutputError, PlaceTaken
from acp_action.store.faults import explain
from acp_action.store.journal import Journal
from acp_action.store.vault import STATE, make_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS: Final = "calls"
"""In the state folder; a folder in it for each call of which something is left."""


@contextmanager
def call_journal(folder: Path, stem: str) -> Iterator[Journal]:
    """The journal of the call whose outputs are named ``stem``, in an output folder that is there.

    Raises PlaceTaken when another process or thread is making this very call, OutputError otherwise.
    """
    place = folder / STATE / CALLS / stem
    journal = _opened(folder, place)
    try:
        yield journal
    finally:
        with _door(folder / STATE):
            if not journal.unfinished:
                # Its lock goes with it; the door is shut, so that nobody has just opened it.
                shutil.rmtree(place, ignore_errors=True)
                with suppress(OSError):
                    place.parent.rmdir()
            journal.close()


def calls_left(folder: Path) -> frozenset[str]:
    """The stems of calls in an output folder that began and did not tell their end, or are being made now."""
    try:
        with os.scandir(folder / STATE / CALLS) as entries:
            return frozenset(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return frozenset()


def _opened(folder: Path, place: Path) -> Journal:
    try:
        make_private(folder / STATE)
        with _door(folder / STATE):
            make_private(place.parent)
            return Journal(folder, state=place, single=True)
    except PlaceTaken as taken:
        raise PlaceTaken(
            f"another call is making '{place.name}' in {folder}; wait until it ends, or give this one "
            "another name"
        ) from taken
    except OSError as error:
        raise OutputError(f"cannot write to {place.parent}: {explain(error, folder)}") from error


@contextmanager
def _door(state: Path) -> Iterator[None]:
    """Held for a moment, by whoever opens a call's journal or takes one away."""
    descriptor = os.open(state / "calls.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        # A file system without locks keeps nobody out; neither does the journal's own lock there.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
