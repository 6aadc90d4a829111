"""How long one exchange with a server may last, and how a stop ends it."""

from __future__ import annotations

import math
import os
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST: Final = 3600.0
CONNECT: Final = 15.0
GRACE: Final = 4.0


class Severed(Exception):  # noqa: N818 - a state, not a fault
    """An exchange did not end in a whole answer.

    ``left``: whether the request may have reached the other end whole; if not, nothing can have come of it.
    ``hopeless``: another try would end the same way (a certificate that is not trusted).
    """

    def __init__(self, reason: str, *, left: bool, hopeless: bool = False) -> None:
        super().__init__(reason)
        self.left = left
        self.hopeless = hopeless


class Bounds:
    """The bounds of one exchange, in real seconds; one for each.

    ``seconds`` for all of it, ``silence`` between two bytes of the answer, ``connect`` for one address. A
    stop ends it at once; but a request that is ``paid`` and sent is then waited for ``grace`` seconds more,
    because its answer tells what was bought.
    """

    def __init__(
        self,
        seconds: float = math.inf,
        *,
        silence: float = math.inf,
        connect: float = CONNECT,
        paid: bool = False,
        grace: float = GRACE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.now = now
        self.connect = connect
        self.paid = paid
        self._last = now() + seconds
        self._until = self._last
        self._silence = silence
        self._grace = grace
        self._sent = self._stopped = False
        self._end: Callable[[], None] | None = None
        # Re-entrant, because a signal's function may stop the thread that is just in here.
        self._lock = threading.RLock()

    def left(self, since: float = math.inf) -> float:
        """Seconds, more than 0, for a wait that began at ``since``. Raises TimeoutError at 0."""
        left = min(self._until, since + self._silence) - self.now()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return min(left, _LONGEST)

    def narrow(self, seconds: float) -> None:
        """Allow this much from now on for what comes next, within what is allowed for all."""
        with self._lock:
            if not self._stopped:
                self._until = min(self.now() + seconds, self._last)

    def holds(self, end: Callable[[], None]) -> None:
        """Note how a stop ends what is waited for from now on. Raises Severed when it came before."""
        with self._lock:
            self._end = end
            self._refuse_when_stopped()

    def depart(self) -> None:
        """Note that the request is being sent from now on. Raises Severed when a stop came before."""
        with self._lock:
            self._refuse_when_stopped()
            self._sent = True

    def stop(self) -> None:
        """End the exchange, from another thread."""
        with self._lock:
            self._stopped = True
            if self.paid and self._sent:
                self._until = min(self._until, self.now() + self._grace)
            elif self._end is not None:
                self._end()

    @property
    def is_sent(self) -> bool:
        """Whether the request has at least begun to leave."""
        return self._sent

    @property
    def has_ended_it(self) -> bool:
        """Whether the connection's end is our own doing."""
        return self._stopped and not (self.paid and self._sent)

    def _refuse_when_stopped(self) -> None:
        if self._stopped:
            raise Severed("stopped before it was sent", left=False)


def described(error: BaseException) -> str:
    """What went wrong on the way, in a few words; never those of the error, which may hold addresses."""
    kind = type(error).__name__
    if kind == "SSLCertVerificationError":
        return (
            f"the certificate is not trusted ({getattr(error, 'verify_message', '')}); name the file with"
            " your own authority's certificates in REQUESTS_CA_BUNDLE"
        )
    if kind == "gaierror":
        return "there is no host of that name"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if kind == "RemoteDisconnected":
        return "the connection was closed without an answer"
    if kind.startswith("SSL"):
        return f"TLS failed ({getattr(error, 'reason', None) or kind})"
    if kind == "OSError" and not getattr(error, "errno", None):
        return str(error)
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return f"the connection failed ({kind})"
