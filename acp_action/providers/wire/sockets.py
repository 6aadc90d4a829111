"""Sockets that give up in time: every wait on one, whoever asks for it, ends as its request's bounds say.

Libraries for HTTP bound the silence between two bytes; here the whole is bounded, and a stop ends it.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.errors import FatalError
from acp_action.providers.wire.bounds import Severed, described

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.providers.wire.bounds import Bounds

_SLICE: Final = 0.25
_PIECE: Final = 256 * 1024


class Asked(NamedTuple):
    """What a connection has to know of the request that this thread sends over it.

    ``target``: what it asks for. ``addresses``: where its host is, checked before; empty: the name is looked
    up. ``now``: seconds.
    """

    target: str
    bounds: Bounds
    addresses: tuple[str, ...]
    now: Callable[[], float]


ASKED: Final[ContextVar[Asked]] = ContextVar("asked")
"""The request that is being sent; the library passes nothing of ours down to its connections."""


def shut(sock: socket.socket) -> None:
    """End whatever another thread does with a socket; it stays for that thread to close."""
    with suppress(OSError):
        # Not by its own method: that of a TLS socket takes away what the other thread just reads with.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Bounded:
    bounds: Bounds | None = None

    def sendall(self, content: Any, flags: int = 0) -> None:
        """As a socket's; raises TimeoutError."""
        view = memoryview(content)
        for at in range(0, len(view), _PIECE):
            if self.bounds is not None:
                self.settimeout(self.bounds.left())  # type: ignore[attr-defined]
            super().sendall(view[at : at + _PIECE], flags)  # type: ignore[misc]

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As a socket's; raises TimeoutError."""
        bounds = self.bounds
        if bounds is None:
            return super().recv_into(buffer, nbytes, flags)  # type: ignore[misc, no-any-return]
        begun = bounds.now()
        while True:
            left = bounds.left(begun)
            # In slices where a stop shortens the time while this waits.
            self.settimeout(min(left, _SLICE) if bounds.paid else left)  # type: ignore[attr-defined]
            try:
                return super().recv_into(buffer, nbytes, flags)  # type: ignore[misc, no-any-return]
            except TimeoutError:
                continue


class Plain(_Bounded, socket.socket):
    """A TCP connection."""


class _Secure(_Bounded, ssl.SSLSocket):  # type: ignore[misc]
    def do_handshake(self, block: bool = False) -> None:
        """As a TLS socket's, within the bounds of the request that it is for."""
        self.bounds = bounds = ASKED.get().bounds
        try:
            bounds.holds(partial(shut, self))
            self.settimeout(min(bounds.connect, bounds.left()))
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


@lru_cache(maxsize=4)
def trusting(bundle: str) -> ssl.SSLContext:
    """TLS that trusts the authorities in a file or folder, by default those of certifi, and no others."""
    if not bundle:
        import certifi

        bundle = certifi.where()
    try:
        is_folder = Path(bundle).is_dir()
        context = ssl.create_default_context(
            cafile=None if is_folder else bundle, capath=bundle if is_folder else None
        )
    except OSError as error:
        raise FatalError(
            f"the trusted certificates cannot be read from {bundle} ({error.strerror or error});"
            " correct REQUESTS_CA_BUNDLE or SSL_CERT_FILE, or unset it"
        ) from error
    context.sslsocket_class = _Secure
    return context


def looked_up(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host. Raises Severed when there are none; a stop does not end the look-up."""
    with suppress(ValueError):
        return (str(ipaddress.ip_address(host)),)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Severed(described(error), left=False) from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def reached(addresses: tuple[str, ...], port: int, bounds: Bounds) -> Plain:
    """A connection to the first address that answers. Raises OSError."""
    trouble: OSError = OSError("there is no address")
    for address in addresses:
        sock = Plain(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            bounds.holds(partial(shut, sock))
            sock.settimeout(min(bounds.connect, bounds.left()))
            sock.connect((address, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            sock.close()
            trouble = error
        except BaseException:
            sock.close()
            raise
        else:
            sock.bounds = bounds
            return sock
    raise trouble
