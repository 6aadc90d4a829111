"""How long work on this machine really took, as against how long it stood in the way of other steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acp_action.providers.base import Token


class Work:
    """A token that adds up what its attempt spent working and waiting; begins when it is made.

    Steps that draw and encode side by side share the processors: each takes longer than it would alone, and
    what it takes longer is no work that parallelism saved. What this thread spent on a processor, and what it
    waited on purpose (``wait``, ``awaited``), is what the step takes alone; the rest it was held up.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self._begun = token.now()
        self._processor = time.thread_time()
        self._awaited = 0.0

    def check(self) -> None:
        """As the token's."""
        self._token.check()

    def wait(self, seconds: float, what: str = "") -> None:
        """As the token's."""
        begun = self._token.now()
        try:
            self._token.wait(seconds, what)
        finally:
            self.awaited(self._token.now() - begun)

    def awaited(self, seconds: float) -> None:
        """Note a wait of another kind, such as for a program."""
        self._awaited += seconds

    def remaining(self) -> float:
        """As the token's."""
        return self._token.remaining()

    def now(self) -> float:
        """As the token's."""
        return self._token.now()

    def held(self, *, at_least: float = 0.0) -> float:
        """Seconds it was held up, never negative; ``at_least``: what the attempt takes in any case."""
        took = self._token.now() - self._begun
        own = time.thread_time() - self._processor + self._awaited
        return max(took - max(own, at_least), 0.0)
