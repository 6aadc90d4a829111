"""The short time that is left after a stop: to call off a job, or to fetch what is paid already."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING

from acp_action.errors import DeadlineExpired

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from acp_action.providers.base import Token


class Parting:
    """A token of a few seconds that its ``token``, which was stopped, no longer binds."""

    def __init__(self, token: Token, seconds: float) -> None:
        self._now = token.now
        self._end = token.now() + seconds
        self._never = threading.Event()

    def check(self) -> None:
        """Raise DeadlineExpired when the time is over."""
        if self._now() >= self._end:
            raise DeadlineExpired("no time was left after the stop")

    def wait(self, seconds: float, what: str = "") -> None:  # noqa: ARG002 - the protocol's signature
        """Wait if there is time for it, else raise DeadlineExpired at once."""
        if seconds >= self.remaining():
            raise DeadlineExpired("no time was left after the stop")
        self._never.wait(seconds)

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(self._end - self._now(), 0.0)

    def now(self) -> float:
        """Monotonic seconds on the run's clock."""
        return self._now()

    def waking(self, call: Callable[[], None]) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's
        """Nothing stops it a second time."""
        return nullcontext()


class Within:
    """A token that ends after ``seconds`` at the latest, or with its ``token``."""

    def __init__(self, token: Token, seconds: float) -> None:
        self._token = token
        self._end = token.now() + seconds

    def check(self) -> None:
        """As its token's; DeadlineExpired also when its own time is over."""
        self._token.check()
        if self._token.now() >= self._end:
            raise DeadlineExpired("its own time is over")

    def wait(self, seconds: float, what: str = "") -> None:
        """As its token's, at most for its own time."""
        self._token.wait(min(seconds, self.remaining()), what)
        self.check()

    def remaining(self) -> float:
        """Seconds until the nearer end."""
        return max(min(self._token.remaining(), self._end - self._token.now()), 0.0)

    def now(self) -> float:
        """Monotonic seconds on the run's clock."""
        return self._token.now()

    def waking(self, call: Callable[[], None]) -> AbstractContextManager[None]:
        """As its token's."""
        return self._token.waking(call)
