"""The journal of a single call: there while something can still come of it, and gone when it is done.

A step of a pipeline is known by its name, and made once. Who makes a call a second time wants a second
result: so a call's journal, in a folder of its own, is for callers that never learnt what became of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from acp_action.errors import OutputError, PlaceTaken
from acp_action.store.faults import ELSEWHERE, explain
from acp_action.store.held import Held
from acp_action.store.journal import JOURNAL, Journal
from acp_action.store.vault import STATE, make_private, opened_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS: Final = "calls"
"""In the state folder; a folder in it for each call of which something is left."""

_DOOR: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
# How often it is looked whether the door is free, and the seconds between two looks.
_LOOKS: Final = 500
_PAUSE: Final = 0.02


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
        try:
            if not journal.unfinished:
                _take_away(folder / STATE, place)
        finally:
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


def _take_away(state: Path, place: Path) -> None:
    """Remove what is left of a call, whose lock is held."""
    try:
        with _door(state):
            # Its lock goes with it; the door is shut, so that nobody has just opened it.
            shutil.rmtree(place, ignore_errors=True)
            with suppress(OSError):
                place.parent.rmdir()
    except (OSError, OutputError):
        # All but the lock then: the next call of this name finds nothing, and makes it anew.
        with suppress(OSError):
            (place / JOURNAL).unlink(missing_ok=True)


@contextmanager
def _door(state: Path) -> Iterator[None]:
    """Held for a moment, by whoever opens a call's journal or takes one away.

    Raises OutputError when somebody does not let go of it, and OSError.
    """
    path = state / "calls.lock"
    door = Held(opened_in(state, lambda: os.open(path, _DOOR, 0o600)))
    try:
        _shut(door.number, path)
        yield
    finally:
        door.close()


def _shut(door: int, path: Path) -> None:
    never = threading.Event()
    for _ in range(_LOOKS):
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            never.wait(_PAUSE)
        except OSError:
            # A file system without locks keeps nobody out; neither does the journal's own lock there.
            return
        else:
            return
    raise OutputError(
        f"{path} has been locked for {_LOOKS * _PAUSE:.0f} s by another process, which should let go of it "
        f"at once; if it is suspended, let it go on or end it, or {ELSEWHERE}"
    )
