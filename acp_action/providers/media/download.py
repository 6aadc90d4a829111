"""Fetching what a provider made: without any key, from checked addresses, verified before it is kept."""

from __future__ import annotations

import random
import time
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin

from acp_action.errors import FatalError, TransientError
from acp_action.providers.media.inline import decode_data_url
from acp_action.providers.media.verify import kept
from acp_action.providers.wire.address import media_place, require_allowed
from acp_action.providers.wire.bounds import Bounds, Severed
from acp_action.providers.wire.faults import Rules, error_of
from acp_action.providers.wire.intake import poured, refusal, too_large
from acp_action.providers.wire.outgoing import NOTHING, USUAL
from acp_action.providers.wire.persist import insisted, is_passing
from acp_action.providers.wire.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from acp_action.artifacts import FileKind
    from acp_action.providers.account import Account
    from acp_action.providers.base import ProductFile, Stage, Token
    from acp_action.providers.http import Pool, Reply
    from acp_action.providers.wire.address import Place
    from acp_action.providers.wire.answer import Answer

_GIGABYTE: Final = 1_000_000_000
HOPS: Final = 5
"""Redirects that are followed."""
_MOST: Final = {"video": 2 * _GIGABYTE}
_MOST_OTHERS: Final = _GIGABYTE // 2
_GONE: Final = frozenset({403, 404, 410})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_WHAT: Final = "fetching what was made"


class _GoneError(FatalError):
    """The address is no longer valid."""


class _SpoiledError(TransientError):
    """What came is not what should have come; another try may bring it."""


class Pace(NamedTuple):
    """The slowest download that is waited for: ``rate`` bytes a second on average, in each ``span`` seconds.

    ``silence``: seconds without a byte after which a connection counts as dead; ``tries`` of each address.
    """

    rate: float = 1024.0
    span: float = 30.0
    silence: float = 30.0
    tries: int = 5


class Downloads:
    """Fetches media for one account's steps; for all threads at once. Never sends a key."""

    def __init__(
        self,
        account: Account,
        *,
        pace: Pace | None = None,
        rng: random.Random | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._pace = pace or Pace()
        self._rng = rng or random.Random()  # noqa: S311 - spreads waits
        self._wall = wall

    def close(self) -> None:
        """Close the connections that are kept open."""
        if "_pool" in self.__dict__:
            self._pool.close()

    def fetch(
        self,
        url: str,
        stage: Stage,
        token: Token,
        *,
        kind: FileKind,
        reread: Callable[[], str] | None = None,
        most: int | None = None,
    ) -> ProductFile:
        """The file behind an https or data URL, verified, under a staged name with its real extension.

        Cut, stalled and spoiled bodies are fetched again from their beginning. ``reread`` asks the provider
        once for a fresh address when the old one is no longer valid. ``most``: bytes. ``extension`` and
        ``sample_rate`` as for ``verify.kept``. Raises FatalError for an address that must not be
        asked, for what is too large or stays no media of this kind, and for what is gone; TransientError
        while the server may recover; and what the token raises.
        """
        most = most or _MOST.get(kind, _MOST_OTHERS)
        if url.startswith("data:"):
            return decode_data_url(url, stage, kind=kind, most=most, token=token)

        def attempt() -> ProductFile:
            path = stage("part")
            try:
                self._fetch(url, path, token, most)
                return _checked(path, stage, token, kind)
            finally:
                path.unlink(missing_ok=True)

        try:
            return self._insist(attempt, token)
        except _GoneError as gone:
            if reread is None:
                raise FatalError(f"{gone}; it was made and paid for, but can no longer be fetched") from gone
        fresh = reread()
        return self.fetch(fresh, stage, token, kind=kind, most=most)

    def _insist(self, attempt: Callable[[], ProductFile], token: Token) -> ProductFile:
        try:
            return insisted(attempt, is_passing, token, _WHAT, self._rng, 3600.0, self._pace.tries)
        except _SpoiledError as spoiled:
            raise FatalError(str(spoiled)) from spoiled

    def _fetch(self, url: str, path: Path, token: Token, most: int) -> None:
        """One try: from hop to hop, and then the body."""
        place = media_place(url, private=self._account.private_media)
        bounds = Bounds(token.remaining(), silence=self._pace.silence)
        for _ in range(HOPS + 1):
            token.check()
            try:
                with token.waking(bounds.stop), self._asked(place, bounds) as reply:
                    if reply.status not in _MOVED:
                        self._take(reply, place, path, token, most)
                        return
                    place = self._next(place, refusal(reply, place).headers.get("location", ""))
            except Severed as broken:
                token.check()
                text = f"{_WHAT}: {place.host}: {broken}"
                raise (FatalError if broken.hopeless else TransientError)(text) from broken
        raise FatalError(f"{_WHAT}: more than {HOPS} redirects, the last to {place.shown}")

    def _next(self, place: Place, location: str) -> Place:
        if not location:
            raise FatalError(f"{_WHAT}: {place.shown} redirects to nowhere")
        scheme = "https" if place.secure else "http"
        host = f"[{place.host}]" if ":" in place.host else place.host
        target = media_place(
            urljoin(f"{scheme}://{host}:{place.port}{place.target}", location),
            private=self._account.private_media,
        )
        if place.secure and not target.secure:
            raise FatalError(f"{_WHAT}: {place.shown} redirects from https to {target.shown}")
        return target

    def _asked(self, place: Place, bounds: Bounds) -> AbstractContextManager[Reply]:
        return self._pool.exchange("GET", place, USUAL, NOTHING, bounds, self._addresses(place))

    def _addresses(self, place: Place) -> tuple[str, ...]:
        """Where to connect: to a checked address, so that a second look-up cannot lead elsewhere."""
        from acp_action.providers.wire.sockets import looked_up

        proxy = proxy_for(self._account.network, secure=place.secure, host=place.host, port=place.port)
        try:
            found = looked_up(place.host, place.port)
        except Severed:
            # Behind a proxy names of the world may be unknown here; then it is the proxy that looks them up.
            if proxy is None:
                raise
            found = ()
        return require_allowed(place, found, private=self._account.private_media)

    def _take(self, reply: Reply, place: Place, path: Path, token: Token, most: int) -> None:
        if reply.status != 200:
            raise self._refused(refusal(reply, place), place)
        said = reply.headers.get("content-length", "")
        if said.isdigit() and int(said) > most:
            raise too_large(most)
        poured(reply, path, most, _Brake(self._pace, token).check)

    def _refused(self, answer: Answer, place: Place) -> Exception:
        if answer.status in _GONE:
            return _GoneError(f"{place.shown}: HTTP {answer.status}")
        if answer.status == 429 or answer.status >= 500:
            return error_of(answer, _WHAT, self._account, Rules(), paid=False, now=self._wall())
        return FatalError(f"{_WHAT}: {place.shown}: HTTP {answer.status}: {answer.said}")

    @cached_property
    def _pool(self) -> Pool:
        from acp_action.providers.http import Pool

        return Pool(self._account.network)


class _Brake:
    """Watches one download: whether it is to go on, and whether it is fast enough to be waited for."""

    def __init__(self, pace: Pace, token: Token) -> None:
        self._pace = pace
        self._token = token
        self._since = token.now()
        self._size = 0

    def check(self, size: int) -> None:
        """Look at the time, with ``size`` bytes there. Raises Severed when it is too slow."""
        self._token.check()
        passed = self._token.now() - self._since
        if passed < self._pace.span:
            return
        rate = (size - self._size) / passed
        if rate < self._pace.rate:
            raise Severed(f"it comes too slowly, {rate:.0f} bytes a second", left=True)
        self._since, self._size = self._token.now(), size


def _checked(path: Path, stage: Stage, token: Token, kind: FileKind) -> ProductFile:
    try:
        return kept(path, stage, token, kind=kind)
    except FatalError as error:
        raise _SpoiledError(f"{_WHAT}: {error}") from error
