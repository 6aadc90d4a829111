"""Single requests over connections that are kept open; the one place where providers reach the network.

A library for HTTP hides what this has to know: whether a request that costs money may have left. It also
sends again, follows redirects and unpacks on its own, and bounds the silence between two bytes where the
whole has to be bounded. So requests are written here; answers are read by the standard library.
"""

from __future__ import annotations

import select
import threading
import time
import weakref
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.providers.bounds import Severed, described
from acp_action.providers.sockets import connected, shut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acp_action.providers.account import Network
    from acp_action.providers.bounds import Bounds
    from acp_action.providers.sockets import Site, Socket

_PIECE: Final = 256 * 1024
# Servers close idle connections after 5 s and more. A request that cannot be sent again is not tried on one
# that may just be closing; for the others that costs another try at worst.
_FRESH: Final = 2.0
_STALE: Final = 30.0
_KEPT: Final = 256


class Pool:
    """Connections that are kept open between requests, for any number of threads.

    A thread holds at most one, so there are never more than threads. Kept ones are closed by ``close``, or
    when the pool is let go.
    """

    def __init__(self, network: Network, *, now: Callable[[], float] = time.monotonic) -> None:
        self._bundle = network.ca_bundle
        self._now = now
        self._idle: dict[Site, list[_Line]] = {}
        self._swept = now()
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)

    def close(self) -> None:
        """Close what is idle; the pool can be used on."""
        with self._lock:
            _close_all(self._idle)

    @contextmanager
    def exchange(
        self, site: Site, method: str, head: bytes, body: bytes | Path, bounds: Bounds
    ) -> Iterator[Reply]:
        """Send one request, once, and give the answer. Raises Severed.

        ``head``: request line and headers, with the empty line behind them.
        """
        line = self._take(site, bounds) or _Line(connected(site, self._bundle, bounds))
        reply: Reply | None = None
        try:
            reply = line.ask(method, head, body, bounds)
            yield reply
        finally:
            if reply is not None:
                reply.close()
            if reply is not None and reply.is_kept_open:
                self._keep(site, line)
            else:
                line.close()

    def _take(self, site: Site, bounds: Bounds) -> _Line | None:
        longest = _FRESH if bounds.paid else _STALE
        while True:
            with self._lock:
                idle = self._idle.get(site)
                line = idle.pop() if idle else None
            if line is None or line.is_usable(self._now() - line.used, longest):
                return line
            line.close()

    def _keep(self, site: Site, line: _Line) -> None:
        line.used = self._now()
        with self._lock:
            idle = self._idle.setdefault(site, [])
            idle.append(line)
            # What is taken is the newest, so the first is the one that is not needed.
            unneeded = [idle.pop(0)] if len(idle) > _KEPT else []
            if line.used - self._swept > _STALE:
                self._swept = line.used
                unneeded += self._stale(line.used)
        for other in unneeded:
            other.close()

    def _stale(self, now: float) -> list[_Line]:
        """Take out what has been idle for too long: hosts with many addresses would leave much behind."""
        stale = [line for lines in self._idle.values() for line in lines if now - line.used > _STALE]
        kept = {site: [line for line in lines if line not in stale] for site, lines in self._idle.items()}
        self._idle.clear()
        self._idle.update({site: lines for site, lines in kept.items() if lines})
        return stale


class Reply:
    """An answer as it comes in: the head, and the body bit by bit. Header names in lower case."""

    def __init__(self, response: HTTPResponse, bounds: Bounds, *, is_last: bool) -> None:
        self._response = response
        self._bounds = bounds
        self._is_last = is_last or response.will_close
        self.status = response.status
        self.headers: dict[str, str] = {}
        for name, value in response.headers.items():
            key = name.lower()
            self.headers[key] = f"{self.headers[key]}, {value}" if key in self.headers else value
        # Counted here: the library's own count differs from version to version.
        self._due = response.length
        self.is_whole = self._due == 0

    def read(self, most: int = 64 * 1024) -> bytes:
        """The next bytes, empty at the end. Raises Severed when the body is cut short or takes too long."""
        if self.is_whole:
            return b""
        try:
            piece = self._response.read1(most if self._due is None else min(most, self._due))
        except (OSError, HTTPException, ValueError) as error:
            raise Severed(f"the answer was cut short: {described(error)}", left=True) from error
        if self._due is not None:
            self._due -= len(piece)
            if not piece and self._due:
                raise Severed(f"the answer was cut short, {self._due} bytes of it are missing", left=True)
        if not piece and self._bounds.has_ended_it:
            raise Severed("stopped", left=True)
        self.is_whole = self._due == 0 or not piece
        return piece

    @property
    def due(self) -> int | None:
        """Bytes that are still to come, None when that is not known."""
        return self._due

    @property
    def is_kept_open(self) -> bool:
        """Whether the connection can carry another request."""
        return self.is_whole and not self._is_last

    def close(self) -> None:
        """Let go of the connection's file."""
        self._response.close()


class _Line:
    """An open connection."""

    def __init__(self, sock: Socket) -> None:
        self.sock = sock
        self.used = 0.0

    def close(self) -> None:
        with suppress(OSError):
            self.sock.close()

    def is_usable(self, idle: float, longest: float) -> bool:
        """Whether it was used lately, and the other end has neither closed it nor said anything since."""
        if idle > longest:
            return False
        poll = select.poll()
        poll.register(self.sock.fileno(), select.POLLIN)
        return not poll.poll(0)

    def ask(self, method: str, head: bytes, body: bytes | Path, bounds: Bounds) -> Reply:
        """Send a request, and read the head of the answer. Raises Severed."""
        self.sock.bounds = bounds
        bounds.holds(partial(shut, self.sock))
        bounds.depart()
        fault: OSError | None = None
        try:
            for piece in _pieces(head, body):
                self.sock.settimeout(bounds.left())
                self.sock.sendall(piece)
        except OSError as error:
            # What the other end did not get whole, it cannot carry out. It may have said why.
            fault = error
        response = HTTPResponse(self.sock, method=method)
        try:
            response.begin()
        except (OSError, HTTPException, ValueError) as error:
            response.close()
            raise Severed(described(fault or error), left=fault is None) from (fault or error)
        return Reply(response, bounds, is_last=fault is not None)


def _pieces(head: bytes, body: bytes | Path) -> Iterator[bytes | memoryview]:
    if isinstance(body, Path):
        yield head
        with body.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    elif len(body) <= _PIECE:
        # In one go: two small packets would wait for each other's receipt.
        yield head + body
    else:
        yield head
        view = memoryview(body)
        yield from (view[at : at + _PIECE] for at in range(0, len(body), _PIECE))


def _close_all(idle: dict[Site, list[_Line]]) -> None:
    for lines in idle.values():
        while lines:
            lines.pop().close()
