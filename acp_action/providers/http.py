"""Single requests by the ``requests`` library; the one place where providers reach the network.

What the library hides, its connections tell us: whether a request that costs money may have left. They go to
the addresses that were checked, end with the request's bounds, and are not used where they may be closing.
What adapters call (safe calls, orders, streams, the table of statuses) stands on it, in ``wire/``.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPException, IncompleteRead
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from acp_action.providers.wire.bounds import Severed, described
from acp_action.providers.wire.proxies import proxy_for
from acp_action.providers.wire.sockets import ASKED, Asked, looked_up, reached, shut, trusting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from acp_action.providers.account import Network
    from acp_action.providers.wire.address import Place
    from acp_action.providers.wire.bounds import Bounds
    from acp_action.providers.wire.outgoing import Content
    from acp_action.providers.wire.sockets import Plain

# Servers close idle connections after 5 s and more. A request that cannot be sent again is not tried on one
# that may just be closing; for the others that costs another try at worst.
_FRESH: Final = 2.0
_STALE: Final = 30.0
_PER_HOST: Final = 256
_HOSTS: Final = 8
_PIECE: Final = 256 * 1024
_FAULTS: Final = (OSError, HTTPException, HTTPError, ValueError)


class Pool:
    """A session of ``requests``, whose connections are kept open, for any number of threads.

    A thread holds at most one, so there are never more than threads. Kept ones are closed by ``close``, or
    when the pool is let go.
    """

    def __init__(self, network: Network, *, now: Callable[[], float] = time.monotonic) -> None:
        self._network = network
        self._now = now
        self._session = _Session()
        # Neither proxies nor keys nor certificates but those that were handed in.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Adapter(network.ca_bundle))

    def close(self) -> None:
        """Close what is idle; the pool can be used on."""
        self._session.close()

    @contextmanager
    def exchange(
        self,
        method: str,
        place: Place,
        headers: Mapping[str, str],
        content: Content,
        bounds: Bounds,
        addresses: tuple[str, ...] = (),
    ) -> Iterator[Reply]:
        """Send one request, once, and give the answer. Raises Severed.

        ``addresses``: where the host is, checked before; empty: it is looked up. Behind a proxy, the proxy
        looks it up.
        """
        with ExitStack() as stack:
            # The library is told the origin alone: its errors and logs cannot hold what else an address keeps
            # secret, and that is sent as it was given, where the library would write it anew.
            request = _prepared(method, place.origin, headers, content, stack)
            proxy = proxy_for(self._network, secure=place.secure, host=place.host, port=place.port)
            target = f"{place.origin}{place.target}" if proxy and not place.secure else place.target
            reply = Reply(self._sent(request, proxy, Asked(target, bounds, addresses, self._now)), bounds)
            stack.callback(reply.close)
            yield reply

    def _sent(self, request: requests.PreparedRequest, proxy: str, asked: Asked) -> requests.Response:
        proxies = {"http": proxy, "https": proxy} if proxy else {}
        mark = ASKED.set(asked)
        try:
            return self._session.send(
                request, stream=True, allow_redirects=False, proxies=proxies, verify=True, timeout=None
            )
        except (requests.RequestException, HTTPError) as error:
            raise Severed(described(error), left=asked.bounds.is_sent) from error
        finally:
            ASKED.reset(mark)


class Reply:
    """An answer as it comes in: the head, and the body bit by bit. Header names in lower case."""

    def __init__(self, response: requests.Response, bounds: Bounds) -> None:
        self._response = response
        self._bounds = bounds
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    def read(self, most: int = 64 * 1024) -> bytes:
        """The next bytes, empty at the end. Raises Severed when the body is cut short or takes too long."""
        try:
            piece: bytes = self._response.raw.read1(most, decode_content=False)
        except _FAULTS as error:
            cause = error.__cause__ or error
            if isinstance(cause, IncompleteRead):
                missing = f", {self.due} bytes of it are missing" if self.due else ""
                raise Severed(f"the answer was cut short{missing}", left=True) from cause
            raise Severed(f"the answer was cut short: {described(cause)}", left=True) from cause
        if not piece and self._bounds.has_ended_it:
            raise Severed("stopped", left=True)
        return piece

    @property
    def due(self) -> int | None:
        """Bytes that are still to come, None when that is not known."""
        left: int | None = self._response.raw.length_remaining
        return left

    def close(self) -> None:
        """Let go of the connection: it is kept when the body was read to its end."""
        self._response.close()


def _prepared(
    method: str, origin: str, headers: Mapping[str, str], content: Content, stack: ExitStack
) -> requests.PreparedRequest:
    body: Any = content.body
    if isinstance(body, Path):
        # An empty file would be sent as one of unknown length.
        body = stack.enter_context(body.open("rb")) if content.size else b""
    form: list[Any] = [(name, (None, text)) for name, text in content.fields.items()]
    form += [(part.field, (part.name, part.content, part.media_type)) for part in content.files]
    return requests.Request(method, origin, dict(headers), form, None if form else body).prepare()


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: else even a redirect that is not followed would be read to its end, however long."""


class _Adapter(HTTPAdapter):
    """Never sends anything twice, and uses the connections below."""

    def __init__(self, bundle: str) -> None:
        self._options: dict[str, Any] = {"ssl_context": trusting(bundle), "blocksize": _PIECE}
        super().__init__(_HOSTS, _PER_HOST, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """The library's, with our connections."""
        super().init_poolmanager(connections, maxsize, block, **options, **self._options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The library's, with our connections."""
        manager = super().proxy_manager_for(proxy, **options, **self._options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: what is trusted is settled already, and would be read anew for each connection."""


class _Line(HTTPConnection):
    """A connection that goes where it is told, and tells whether a request has left."""

    used = 0.0
    now: Callable[[], float]
    fault: OSError | None = None
    sock: Plain

    def _new_conn(self) -> Plain:
        _, bounds, addresses, _ = ASKED.get()
        found = addresses if addresses and self.proxy is None else looked_up(self.host, self.port)
        return reached(found, self.port, bounds)

    def connect(self) -> None:
        """Connect, through the proxy and under TLS where that is asked for. Raises Severed."""
        try:
            super().connect()
        except _FAULTS as error:
            text = described(error).replace(
                "Tunnel connection failed:", "the proxy refuses the way there: HTTP"
            )
            hopeless = type(error).__name__ == "SSLCertVerificationError"
            raise Severed(text, left=False, hopeless=hopeless) from error

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request, of which ``fault`` tells whether it left whole."""
        _, bounds, _, self.now = ASKED.get()
        self.fault = None
        self.sock.bounds = bounds
        bounds.holds(partial(shut, self.sock))
        bounds.depart()
        try:
            super().request(*args, **options)
        except OSError as error:
            # What the other end did not get whole, it cannot carry out. It may have said why.
            self.fault = error

    def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """The library's, for the address that is really asked."""
        super().putrequest(method, ASKED.get().target, *args, **options)

    def getresponse(self) -> Any:
        """The head of the answer. Raises Severed."""
        try:
            return super().getresponse()
        except _FAULTS as error:
            trouble = self.fault or error
            raise Severed(described(trouble), left=self.fault is None) from trouble


class _SecureLine(_Line, HTTPSConnection):
    pass


class _Lines(HTTPConnectionPool):
    """Connections to one host; those that nobody needs are closed."""

    ConnectionCls = _Line
    _swept = 0.0

    def _validate_conn(self, conn: Any) -> None:
        # Before the request, so that what goes wrong here is not taken for a broken request.
        if conn.is_closed:
            conn.connect()

    def _get_conn(self, timeout: float | None = None) -> Any:
        conn: Any = super()._get_conn(timeout)
        _, bounds, _, now = ASKED.get()
        if now() - conn.used > (_FRESH if bounds.paid else _STALE):
            conn.close()
        return conn

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.used = conn.now()
            if conn.fault is not None:
                conn.close()
            self._sweep(conn.used)
        super()._put_conn(conn)

    def _sweep(self, now: float) -> None:
        if now - self._swept <= _STALE or self.pool is None:
            return
        self._swept = now
        with self.pool.mutex:
            stale = [line for line in self.pool.queue if line is not None and now - line.used > _STALE]
            for line in stale:
                line.close()


class _SecureLines(_Lines, HTTPSConnectionPool):
    ConnectionCls = _SecureLine


_POOLS: Final = {"http": _Lines, "https": _SecureLines}
