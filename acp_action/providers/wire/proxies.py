"""Which proxy a request goes through, if any."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from acp_action.errors import FatalError

if TYPE_CHECKING:
    from acp_action.providers.account import Network


def proxy_for(network: Network, *, secure: bool, host: str, port: int) -> str:
    """The address of the proxy to a host, empty when it is reached directly. FatalError for one of no use.

    This machine is always reached directly.
    """
    url = network.proxies.get("https" if secure else "http")
    if not url or is_here(host) or _is_direct(network.direct, host, port):
        return ""
    url = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise FatalError("the proxy's address cannot be read; correct HTTPS_PROXY, or unset it") from error
    if parts.scheme != "http" or not usable:
        raise FatalError(
            f"a proxy is reached by plain http, not by {parts.scheme!r}: set HTTPS_PROXY to http://host:port"
        )
    return url


def is_here(host: str) -> bool:
    """Whether a host is this machine, as far as its name tells."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _is_direct(listed: str, host: str, port: int) -> bool:
    """Whether ``NO_PROXY`` covers a host: by name, by the end of its name, by address or network."""
    return any(_covers(entry.strip().lower(), host, port) for entry in listed.split(",") if entry.strip())


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit():
        if int(number) != port:
            return False
        entry = name
    entry = entry.removeprefix("*").removeprefix(".")
    return host == entry or host.endswith(f".{entry}")
