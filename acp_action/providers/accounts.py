"""From the variables of the trusted side to accounts; what is wrong with them is kept with the account.

Keys, addresses and what they may be come from nowhere else: no pipeline file can change them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from acp_action.providers.account import Account, Network
from acp_action.providers.registry import KEY_VARIABLES, REGISTRY
from acp_action.redaction import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acp_action.providers.registry import Entry

ALLOW_HTTP: Final = "ACP_ALLOW_HTTP"
ALLOW_PRIVATE_MEDIA: Final = "ACP_ALLOW_PRIVATE_MEDIA"
_TRUTH: Final = {"1": True, "true": True, "0": False, "false": False, "": False}
_QUOTES: Final = "\"'"
_LAST_PORT: Final = 65535


def read_accounts(values: Mapping[str, str]) -> dict[str, Account]:
    """An account for every provider that takes a key, by name, with or without one.

    ``values``: variables by name, such as the environment with the action's keys put over it. What is wrong
    with them is in each account's ``faults``: it matters only where the provider is used.
    """
    return {entry.name: _account(entry, values) for entry in REGISTRY.values() if entry.keys}


def secret_values(values: Mapping[str, str]) -> list[str]:
    """Every value that must not be shown, each once: of all key variables, and passwords in addresses.

    Addresses of providers and of proxies.
    """
    found = [values.get(name, "").strip() for name in KEY_VARIABLES]
    found += [value.strip(_QUOTES).strip() for value in found]
    # Of a key with an id, a service may tell the secret half alone.
    found += [value.rpartition(":")[2] for value in found if ":" in value]
    urls = [values.get(name, "") for entry in REGISTRY.values() for _, name in entry.urls]
    found += [part for url in (*urls, *Network.told_by(values).proxies.values()) for part in _passwords(url)]
    return [value for value in dict.fromkeys(found) if value]


def key_fault(key: str) -> str:
    """What is wrong with a key, empty when nothing is; never quotes it."""
    if key != key.strip() or key.strip(_QUOTES) != key:
        return "white space or quotes stand around the key; take them off"
    if len(key) < SHORTEST:
        few = f"fewer than {SHORTEST} characters, too few to be hidden in logs"
        return f"the key has {few}; check what was given"
    if not (key.isascii() and key.isprintable()) or " " in key:
        return "the key holds white space or letters that no key has; check what was given"
    return ""


def _account(entry: Entry, values: Mapping[str, str]) -> Account:
    faults: list[str] = []
    plain_http = _switch(ALLOW_HTTP, values, faults)
    private_media = _switch(ALLOW_PRIVATE_MEDIA, values, faults)
    urls = {}
    for role, variable in entry.urls:
        written = values.get(variable, "").strip()
        if written:
            faults += [f"{variable}: {fault}" for fault in _url_faults(written, plain_http=plain_http)]
            urls[role] = written.rstrip("/")
    key, variable = _key(entry, values, faults)
    return Account(
        entry.name,
        key=key,
        urls=urls,
        variable=variable,
        action_input=entry.action_input,
        plain_http=plain_http,
        private_media=private_media,
        network=Network.told_by(values),
        faults=tuple(faults),
    )


def _key(entry: Entry, values: Mapping[str, str], faults: list[str]) -> tuple[str, str]:
    """The key of the first way that is set, and the variables it came from; the usual one when none is."""
    for way in entry.keys:
        parts = [values.get(name, "") for name in way]
        if not any(part.strip() for part in parts):
            continue
        names = " and ".join(way)
        blank = [name for name, part in zip(way, parts, strict=True) if not part.strip()]
        if blank:
            rest = " and ".join(name for name in way if name not in blank)
            faults.append(f"{rest} is set, but {' and '.join(blank)} is not; a key needs both")
            return "", names
        key = ":".join(parts)
        if fault := next(filter(None, map(key_fault, parts if len(parts) == 1 else [*parts[1:], key])), ""):
            faults.append(f"{names}: {fault}")
        return key, names
    return "", entry.variable


def _switch(variable: str, values: Mapping[str, str], faults: list[str]) -> bool:
    written = values.get(variable, "").strip().lower()
    if written not in _TRUTH:
        faults.append(f"{variable} is {written!r:.40}; write 1 or 0")
    return _TRUTH.get(written, False)


# --- addresses


def _url_faults(url: str, *, plain_http: bool) -> Iterator[str]:
    """What is wrong with a base address; shows neither a password nor a query, which may hold a key."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        yield "this is no address; write https://host or https://host/path"
        return
    shown = repr(f"{parts.scheme}://{_host(parts)}")[:80]
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or _has_space(url):
        yield "this is no address; write https://host or https://host/path"
    elif parts.username is not None or parts.password is not None:
        yield f"{shown} holds a user name or a password; the key has a variable of its own"
    elif parts.query or parts.fragment or "?" in url or "#" in url:
        yield f"{shown} goes on with a query or a fragment; write the address up to its path"
    elif port == 0:
        yield f"{shown} has port 0; write one from 1 to {_LAST_PORT}"
    elif parts.scheme == "http" and not (plain_http or is_loopback(parts.hostname)):
        yield f"{shown} would send the key in plain text; write https, or set {ALLOW_HTTP}=1"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by name or number."""
    import ipaddress  # late: the action's first line does not wait for it

    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _has_space(url: str) -> bool:
    return any(letter.isspace() or not letter.isprintable() for letter in url)


def _passwords(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return
    yield from filter(None, (parts.password, parts.password and unquote(parts.password)))
