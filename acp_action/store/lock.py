"""One run at a time in an output folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING, Final

from acp_action.errors import PlaceTaken
from acp_action.store.faults import ELSEWHERE
from acp_action.store.held import Held

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST: Final = 200
_NO_LOCKS: Final = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class FolderLock:
    """Held from when it is made until ``release``; a process that dies lets go by itself.

    ``works``: False on a file system that knows no locks, where nobody is kept out.

    Raises PlaceTaken, naming the process, when another run holds it, and OSError.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = Held(os.open(path, flags, 0o600))
        descriptor = self._file.number
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.works = True
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {os.uname().nodename}".encode(), 0)
        except BlockingIOError as error:
            taken = _taken(descriptor, path)
            self._file.close()
            raise taken from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                self._file.close()
                raise
            self.works = False

    @staticmethod
    def probe(path: Path) -> None:
        """Raise what taking the lock would raise; nothing is made or kept."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _taken(descriptor, path) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        finally:
            os.close(descriptor)

    def release(self) -> None:
        """Let the next one in. The file stays: were it removed, two runs could hold locks on two files."""
        self._file.close()


def _taken(descriptor: int, path: Path) -> PlaceTaken:
    holder = os.pread(descriptor, _LONGEST, 0).decode("utf-8", "replace")
    who = f" ({holder})" if holder and holder.isprintable() else ""
    folder = path.parent.parent
    return PlaceTaken(
        f"another run is at work in output folder {folder}{who}; wait until it ends, or {ELSEWHERE}"
    )
