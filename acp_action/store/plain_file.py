"""Files that may be anybody's, read so that none holds its reader up or fills the memory."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def opened(path: Path, most: int, *, follow: bool = True) -> Iterator[IO[bytes]]:
    """A regular file of at most ``most`` bytes, open for reading; ``follow``: also through a link.

    Raises OSError, and ValueError for anything else: a pipe keeps who opens it waiting, and a device such as
    ``/dev/zero`` has no end. So the question is put to what was opened, not to the name.
    """
    link = 0 if follow else os.O_NOFOLLOW
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | link)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if status.st_size > most:
            raise ValueError("it is too large")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def read_plain(path: Path, most: int, *, follow: bool = True) -> bytes:
    """The content of such a file. Raises as ``opened`` does, also when it grows past ``most`` meanwhile."""
    with opened(path, most, follow=follow) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError("it grows while it is read")
    return content
