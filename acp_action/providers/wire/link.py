"""The way to one account's hosts: single requests with its key, over connections that are kept open."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from acp_action.errors import FatalError
from acp_action.providers.wire.address import place_of
from acp_action.providers.wire.outgoing import USUAL, headers_of
from acp_action.providers.wire.proxies import is_here

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acp_action.providers.account import Account
    from acp_action.providers.base import Token
    from acp_action.providers.http import Pool, Reply
    from acp_action.providers.wire.address import Place
    from acp_action.providers.wire.bounds import Bounds
    from acp_action.providers.wire.outgoing import Content


class Link:
    """Sends single requests with the key ``auth``, to ``base`` and the account's other hosts alone.

    ``also``: further addresses whose hosts may be sent the key.
    """

    def __init__(self, account: Account, base: str, auth: Mapping[str, str], also: Sequence[str]) -> None:
        self._account = account
        self._base = base.rstrip("/")
        self._headers = {**USUAL, **auth}
        self._known = (self._base, *account.urls.values(), *also)

    def close(self) -> None:
        """Close the connections that are kept open."""
        if "_pool" in self.__dict__:
            self._pool.close()

    def place(self, path_or_url: str, params: Mapping[str, Any] | None) -> Place:
        """Where to send something. Raises FatalError for another host than the account's."""
        absolute = path_or_url.startswith(("http://", "https://"))
        url = path_or_url if absolute else f"{self._base}/{path_or_url.lstrip('/')}"
        if params:
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
        place = place_of(url)
        name = self._account.provider
        if place[:3] not in self._hosts:
            raise FatalError(
                f"{name}: {place.shown} was to be asked, no host of {name}; the key is not sent there"
            )
        if not (place.secure or self._account.plain_http or is_here(place.host)):
            raise FatalError(
                f"{name}: {place.shown} is not https; over plain http the key is sent to this machine only"
            )
        return place

    @contextmanager
    def sent(
        self,
        method: str,
        place: Place,
        token: Token,
        headers: Mapping[str, str] | None,
        body: Content,
        bounds: Bounds,
    ) -> Iterator[Reply]:
        """Send a request, once. Raises Severed; a stop of the token ends it as ``bounds`` says."""
        own = headers_of({**self._headers, **headers} if headers else self._headers, body)
        with token.waking(bounds.stop), self._pool.exchange(method, place, own, body, bounds) as reply:
            yield reply

    @cached_property
    def _pool(self) -> Pool:
        # Late: planning and --help send nothing.
        from acp_action.providers.http import Pool

        return Pool(self._account.network)

    @cached_property
    def _hosts(self) -> frozenset[tuple[bool, str, int]]:
        """The hosts that the key may be sent to."""
        return frozenset(place_of(url)[:3] for url in self._known)
