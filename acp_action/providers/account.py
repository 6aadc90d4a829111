"""What the trusted side hands to an adapter: the key, the addresses, what they may be, and the way there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True, repr=False)
class Network:
    """How this machine reaches others.

    ``proxies``: the proxy's URL, which may hold a password, by the scheme of what is asked for. ``direct``:
    the hosts that are reached without it, as ``NO_PROXY`` lists them; this machine always is.
    ``ca_bundle``: the file with the certificates to trust, empty for those that come with certifi.
    """

    proxies: Mapping[str, str] = field(default_factory=dict)
    direct: str = ""
    ca_bundle: str = ""

    @classmethod
    def told_by(cls, environment: Mapping[str, str]) -> Network:
        """What these variables say; nothing else of an environment counts, no ``.netrc`` either.

        >>> Network.told_by({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".corp"}).proxies
        {'https': 'http://proxy:3128'}
        """

        def said(name: str) -> str:
            return environment.get(name.lower()) or environment.get(name) or ""

        everywhere = said("ALL_PROXY")
        proxies = {s: said(f"{s.upper()}_PROXY") or everywhere for s in ("http", "https")}
        bundle = next((environment[name] for name in _BUNDLES if environment.get(name)), "")
        return cls({scheme: url for scheme, url in proxies.items() if url}, said("NO_PROXY"), bundle)


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One account at one provider.

    ``key``: empty when there is none; such an adapter checks and plans, but cannot run. ``urls``: base
    addresses without a slash at the end, by role (``api``, for fal also ``rest``); roles that are missing are
    the provider's own. ``variable`` and ``action_input``: where the key comes from, for messages.
    ``plain_http``: whether addresses may be http beyond this machine. ``private_media``: whether media may
    come from loopback and private addresses. ``network``: proxies and trusted certificates. ``faults``: what
    is wrong with what was given for it, one complaint each; such an account is not used.
    """

    provider: str
    key: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    variable: str = ""
    action_input: str = ""
    plain_http: bool = False
    private_media: bool = False
    network: Network = field(default_factory=Network)
    faults: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Tells accounts apart without telling the key; empty without one."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12] if self.key else ""
