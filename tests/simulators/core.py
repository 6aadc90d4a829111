"""What every simulated provider has: addresses, a log of requests, a ledger, limits, and faults."""

from __future__ import annotations

import math
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tests.simulators.faults import COMMON, Fault, Mischief, Script, When
from tests.simulators.latency import Latency
from tests.simulators.ledger import Bill, Ledger
from tests.simulators.listening import Listening
from tests.simulators.prices import Product, product
from tests.simulators.shelf import Shelf
from tests.simulators.wire import Call, Reply, json_reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.simulators.limits import Limit, Refusal


@dataclass(frozen=True, slots=True)
class Route:
    """Calls of ``method`` whose whole path matches are of ``kind``.

    ``answer``: the name of what answers; the pattern's groups are handed on behind the call.
    """

    kind: str
    method: str
    pattern: re.Pattern[str]
    answer: str


def route(kind: str, method: str, pattern: str, answer: str) -> Route:
    """One for the table."""
    return Route(kind, method, re.compile(pattern), answer)


class Simulator:
    """A provider on loopback; to be subclassed. Use it as a context: it serves within.

    ``seed``: of latencies. ``speed``: divides latencies. ``latency``: of all work, or by endpoint; the
    catalogue's expectation where there is none. ``limits``: what orders must pass. ``credit``: USD until
    orders are refused. ``told``: where a refusal says how long to wait: "header" (whole seconds), "body",
    "both", or "absent". ``lag``: real seconds that each answer is on its way. ``ports``: by role.
    ``public_host``: the name that addresses are told with, when callers know this machine by another one.
    ``tls``: https with this context.
    """

    provider: ClassVar[str]
    roles: ClassVar[tuple[str, ...]] = ("api", "media")
    key: ClassVar[str]
    ROUTES: ClassVar[tuple[Route, ...]]
    FAULTS: ClassVar[Mapping[str, Fault]] = {}

    def __init__(
        self,
        *,
        seed: int = 0,
        speed: float = 1.0,
        latency: Latency | Mapping[str, Latency] | None = None,
        limits: Sequence[Limit] = (),
        credit: float | None = None,
        told: str = "header",
        lag: float = 0.0,
        host: str = "127.0.0.1",
        public_host: str = "",
        ports: Mapping[str, int] | None = None,
        tls: ssl.SSLContext | None = None,
        ledger_path: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seed = seed
        self.speed = speed
        self.limits = list(limits)
        self.credit = credit
        self.told = told
        self.lag = lag
        self.ledger = Ledger(ledger_path)
        self.shelf = Shelf()
        self.urls: dict[str, str] = {}
        self.detours: dict[str, str] = {}
        self.bugs: list[Exception] = []
        self._latency = latency
        self._clock = clock
        self._began = clock()
        self._calls: list[Call] = []
        self._made = 0
        self._mischief = Mischief()
        self._lock = threading.RLock()
        self._scheme = "https" if tls else "http"
        self._public_host = public_host or host
        self.listening = Listening(self._serve, host, {r: (ports or {}).get(r, 0) for r in self.roles}, tls)

    def __enter__(self) -> Self:
        self.listening.start()
        for role, port in self.listening.ports.items():
            self.urls[role] = f"{self._scheme}://{self._public_host}:{port}"
        self.shelf.top = self.urls["media"]
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.listening.stop()
        if self.bugs and kind is None:
            raise self.bugs[0]

    # What tests use.

    @property
    def url(self) -> str:
        """The base address of the API, without a slash at the end."""
        return self.urls["api"]

    def environment(self) -> dict[str, str]:
        """The variables that point the product at this simulator, the key included."""
        raise NotImplementedError

    @property
    def requests(self) -> list[Call]:
        """Every call so far, in order of arrival."""
        with self._lock:
            return list(self._calls)

    def calls(self, kind: str) -> list[Call]:
        """The calls of one kind."""
        return [call for call in self.requests if call.kind == kind]

    def script(
        self, fault: str | Fault, *, when: When = "", about: str = "", times: float = 1, skip: int = 0
    ) -> None:
        """Let calls go wrong: ``times`` of them (math.inf: all), after the first ``skip``.

        ``when``: a kind of call, or what picks one; by default the kind that the fault is about.
        ``about``: only those whose prompt contains this.
        """
        chosen = self.faults()[fault] if isinstance(fault, str) else fault
        with self._lock:
            self._mischief.scripts.append(
                Script(chosen, when or (lambda call: call.kind in chosen.on), about, times, skip)
            )

    def chaos(self, seed: int, rate: float, rows: Sequence[str] = ()) -> None:
        """Let a share of all calls go wrong at random, in these rows only if any are named."""
        faults = [f for f in self.faults().values() if f.random and (not rows or f.row in rows)]
        with self._lock:
            self._mischief.chaos(seed, rate, tuple(faults))

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._mischief.calm()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Within, connections are refused (N1)."""
        self.listening.shut()
        try:
            yield
        finally:
            self.listening.reopen()

    @classmethod
    def faults(cls) -> dict[str, Fault]:
        """Every fault that this provider can have, by name."""
        return {**COMMON, **cls.FAULTS}

    # What subclasses shape.

    def authorised(self, call: Call) -> bool:
        """Whether the call has the key."""
        raise NotImplementedError

    def text_of(self, call: Call) -> str:
        """The prompt that a call is about; "" where there is none."""
        return prompt_in(call)

    def price_of(self, call: Call) -> float:
        """USD that an order would cost, for ``credit``."""
        return 0.0

    def limits_of(self, call: Call) -> Sequence[Limit]:
        """What an order must pass; ``limits``, where the provider has no others for one model."""
        return self.limits

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        """An error as the provider words it."""
        raise NotImplementedError

    def invalid(self, field: str, message: str) -> Reply:
        """The refusal of one field."""
        return self.error(422, f"{field}: {message}", "invalid")

    def broke(self) -> Reply:
        """The refusal for want of credit."""
        return self.error(402, "Insufficient credit", "credit")

    def busy(self) -> Reply:
        """The refusal for want of machines: not billed."""
        return self.error(503, "Service unavailable", "unavailable")

    def throttled(self, refusal: Refusal, told: str | None = None) -> Reply:
        """The refusal of one too many. ``told``: where the wait is said, if not its own way."""
        words = {"concurrency": "Too many concurrent requests", "day": "Daily quota exceeded"}
        reply = self.error(429, words.get(refusal.kind, "Rate limit exceeded"), "rate_limited")
        return replace(reply, headers={**reply.headers, **self.wait_header(refusal, told)})

    def announce(self, call: Call) -> Mapping[str, str]:
        """Headers that tell limits on every answer."""
        return {}

    def one_spelling(self, content: Any) -> Any:
        """The JSON of a request in one spelling, where the provider takes several for the same."""
        return content

    # What subclasses use.

    def wait_header(self, refusal: Refusal, told: str | None = None) -> dict[str, str]:
        """Retry-After in whole seconds, rounded up, if it is known and told there."""
        if refusal.wait is None or (told or self.told) not in ("header", "both"):
            return {}
        return {"Retry-After": str(math.ceil(refusal.wait))}

    def now(self) -> float:
        """Seconds since the start, of the caller's clock."""
        return self._clock() - self._began

    def new_id(self, prefix: str = "") -> str:
        """An id that nothing has had."""
        self._made += 1
        return f"{prefix}sim{self._made:06x}{id(self) >> 4 & 0xFFFFFF:06x}"

    def product(self, endpoint: str) -> Product | None:
        """What the catalogue knows of an endpoint."""
        return product(self.provider, endpoint)

    def seconds(self, endpoint: str, text: str, expected: float = 1.0) -> float:
        """How long this work takes, real seconds: drawn, and divided by the speed."""
        latency = (
            self._latency.get(endpoint) if not isinstance(self._latency, Latency | None) else self._latency
        )
        if latency is None:
            known = self.product(endpoint)
            latency = Latency((known and known.seconds) or expected)
        nth = len(self.ledger.entries)
        return latency.draw(self.seed, endpoint, text, nth if not text else "") / self.speed

    def bill(self, id: str, endpoint: str, text: str, price: float, body: Any = None) -> None:  # noqa: A002
        """Charge for work."""
        self.ledger.add(Bill(id, endpoint, text, price, self.now(), body))

    # How a call is served.

    def _serve(self, call: Call) -> Reply:
        """What is answered; in the server's thread, one call at a time."""
        with self._lock:
            if call.path.startswith("/_sim/"):
                return self._control(call)
            found = self._route(call)
            call.number, call.at = len(self._calls) + 1, self.now()
            self._calls.append(call)
            call.kind = found[0].kind if found else "media" if call.role == "media" else "other"
            try:
                reply = self._answer(call, found)
            except Exception as bug:  # noqa: BLE001 - raised where the simulator is left
                self.bugs.append(bug)
                reply = self.error(500, f"bug of the simulator: {bug!r}")
            return replace(reply, delay=reply.delay + self.lag) if self.lag else reply

    def _answer(self, call: Call, found: tuple[Route, tuple[str, ...]] | None) -> Reply:
        item = self.shelf.find(call.path) if call.kind == "media" else None
        call.text = item.text if item else self.text_of(call)
        fault = self._mischief.pick(call)
        if fault is None:
            return self._handle(call, found)
        call.fault = fault.name
        return fault.shape(self, call, lambda: self._handle(call, found))

    def _route(self, call: Call) -> tuple[Route, tuple[str, ...]] | None:
        for each in self.ROUTES:
            if each.method == call.method and (match := each.pattern.fullmatch(call.path)):
                return each, match.groups()
        return None

    def _handle(self, call: Call, found: tuple[Route, tuple[str, ...]] | None) -> Reply:
        if found is None:
            return self._media(call) if call.role == "media" else self.error(404, "Not found", "not_found")
        if call.role != "media" and not self.authorised(call):
            return self.error(401, "Invalid authentication credentials", "unauthorized")
        if call.kind == "order" and (refused := self._refused(call)):
            return refused
        answer: Callable[..., Reply] = getattr(self, found[0].answer)
        reply = answer(call, *found[1])
        if told := self.announce(call):
            reply.headers = {**reply.headers, **told}
        return reply

    def _refused(self, call: Call) -> Reply | None:
        if self.credit is not None and self.ledger.total + self.price_of(call) > self.credit:
            return self.broke()
        now = self.now()
        limits = self.limits_of(call)
        for limit in limits:
            if refusal := limit.refusal(now):
                return self.throttled(refusal)
        for limit in limits:
            limit.take(now)
            call.when_done.append(limit.release)
        return None

    def _media(self, call: Call) -> Reply:
        if onward := self.detours.get(call.path):
            return Reply(302, headers={"Location": onward})
        return self.shelf.answer(call, self.now())

    def _control(self, call: Call) -> Reply:
        """What other processes ask: GET ledger, requests; POST script, chaos, calm."""
        what = call.path.removeprefix("/_sim/")
        if what == "ledger":
            return json_reply(200, [asdict(bill) for bill in self.ledger.entries])
        if what == "requests":
            return json_reply(200, [_told(each) for each in self._calls])
        if call.method == "POST" and what in ("script", "chaos", "calm"):
            getattr(self, what)(**call.json())
            return json_reply(200, {})
        return json_reply(404, {"detail": "ledger, requests, script, chaos, calm"})


def prompt_in(call: Call) -> str:
    """The text that a JSON body asks something of: its prompt, text, or input's prompt; "" for none."""
    try:
        content = call.json()
    except ValueError:
        return ""
    return prompt_of(content)


def prompt_of(content: Any) -> str:
    """The same of what a body holds."""
    if not isinstance(content, dict):
        return ""
    for name in ("prompt", "text", "input"):
        value = content.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, dict):
            return prompt_of(value)
    return ""


def _told(call: Call) -> dict[str, Any]:
    return {
        "kind": call.kind,
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "text": call.text,
        "at": call.at,
        "status": call.status,
        "fault": call.fault,
        "body": call.body.decode("utf-8", "replace")[:2000],
    }
