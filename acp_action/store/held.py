"""Files whose locks are this process's alone: a forked child does not keep them after their owner's end."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

_OPEN: Final[set[Held]] = set()


class Held:
    """An open file with a lock, until ``close``. ``number``: its descriptor, -1 once it is closed.

    A lock belongs to the open file, which a forked child shares: it would be held for as long as the child
    lives. So a child closes its copy, and has nothing to write to.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number
        _OPEN.add(self)

    @property
    def is_open(self) -> bool:
        """Whether there is something to write to."""
        return self.number >= 0

    def close(self) -> None:
        """Let go; a second time does nothing."""
        number, self.number = self.number, -1
        _OPEN.discard(self)
        if number >= 0:
            os.close(number)


def _forget() -> None:
    for held in list(_OPEN):
        with suppress(OSError):
            held.close()


os.register_at_fork(after_in_child=_forget)
