"""Uploading an archive as an artifact of the workflow run. The one module here that reaches the network.

Proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY`` …), never for this machine itself. Trusted
certificates are those in ``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE`` or ``SSL_CERT_FILE``, the first that is
set, else certifi's. Nothing else of the environment counts, no ``.netrc`` either.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from acp_action.errors import ArtifactError
from acp_action.github import blob, twirp
from acp_action.github.exchange import AT_ONCE, Exchange
from acp_action.github.names import artifact_name_fault
from acp_action.github.twirp import Passing, Reply

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import requests

    from acp_action.github.archive import Archive
    from acp_action.github.context import ArtifactServer
    from acp_action.github.exchange import Body, Send

# Seconds to connect, which also bound the sending of each piece, and for an answer to come.
_PATIENCE: Final = (30.0, 120.0)
_LONGEST_ANSWER: Final = 1024 * 1024
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A finished artifact: its id at the service, its name, the zip's sha256 in bare hex, and its size."""

    id: str
    name: str
    digest: str
    bytes: int


def upload_artifact(
    archive: Archive,
    name: str,
    server: ArtifactServer,
    *,
    retention_days: int = 0,
    overwrite: bool = False,
    mask: Callable[[str], object],
    wait: Callable[[float], None],
    random: random.Random,
    now: Callable[[], datetime],
    order_free: Sequence[str] = (blob.AZURE,),
) -> Uploaded:
    """Upload a packed archive. Raises ArtifactError, whose message says what happened and what to do.

    ``retention_days``: 0 for the repository's default. ``overwrite``: delete an artifact of that name before.
    ``mask`` is called with every secret before it could be printed. ``wait(seconds)`` waits, and raises when
    the run is to stop; it is also called with 0, to ask, and from several threads. An answer that does not
    come cannot be interrupted; it is given up after two minutes. ``order_free``: the ends of the hosts that
    take blocks in any order; there several are sent at once.
    """
    if fault := artifact_name_fault(name):
        raise ArtifactError(fault)
    blocks = blob.blocks_of(archive.path, archive.bytes, random)
    expires_at = _expiry(retention_days, server.retention_cap, now)
    with _connected() as send:
        exchange = Exchange(send, server.results_url, server.token, name, wait, random)
        try:
            if overwrite:
                exchange.remove()
            signed = exchange.create(expires_at)
            for secret in blob.secrets_of(signed):
                mask(secret)
            host = blob.check_signed(signed, server.results_url)
            exchange.upload(signed, blocks, in_any_order=host.endswith(tuple(order_free)))
            return Uploaded(exchange.finalise(archive), name, archive.sha256, archive.bytes)
        except Passing as error:
            raise ArtifactError(f"{error}; given up after {twirp.TRIES} tries, the files are kept") from error


def _expiry(days: int, cap: int, now: Callable[[], datetime]) -> str:
    """When the artifact is to be deleted, empty for the repository's default."""
    if days < 0:
        raise ArtifactError(f"an artifact cannot be kept for {days} days; give 1 to 90, or 0 for the default")
    return twirp.timestamp(now() + timedelta(days=min(days, cap or days))) if days else ""


@contextmanager
def _connected() -> Iterator[Send]:
    """A way to send requests, with connections that are kept open."""
    # Late: importing it takes longer than many a run, and most runs upload nothing.
    import requests

    with requests.Session() as session, _quiet():
        session.trust_env = False
        session.headers = requests.structures.CaseInsensitiveDict(
            {"User-Agent": "acp-action", "Accept-Encoding": "identity"}
        )
        for scheme in ("https://", "http://"):
            session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))

        def send(method: str, url: str, headers: Mapping[str, str], body: bytes | Body) -> Reply:
            request = session.prepare_request(requests.Request(method, url, headers, data=body))
            # As it was signed: requests would have written some of its characters anew.
            request.url = url
            return _exchanged(session, request)

        yield send


def _exchanged(session: requests.Session, request: requests.PreparedRequest) -> Reply:
    import requests
    from urllib3.exceptions import HTTPError

    try:
        with session.send(
            request,
            stream=True,
            timeout=_PATIENCE,
            allow_redirects=False,
            verify=_trusted(),
            proxies=_proxies(str(request.url)),
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, response.raw.read(_LONGEST_ANSWER))
    except (requests.RequestException, HTTPError) as error:
        trouble = _described(error, urlsplit(str(request.url)).hostname or "")
    # Out here, so that the error does not carry the library's, which names the whole signed address.
    raise trouble


def _proxies(url: str) -> dict[str, str]:
    from requests.utils import get_environ_proxies

    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return {}
    return dict(get_environ_proxies(url))


def _trusted() -> str | bool:
    """The file with the certificates to trust, or True for those that come with the library."""
    for name in _BUNDLES:
        file = os.environ.get(name)
        if file and not os.path.exists(file):  # noqa: PTH110 - requests takes a text
            raise ArtifactError(f"{name} names {file}, which is not here; correct it, or unset it")
        if file:
            return file
    return True


def _described(error: Exception, host: str) -> ArtifactError:
    """What went wrong on the way to a host. The error's own words hold addresses with their secrets."""
    # Late, as the library that brings it.
    import ssl

    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ArtifactError(
                f"the certificate of {host} is not trusted ({cause.verify_message}); name the file with"
                f" your own authority's certificates in {_BUNDLES[0]}"
            )
    firewall = ""
    if host.endswith(blob.AZURE):
        firewall = f" (a self-hosted runner's firewall has to let *{blob.AZURE} through)"
    proxy = "by the proxy, " if any(type(cause).__name__ == "ProxyError" for cause in causes) else ""
    return Passing(f"{host}: {proxy}{_reason(causes)}{firewall}")


def _reason(causes: list[BaseException]) -> str:
    import socket

    for cause in reversed(causes):
        if isinstance(cause, socket.gaierror):
            return "there is no host of that name"
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return f"the connection failed ({type(causes[-1]).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came from, the first cause last."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        cause = todo.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


@contextmanager
def _quiet() -> Iterator[None]:
    """While it lasts, the library's log goes nowhere: it tells addresses with their secrets."""
    loud = logging.getLogger("urllib3")
    before, loud.propagate = loud.propagate, False
    try:
        yield
    finally:
        loud.propagate = before
