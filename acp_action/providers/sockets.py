"""Opening connections: to a name or to addresses checked before, through a proxy, under TLS.

Every wait for bytes on such a connection is bounded, whoever asks for them.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from contextlib import suppress
from functools import lru_cache, partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from acp_action.errors import FatalError
from acp_action.providers.bounds import Severed, described

if TYPE_CHECKING:
    from acp_action.providers.bounds import Bounds
    from acp_action.providers.proxies import Proxy

_SLICE: Final = 0.25


class Site(NamedTuple):
    """Whom to talk to: by TLS or not, the name in certificate and ``Host``, the port.

    ``addresses``: where it is, checked before; empty: the name is looked up.
    """

    secure: bool
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    proxy: Proxy | None = None


def shut(sock: socket.socket) -> None:
    """End whatever another thread does with a socket; it stays for that thread to close."""
    with suppress(OSError):
        # Not by its own method: that of a TLS socket takes away what the other thread just reads with.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Bounded:
    """Bounds every wait for bytes, whoever asks for them: the standard library reads headers by itself."""

    bounds: Bounds | None = None

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


class _Plain(_Bounded, socket.socket):
    pass


class _Secure(_Bounded, ssl.SSLSocket):  # type: ignore[misc]
    pass


Socket: TypeAlias = "_Plain | _Secure"


@lru_cache(maxsize=4)
def _trusting(bundle: str) -> ssl.SSLContext:
    if not bundle:
        import certifi

        bundle = certifi.where()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _Secure
    context.set_alpn_protocols(["http/1.1"])
    try:
        is_folder = Path(bundle).is_dir()
        context.load_verify_locations(**{"capath" if is_folder else "cafile": bundle})
    except OSError as error:
        raise FatalError(
            f"the trusted certificates cannot be read from {bundle} ({error.strerror or error});"
            " correct REQUESTS_CA_BUNDLE or SSL_CERT_FILE, or unset it"
        ) from error
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


def connected(site: Site, bundle: str, bounds: Bounds) -> Socket:
    """A connection, through the proxy and under TLS where that is asked for. Raises Severed."""
    context = _trusting(bundle) if site.secure else None
    try:
        if site.proxy is None:
            sock = _reached(site.addresses or looked_up(site.host, site.port), site.port, bounds)
        else:
            sock = _reached(looked_up(site.proxy.host, site.proxy.port), site.proxy.port, bounds)
    except OSError as error:
        raise Severed(described(error), left=False) from error
    try:
        if site.proxy is not None:
            _pass_through(sock, site, site.proxy, bounds)
        return _secured(sock, site.host, context, bounds) if context else sock
    except (OSError, HTTPException, ValueError) as error:
        sock.close()
        hopeless = isinstance(error, ssl.SSLCertVerificationError)
        raise Severed(described(error), left=False, hopeless=hopeless) from error
    except BaseException:
        sock.close()
        raise


def _reached(addresses: tuple[str, ...], port: int, bounds: Bounds) -> _Plain:
    """A connection to the first address that answers."""
    trouble: OSError = OSError("there is no address")
    for address in addresses:
        sock = _Plain(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
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
            return sock
    raise trouble


def _pass_through(sock: _Plain, site: Site, proxy: Proxy, bounds: Bounds) -> None:
    """Ask a proxy for a way to the site."""
    host = f"[{site.host}]" if ":" in site.host else site.host
    known = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    sock.bounds = bounds
    sock.settimeout(bounds.left())
    sock.sendall(f"CONNECT {host}:{site.port} HTTP/1.1\r\nHost: {host}:{site.port}\r\n{known}\r\n".encode())
    with HTTPResponse(sock, method="CONNECT") as answer:
        answer.begin()
        if answer.status != 200:
            raise OSError(f"the proxy refuses the way there (HTTP {answer.status})")


def _secured(sock: _Plain, host: str, context: ssl.SSLContext, bounds: Bounds) -> _Secure:
    # The TLS socket takes the file over, so that in mid-handshake only a twin can be shut.
    with sock.dup() as twin:
        bounds.holds(partial(shut, twin))
        sock.bounds = None
        sock.settimeout(min(bounds.connect, bounds.left()))
        secure = context.wrap_socket(sock, server_hostname=host)
        try:
            bounds.holds(partial(shut, secure))
        except BaseException:
            secure.close()
            raise
    return secure  # type: ignore[return-value]
