"""What work on this machine waited for on purpose, as against what others on it held it up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from acp_action.providers.base import Token


class Work:
    """A token that adds up what its attempt waited on purpose; begins when it is made, on its own thread.

    Steps that draw and encode side by side share the processors: each takes longer than it would alone, and
    what it takes longer is no work that parallelism saved. The engine finds that from the attempt's time,
    this thread's processor time, and what is told here.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
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

    def waking(self, call: Callable[[], None]) -> AbstractContextManager[None]:
        """As the token's."""
        return self._token.waking(call)

    def on_purpose(self, *, at_least: float = 0.0) -> float:
        """Seconds waited on purpose; as many more as make up ``at_least`` with what the thread computed."""
        own = time.thread_time() - self._processor
        return max(self._awaited, at_least - own)
