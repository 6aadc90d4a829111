"""Where media may come from: the guard over URLs and addresses, as pure functions.

A URL in a pipeline or in a provider's answer is not trusted. It must be https to a public address; on the
trusted side's word also http or https to this machine and to private networks. Link-local addresses and
those under which clouds hand out keys are never reached. Python's ``is_global`` is no guard: it passes
168.63.129.16, NAT64, 6to4, site-local and multicast addresses.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
from urllib.parse import quote, urlsplit

from acp_action.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from urllib.parse import SplitResult

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_PORTS: Final = {"http": 80, "https": 443}
_LEAST_PRIVATE_PORT: Final = 1024
_LONGEST_URL: Final = 16_384
# What may stand in a request line; everything else is percent-encoded, and what is encoded stays as it is.
_TARGET_SAFE: Final = "/?:@!$&'()*+,;=-._~%[]|"
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")

# Cloud metadata and host services: 169.254.169.254 is link-local; these lie in ranges that are private, or
# look public (Azure, Alibaba, Oracle, AWS over IPv6).
_KEY_GIVERS: Final = ("168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::/32")
_PRIVATE: Final = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                   "::1/128", "fc00::/7")  # fmt: skip
# From the registries of special-purpose addresses (RFC 6890 and its updates).
_NEVER: Final = ("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
                 "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
                 "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")  # fmt: skip
# Of IPv6 only what is handed out as global unicast: no v4-compatible, NAT64, link-local or multicast address.
_GLOBAL_V6: Final = ipaddress.ip_network("2000::/3")


def _networks(texts: Iterable[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_KEY_GIVING_NETWORKS: Final = _networks(_KEY_GIVERS)
_PRIVATE_NETWORKS: Final = _networks(_PRIVATE)
_NEVER_NETWORKS: Final = _networks(_NEVER)


class Place(NamedTuple):
    """Where a URL leads: whether by TLS, the host in ASCII, port, path and query as they are sent."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def shown(self) -> str:
        """The address without its query, which may be a key: for messages."""
        return f"{self.origin}{self.target.partition('?')[0][:120]}"

    @property
    def origin(self) -> str:
        """Scheme, host, and port where it is not the usual one."""
        scheme = "https" if self.secure else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[scheme] else f":{self.port}"
        return f"{scheme}://{host}{port}"


# The same few addresses are asked again and again, for the state of a job.
@lru_cache(maxsize=1024)
def place_of(url: str) -> Place:
    """Take a URL apart. Raises FatalError for what is no plain http or https address."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        userinfo = parts.username is not None or parts.password is not None
    except ValueError as error:
        raise FatalError(f"not a usable address: {shown(url)}") from error
    if parts.scheme not in _PORTS:
        raise FatalError(f"not an https address: {shown(url)}")
    if len(url) > _LONGEST_URL or userinfo or "\\" in url or _CONTROL.search(url):
        raise FatalError(
            f"not a usable address: {shown(url)}; it may hold no user name, backslash or control"
        )
    return Place(parts.scheme == "https", host_of(host), port or _PORTS[parts.scheme], _target(parts))


def media_place(url: str, *, private: bool) -> Place:
    """As ``place_of``, for media. ``private``: http, and ports of programs of one's own, may be asked for.

    Whether such an address is really private is ``require_allowed``'s to say, once its name is resolved.
    """
    place = place_of(url)
    if not place.secure and not private:
        raise FatalError(f"media are fetched by https only: {place.shown}")
    usual = place.port == _PORTS["https" if place.secure else "http"]
    if not usual and not (private and place.port >= _LEAST_PRIVATE_PORT):
        raise FatalError(f"media are fetched from port 443 only: {place.shown}")
    return place


def require_allowed(place: Place, addresses: Iterable[str], *, private: bool) -> tuple[str, ...]:
    """The addresses that a place's name stands for, once all are checked. Raises FatalError.

    All, because a name with a public and a private address is an attempt to get past this.
    """
    found = tuple(dict.fromkeys(addresses))
    for text in found:
        address = ipaddress.ip_address(text)
        reason = forbidden(address, private=private)
        if not reason and not place.secure and not is_private(address):
            reason = "public, and http is for private addresses only"
        if reason:
            raise FatalError(f"media are not fetched from {place.shown}: its address {text} is {reason}")
    return found


def forbidden(address: Address, *, private: bool) -> str:
    """Why an address must not be reached, empty when it may.

    >>> forbidden(ipaddress.ip_address("168.63.129.16"), private=True)
    "a cloud's own"
    """
    inner = getattr(address, "ipv4_mapped", None)
    if inner is not None:
        return forbidden(inner, private=private)
    if _within(address, _KEY_GIVING_NETWORKS):
        return "a cloud's own"
    if _within(address, _PRIVATE_NETWORKS):
        return "" if private else "private"
    if _within(address, _NEVER_NETWORKS):
        return "reserved"
    return "reserved" if address.version == 6 and address not in _GLOBAL_V6 else ""


def is_private(address: Address) -> bool:
    """Whether it is this machine's or a private network's."""
    inner = getattr(address, "ipv4_mapped", None)
    return _within(inner or address, _PRIVATE_NETWORKS)


def host_of(host: str) -> str:
    """The host as it is looked up: ASCII, lower case; an IPv4 address in any spelling as four numbers.

    Raises FatalError for what is neither a name nor an address.

    >>> host_of("0x7f.1"), host_of("２130706433"), host_of("Bücher.example.")
    ('127.0.0.1', '127.0.0.1', 'xn--bcher-kva.example')
    """
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host.partition("%")[0] if "%" not in host else "zone"))
        except ValueError as error:
            raise FatalError(f"not a usable host: {host[:100]!r}") from error
    plain = _ascii(host)
    labels = plain.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _v4_of(labels, host)
    if len(plain) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise FatalError(f"not a usable host: {host[:100]!r}")
    return plain


def shown(url: str) -> str:
    """A URL for messages: without its query, user name and control characters, and cut."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    return repr(re.sub(r"//[^/]*@", "//", bare)[:120])


def _ascii(host: str) -> str:
    normal = unicodedata.normalize("NFKC", host).lower()
    if not normal.isascii():
        try:
            normal = normal.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise FatalError(f"not a usable host: {host[:100]!r}") from error
    return normal.removesuffix(".")


def _v4_of(labels: list[str], host: str) -> str:
    """One to four numbers, decimal, octal or hexadecimal, the last of which fills what is left."""
    try:
        numbers = [_number(label) for label in labels]
    except ValueError as error:
        raise FatalError(f"not a usable host: {host[:100]!r}") from error
    *firsts, last = numbers
    if len(numbers) > 4 or any(n > 255 for n in firsts) or last >= 256 ** (5 - len(numbers)):
        raise FatalError(f"not a usable host: {host[:100]!r}")
    value = last + sum(n << (24 - 8 * i) for i, n in enumerate(firsts))
    return str(ipaddress.IPv4Address(value))


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") and len(label) > 1 else 10)


def _within(address: Address, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(address.version == n.version and address in n for n in networks)


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_TARGET_SAFE.replace("?", ""))
    return f"{path}?{quote(parts.query, safe=_TARGET_SAFE)}" if parts.query else path
