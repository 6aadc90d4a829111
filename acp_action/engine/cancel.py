"""Stopping: the token an attempt carries, and the switch that ends a whole run."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from acp_action.errors import Cancelled, DeadlineExpired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acp_action.engine.clock import Clock


class CancelToken:
    """The deadline and the wish to stop, in one; satisfies ``providers.base.Token``.

    ``deadline`` on the clock's monotonic scale, ``inf`` for none; ``patience``: the time-out in seconds
    that it came from, for the message. The event that waits end on is made only
    when somebody waits: most attempts never do, and ten thousand events are not free.
    """

    __slots__ = ("_calls", "_clock", "_event", "_patience", "_reason", "abandoned", "deadline", "resumable")

    def __init__(self, clock: Clock, deadline: float = math.inf, patience: float = math.inf) -> None:
        self._clock = clock
        self._event: threading.Event | None = None
        self._reason: str | None = None
        self._patience = patience
        self._calls: tuple[Callable[[], None], ...] = ()
        self.resumable = False
        self.abandoned = False
        self.deadline = deadline

    @property
    def cancelled(self) -> bool:
        """Whether a stop was asked for."""
        return self._reason is not None

    def cancel(self, reason: str, *, resumable: bool = False) -> None:
        """Ask the attempt to stop; the first reason stays. Ends its wait at once.

        ``resumable``: the run is interrupted, and may be taken up again later.
        """
        if self._reason is None:
            self.resumable = resumable
            self._reason = reason
        # Read after the reason is written: a waiter that makes its event later sees the reason itself.
        event = self._event
        if event is not None:
            event.set()
        for call in self._calls:
            call()

    def abandon(self) -> None:
        """Note that nobody waits for the attempt any more: what it still makes must not be published."""
        self.abandoned = True
        self.cancel("given up")

    @contextmanager
    def waking(self, call: Callable[[], None]) -> Iterator[None]:
        """While it lasts, ``call`` is called, perhaps more than once, as soon as a stop is asked for.

        At once when it was asked for before; never at the deadline.
        """
        self._calls = (*self._calls, call)
        try:
            # Only now: a stop that came a moment ago did not see the call.
            if self._reason is not None:
                call()
            yield
        finally:
            self._calls = tuple(kept for kept in self._calls if kept is not call)

    def tell(self, call: Callable[[], None]) -> None:
        """As ``waking``, for as long as the attempt lasts."""
        self._calls = (*self._calls, call)
        if self._reason is not None:
            call()

    def check(self) -> None:
        """Raise Cancelled or DeadlineExpired when the attempt must end."""
        if self._reason is not None:
            raise Cancelled(self._reason, resumable=self.resumable)
        if self._clock.now() >= self.deadline:
            raise DeadlineExpired(self._expiry(""))

    def wait(self, seconds: float, what: str = "") -> None:
        """Wait, at most until the deadline; raises as ``check`` does, naming ``what`` was waited for."""
        if self._event is None:
            self._event = threading.Event()
        end = self._clock.now() + seconds
        if self._reason is None:
            self._clock.wait(self._event, max(min(end, self.deadline) - self._clock.now(), 0.0))
        if self._reason is not None:
            raise Cancelled(self._reason, resumable=self.resumable)
        if end > self.deadline:
            raise DeadlineExpired(self._expiry(what))

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(self.deadline - self._clock.now(), 0.0)

    def now(self) -> float:
        """Monotonic seconds on the run's clock."""
        return self._clock.now()

    def _expiry(self, what: str) -> str:
        took = f"no result within {self._patience:g} s"
        return f"{took}, waiting for {what}" if what else took


class StopSwitch:
    """Ends a run from outside. ``stop`` may be called from any thread and from a signal handler.

    A run attaches itself while it lasts; a switch thrown before stops the run before its first step.
    """

    def __init__(self) -> None:
        self._reason: str | None = None
        # A dict, because many runs may attach themselves to one switch at once: setting and removing a key
        # are one step each, where rebuilding a tuple could lose another thread's run.
        self._attached: dict[Callable[[str], None], None] = {}

    @property
    def reason(self) -> str | None:
        """Why the run was stopped, None while it was not."""
        return self._reason

    def stop(self, reason: str) -> None:
        """Ask for the end; only the first call counts. Takes no lock, so a signal handler may call it."""
        if self._reason is None:
            self._reason = reason
            for tell in tuple(self._attached):
                tell(reason)

    def attach(self, tell: Callable[[str], None]) -> None:
        """Let ``tell`` hear of the stop, at once when it has been asked for already."""
        self._attached[tell] = None
        if self._reason is not None:
            tell(self._reason)

    def detach(self, tell: Callable[[str], None]) -> None:
        """Forget ``tell``."""
        self._attached.pop(tell, None)
