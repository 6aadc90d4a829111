"""Appending to one file from many threads: one sync to the disk serves all that wait for it.

Whoever needs its line on the disk and finds nobody syncing does it, for all lines written by then; whoever
finds somebody at it waits, and mostly finds its line synced by the next one.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class GroupCommit:
    """Owns a descriptor that is open for appending, ``size`` bytes long. ``sync(descriptor)`` may raise.

    ``syncs`` counts how often the disk was waited for.
    """

    def __init__(
        self,
        descriptor: int,
        size: int,
        *,
        sync: Callable[[int], None] = os.fsync,
        write: Callable[[int, bytes], int] = os.write,
    ) -> None:
        self._descriptor = descriptor
        self._size = size
        self._sync = sync
        self._write = write
        self._changed = threading.Condition(threading.Lock())
        self._written = 0
        self._synced = 0
        self._syncing = False
        self._broken: OSError | None = None
        self.syncs = 0

    def append(self, line: bytes, *, sync: bool) -> None:
        """Write the line, whole or not at all; with ``sync``, come back when it is on the disk.

        Raises OSError. A sync that failed once is not believed any more: what it should have written may be
        lost although the next one says nothing.
        """
        with self._changed:
            self._put(line)
            self._written += 1
            if sync:
                self._wait_for(self._written)

    def close(self) -> None:
        """Let the file go."""
        with self._changed:
            while self._syncing:
                self._changed.wait()
            os.close(self._descriptor)

    def _put(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[self._write(self._descriptor, bytes(rest)) :]
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(line)

    def _wait_for(self, mine: int) -> None:
        while self._synced < mine:
            if self._broken is not None:
                raise OSError(self._broken.errno, self._broken.strerror)
            if self._syncing:
                self._changed.wait()
            else:
                self._lead()

    def _lead(self) -> None:
        """Sync what is written by now, the lock let go meanwhile."""
        reached, self._syncing = self._written, True
        self._changed.release()
        failed: OSError | None = None
        try:
            self._sync(self._descriptor)
        except OSError as error:
            failed = error
        finally:
            self._changed.acquire()
            self._syncing = False
            self.syncs += 1
            self._changed.notify_all()
        if failed is not None:
            self._broken = failed
        else:
            self._synced = reached
