"""Talking to a provider's API: safe calls, orders that cost money, streams.

An order is sent exactly once. It is written down before it leaves, and what came of it is told apart: it
provably made nothing, or nobody knows. Safe calls are made again until the deadline. No redirect is followed,
and the key goes to no host but the account's. All errors are ProviderErrors, or what the token raises.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.errors import ProviderError, UnknownOutcome
from acp_action.providers.wire.answer import Answer
from acp_action.providers.wire.bounds import GRACE, Bounds, Severed
from acp_action.providers.wire.faults import Rules, error_of, error_of_severed, unreadable
from acp_action.providers.wire.intake import poured, refusal, whole
from acp_action.providers.wire.link import Link
from acp_action.providers.wire.outgoing import NOTHING, Content, Part, content_of
from acp_action.providers.wire.persist import insisted, is_passing, never_left
from acp_action.providers.wire.retry_after import announced, retry_after
from acp_action.providers.wire.sse import EventReader, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from acp_action.artifacts import JsonValue
    from acp_action.providers.account import Account
    from acp_action.providers.base import Token, Trail
    from acp_action.providers.http import Reply
    from acp_action.providers.wire.address import Place

__all__ = ["Answer", "Part", "Rules", "Said", "Wire", "announced", "retry_after", "unreadable"]

MOST: Final = 256 * 1024 * 1024
"""Bytes of an answer that is held in memory; pictures come in it as base64."""

# Seconds: one try of a safe call; an order where neither caller nor deadline says less; a stream's silence.
_TRY: Final = 60.0
_ORDER: Final = 900.0
_SILENCE: Final = 60.0
# Bytes a second at which a large body may come or go on top of that.
_SLOWEST: Final = 50_000
_OK: Final = range(200, 300)


class _Asked(NamedTuple):
    """One request: where to, what for as messages say it, and what is sent; ``timeout`` in seconds."""

    place: Place
    what: str
    headers: Mapping[str, str] | None
    body: Content = NOTHING
    timeout: float | None = None


class Wire:
    """The connection to one base address of an account; for all threads at once, made when first used.

    ``auth``: the headers with the key. ``also``: further base addresses that the key may be sent to; those of
    the account always are. ``grace``: seconds that an order's answer is waited for after a stop.
    ``patience``: seconds after which a safe call that keeps failing is given up if no deadline comes before.
    """

    def __init__(
        self,
        account: Account,
        base: str,
        *,
        auth: Mapping[str, str],
        rules: Rules | None = None,
        also: Sequence[str] = (),
        wall: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        grace: float = GRACE,
        patience: float = 600.0,
    ) -> None:
        self.account = account
        self.rules = rules or Rules()
        self._link = Link(account, base, auth, also)
        self._wall = wall
        self._rng = rng or random.Random()  # noqa: S311 - spreads waits
        self._grace = grace
        self._patience = patience

    def close(self) -> None:
        """Close the connections that are kept open; the wire can be used on."""
        self._link.close()

    def get(
        self,
        path_or_url: str,
        token: Token,
        *,
        what: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = _TRY,
    ) -> Answer:
        """Ask for something; made again after broken connections, 5xx and 429, until the deadline.

        ``what`` says in messages what is done, as in "asking for the job's status". ``timeout``: seconds
        for one try, apart from what a large body takes.
        """
        asked = _Asked(self._link.place(path_or_url, params), what, headers, timeout=timeout)

        def attempt() -> Answer:
            return self._answer("GET", asked, token, _OK)

        return insisted(attempt, is_passing, token, what, self._rng, self._patience)

    def call(
        self,
        method: str,
        path_or_url: str,
        token: Token,
        *,
        what: str,
        json: Any = None,
        content: bytes | Path | None = None,
        fields: Mapping[str, JsonValue] | None = None,
        files: Sequence[Part] = (),
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        ok: Collection[int] = _OK,
    ) -> Answer:
        """Do something that costs nothing, as an upload or a cancel; again only where it never left.

        ``content``: a body as it is. ``ok``: the statuses that are no error.
        """
        body = content_of(json, fields, files, content)
        asked = _Asked(self._link.place(path_or_url, params), what, headers, body, timeout)

        def attempt() -> Answer:
            return self._answer(method, asked, token, ok)

        return insisted(attempt, never_left, token, what, self._rng, self._patience, tries=4)

    def order(
        self,
        path: str,
        token: Token,
        trail: Trail,
        *,
        what: str,
        cost: float | None = None,
        json: Any = None,
        fields: Mapping[str, JsonValue] | None = None,
        files: Sequence[Part] = (),
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        most: int = MOST,
    ) -> Answer:
        """Send a POST that costs money, exactly once, and give its answer, a 2xx.

        Else the trail says that nothing was made, and the error is whatever the answer meant; or the error is
        UnknownOutcome and the order stays open on the trail. Once it is sent, a stop does not interrupt it,
        but shortens the wait for its answer to a few seconds. ``fields``, ``files``: a form in place of JSON.
        """
        body = content_of(json, fields, files)
        asked = _Asked(self._link.place(path, params), what, headers, body, timeout)
        return self._order(asked, token, trail, cost, lambda reply: whole(reply, most))

    def receive(
        self,
        path: str,
        token: Token,
        trail: Trail,
        into: Path,
        *,
        what: str,
        cost: float | None = None,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        most: int = MOST,
        on_headers: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """As ``order``, for an answer that is media: written to ``into`` and synced; its body here is empty.

        ``on_headers`` is called as soon as the answer's head is there.
        """
        place = self._link.place(path, params)

        def take(reply: Reply) -> bytes:
            if on_headers is not None:
                on_headers(Answer(reply.status, reply.headers, b"", place.shown))
            poured(reply, into, most)
            return b""

        asked = _Asked(place, what, headers, content_of(json), timeout)
        return self._order(asked, token, trail, cost, take)

    @contextmanager
    def stream(
        self,
        path_or_url: str,
        token: Token,
        *,
        what: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float = _SILENCE,
    ) -> Iterator[Iterator[Said]]:
        """The server's events as (event, text) pairs, as they come; not asked for again when it breaks off.

        ``silence``: seconds without a byte after which it counts as broken. A stop ends it at once.
        """
        place = self._link.place(path_or_url, params)
        asked = {"Accept": "text/event-stream", **(headers or {})}
        bounds = Bounds(token.remaining(), silence=silence)
        token.check()
        try:
            with self._link.sent("GET", place, token, asked, NOTHING, bounds) as reply:
                if reply.status not in _OK:
                    raise self._error(refusal(reply, place), what, paid=False)
                yield self._events(reply, token, what, place.host)
        except Severed as broken:
            raise self._broken(broken, token, what, place.host) from broken

    def _answer(self, method: str, asked: _Asked, token: Token, ok: Collection[int]) -> Answer:
        """One try of a call that is not paid for."""
        place, what, headers, body, _ = asked
        timeout = asked.timeout or _TRY
        token.check()
        bounds = Bounds(token.remaining())
        bounds.narrow(timeout + body.size / _SLOWEST)
        try:
            with self._link.sent(method, place, token, headers, body, bounds) as reply:
                bounds.narrow(timeout + (reply.due or 0) / _SLOWEST)
                answer = Answer(reply.status, reply.headers, whole(reply, MOST), place.shown)
        except Severed as broken:
            raise self._broken(broken, token, what, place.host) from broken
        if answer.status in ok:
            return answer
        raise self._error(answer, what, paid=False)

    def _order(
        self,
        asked: _Asked,
        token: Token,
        trail: Trail,
        cost: float | None,
        take: Callable[[Reply], bytes],
    ) -> Answer:
        place, what, headers, body, timeout = asked
        token.check()
        trail.intended(cost)
        bounds = Bounds(min(timeout or _ORDER, token.remaining()), paid=True, grace=self._grace)
        try:
            with self._link.sent("POST", place, token, headers, body, bounds) as reply:
                if reply.status in _OK:
                    return Answer(reply.status, reply.headers, take(reply), place.shown)
                answer = refusal(reply, place)
        except Severed as broken:
            error = error_of_severed(broken, what, self.account, place.host, paid=True)
            if not broken.left:
                trail.withdrawn(str(error))
                token.check()
            raise error from broken
        except Exception as fault:
            # A key that no header can hold, certificates that cannot be read: the trail must not stay open.
            if not bounds.is_sent:
                trail.withdrawn(str(fault))
            raise
        error = self._error(answer, what, paid=True)
        if not isinstance(error, UnknownOutcome):
            trail.withdrawn(str(error))
        raise error

    def _events(self, reply: Reply, token: Token, what: str, host: str) -> Iterator[Said]:
        reader = EventReader()
        try:
            while piece := reply.read():
                token.check()
                yield from reader.feed(piece)
        except Severed as broken:
            raise self._broken(broken, token, what, host) from broken

    def _broken(self, broken: Severed, token: Token, what: str, host: str) -> ProviderError:
        """The error for a safe call that broke, unless it was a stop or the deadline that ended it."""
        token.check()
        return error_of_severed(broken, what, self.account, host, paid=False)

    def _error(self, answer: Answer, what: str, *, paid: bool) -> ProviderError:
        return error_of(answer, what, self.account, self.rules, paid=paid, now=self._wall())
