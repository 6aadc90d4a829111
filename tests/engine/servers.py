"""Simulated providers with limits, a client that goes through a real throttle, and the best that can be done.

All in virtual time, without threads: 2,000 jobs take a tenth of a second. The model is the one that the
throttle's goals are stated for: answers take 2 s on average (lognormal, sigma 0.6), each way over the network
25 to 55 ms, a refusal 10 ms.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from acp_action.providers.base import Announced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.engine.throttle import Throttle, Ticket


# Seconds that anything takes on its way, from and to.
HOP = (0.025, 0.055)


class Server(Protocol):
    """A provider's limit: asked at the moment a request arrives."""

    def wait(self, now: float) -> float:
        """0 when a request is let in now, else the seconds until one may be."""
        ...

    def enter(self, now: float) -> None:
        """A request is let in."""
        ...

    def leave(self, now: float) -> None:
        """A request is through."""
        ...

    def announced(self, now: float) -> Announced:
        """What the headers would say."""
        ...


@dataclass
class TokenBucket:
    """``rate`` a second, at most ``burst`` saved up."""

    rate: float = 10.0
    burst: float = 10.0
    tokens: float = field(default=-1.0)
    at: float = 0.0

    def _fill(self, now: float) -> None:
        if self.tokens < 0.0:
            self.tokens = self.burst
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now

    def wait(self, now: float) -> float:
        """Until there is a whole token."""
        self._fill(now)
        return 0.0 if self.tokens >= 1.0 - 1e-9 else (1.0 - self.tokens) / self.rate

    def enter(self, now: float) -> None:
        """Takes a token."""
        self._fill(now)
        self.tokens = max(self.tokens - 1.0, 0.0)

    def leave(self, now: float) -> None:
        """Nothing comes back."""

    def announced(self, now: float) -> Announced:
        """The refill rate, and what is left."""
        self._fill(now)
        return Announced(None, self.rate, int(self.tokens), (self.burst - self.tokens) / self.rate)


@dataclass
class SlidingWindow:
    """At most ``count`` in any ``window`` seconds."""

    count: int = 60
    window: float = 10.0
    starts: deque[float] = field(default_factory=deque)

    def _prune(self, now: float) -> None:
        while self.starts and self.starts[0] <= now - self.window + 1e-9:
            self.starts.popleft()

    def wait(self, now: float) -> float:
        """Until the oldest one is out of the window."""
        self._prune(now)
        over = len(self.starts) - self.count
        return 0.0 if over < 0 else self.starts[over] + self.window - now

    def enter(self, now: float) -> None:
        """Counts it."""
        self.starts.append(now)

    def leave(self, now: float) -> None:
        """Nothing comes back."""

    def announced(self, now: float) -> Announced:
        """Limit by window."""
        self._prune(now)
        return Announced(None, self.count / self.window, self.count - len(self.starts), self.window)


@dataclass
class FixedWindow:
    """At most ``count`` in each ``window`` seconds of the clock, on which it is ``wall`` at moment 0."""

    count: int = 60
    window: float = 10.0
    wall: float = 0.0
    used: int = 0
    index: int = -1

    def _turn(self, now: float) -> None:
        index = int((now + self.wall) // self.window)
        if index != self.index:
            self.index, self.used = index, 0

    def wait(self, now: float) -> float:
        """Until the next window."""
        self._turn(now)
        return 0.0 if self.used < self.count else (self.index + 1) * self.window - now - self.wall

    def enter(self, now: float) -> None:
        """Counts it."""
        self._turn(now)
        self.used += 1

    def leave(self, now: float) -> None:
        """Nothing comes back."""

    def announced(self, now: float) -> Announced:
        """Limit by window."""
        self._turn(now)
        reset = (self.index + 1) * self.window - now - self.wall
        return Announced(None, self.count / self.window, self.count - self.used, reset)


@dataclass
class InFlight:
    """At most ``cap`` at once; ``ends``: when those inside will be through."""

    cap: int = 10
    inside: int = 0
    ends: list[float] = field(default_factory=list)

    def wait(self, now: float) -> float:
        """Until the next one is through."""
        if self.inside < self.cap:
            return 0.0
        return max(min(self.ends, default=now + 1.0) - now, 1e-6)

    def enter(self, now: float) -> None:
        """Counts it."""
        self.inside += 1

    def leave(self, now: float) -> None:
        """Makes room."""
        self.inside -= 1
        self.ends[:] = [end for end in self.ends if end > now + 1e-9]

    def announced(self, now: float) -> Announced:
        """The cap."""
        return Announced(self.cap)


@dataclass
class Together:
    """Several limits at once."""

    parts: Sequence[Any]

    def wait(self, now: float) -> float:
        """The longest."""
        return float(max(part.wait(now) for part in self.parts))

    def enter(self, now: float) -> None:
        """In all."""
        for part in self.parts:
            part.enter(now)

    def leave(self, now: float) -> None:
        """In all."""
        for part in self.parts:
            part.leave(now)

    @property
    def ends(self) -> list[float]:
        """Of the one that counts those inside."""
        found: list[float] = next((p.ends for p in self.parts if hasattr(p, "ends")), [])
        return found

    def announced(self, now: float) -> Announced:
        """What each says."""
        found = [part.announced(now) for part in self.parts]
        return Announced(
            *(next((v for v in values if v is not None), None) for values in zip(*found, strict=True))
        )


@dataclass
class Changing:
    """One limit until ``at``, another from then on."""

    before: Any
    after: Any
    at: float

    def __post_init__(self) -> None:
        if hasattr(self.before, "ends"):
            self.after.ends = self.before.ends

    def _now(self, now: float) -> Any:
        return self.before if now < self.at else self.after

    def wait(self, now: float) -> float:
        """Of the one that holds."""
        return float(self._now(now).wait(now))

    def enter(self, now: float) -> None:
        """Counted by both, so that the change meets what is under way."""
        self.before.enter(now)
        self.after.enter(now)

    def leave(self, now: float) -> None:
        """As above."""
        self.before.leave(now)
        self.after.leave(now)

    @property
    def ends(self) -> list[float]:
        """Of the one that counts those inside."""
        return getattr(self.before, "ends", [])

    def announced(self, now: float) -> Announced:
        """Of the one that holds."""
        found: Announced = self._now(now).announced(now)
        return found


@dataclass
class Outage:
    """Refuses all from ``start`` for ``seconds``."""

    inner: Any
    start: float
    seconds: float = 60.0

    def wait(self, now: float) -> float:
        """Until it is over."""
        if self.start <= now < self.start + self.seconds:
            return self.start + self.seconds - now
        return float(self.inner.wait(now))

    def enter(self, now: float) -> None:
        """As without it."""
        self.inner.enter(now)

    def leave(self, now: float) -> None:
        """As without it."""
        self.inner.leave(now)

    def announced(self, now: float) -> Announced:
        """As without it."""
        found: Announced = self.inner.announced(now)
        return found


KINDS: dict[str, Callable[[], Any]] = {
    "TB": TokenBucket,
    "SW": SlidingWindow,
    "FW": FixedWindow,
    "CC": InFlight,
    "TB+CC": lambda: Together((TokenBucket(), InFlight(24))),
}


@dataclass
class Outcome:
    """How a run went. ``sends``, ``refusals``, ``entries``: moments at the server."""

    seconds: float = 0.0
    done: int = 0
    failed: int = 0
    sends: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)
    most_attempts: int = 0


@dataclass
class Client:
    """Sends jobs through a throttle as the scheduler does: at most ``workers`` at once, in order of rank.

    ``kind``: what refusals speak of; ``told``: of what it is. ``service``: the seconds of each job (default:
    drawn, ``mean`` on average). ``hops``: the seconds that things take on their way, of which each time one
    is drawn; a refusal takes ``refusing`` in between.
    """

    server: Any
    throttle: Throttle
    workers: int = 64
    jobs: int = 2000
    seed: int = 11
    retry_after: bool = False
    headers: bool = False
    kind: str = "unknown"
    patience: float = 300.0
    mean: float = 2.0
    service: Sequence[float] = ()
    hops: Sequence[float] = ()
    refusing: float = 0.01

    def run(self) -> Outcome:
        """To the end of the last job."""
        self.rng = random.Random(self.seed)
        self.times = self.service or service_times(self.jobs, self.seed, self.mean)
        self.out = Outcome()
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.count = itertools.count()
        self.waiting = list(range(self.jobs))
        self.attempts = [0] * self.jobs
        self.since: dict[int, float] = {}
        self.waited: dict[int, float] = {}
        self.busy = 0
        self.wake = math.inf
        self._pump(0.0)
        while self.events:
            now, _, act = heapq.heappop(self.events)
            act(now)
            self._pump(now)
        return self.out

    def _at(self, when: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self.events, (when, next(self.count), act))

    def _hop(self) -> float:
        return hop_of(self.rng, self.hops)

    def _pump(self, now: float) -> None:
        while self.waiting and self.busy < self.workers:
            opening = self.throttle.next_opening(now)
            if opening > now:
                if opening < min(self.wake, math.inf):
                    self.wake = opening
                    self._at(opening, self._woken)
                return
            self._send(heapq.heappop(self.waiting), now)

    def _woken(self, now: float) -> None:
        if now >= self.wake:
            self.wake = math.inf

    def _send(self, job: int, now: float) -> None:
        ticket = self.throttle.admit(now)
        self.busy += 1
        self.attempts[job] += 1
        if job in self.since:
            self.waited[job] = self.waited.get(job, 0.0) + now - self.since.pop(job)
        self._at(now + self._hop(), lambda t: self._arrive(job, ticket, t))

    def _arrive(self, job: int, ticket: Ticket, now: float) -> None:
        self.out.sends.append(now)
        wait = self.server.wait(now)
        said = self.server.announced(now) if self.headers else None
        if wait > 0.0:
            self.out.refusals.append(now)
            told = float(math.ceil(wait)) if self.retry_after else None
            kind = kind_of(self.server, now) if self.kind == "told" else self.kind
            back = now + self.refusing + self._hop()
            self._at(back, lambda t: self._refused(job, ticket, told, kind, said, t))
            return
        self.out.entries.append(now)
        self.server.enter(now)
        end = now + self.times[job]
        if hasattr(self.server, "ends"):
            self.server.ends.append(end)
        self._at(end, lambda t: self._through(ticket, t))

    def _through(self, ticket: Ticket, now: float) -> None:
        self.server.leave(now)
        said = self.server.announced(now) if self.headers else None
        self._at(now + self._hop(), lambda t: self._done(ticket, said, t))

    def _done(self, ticket: Ticket, said: Announced | None, now: float) -> None:
        self.throttle.completed(ticket, now, said)
        self.busy -= 1
        self.out.done += 1
        self.out.seconds = now

    def _refused(
        self, job: int, ticket: Ticket, told: float | None, kind: str, said: Announced | None, now: float
    ) -> None:
        self.throttle.refused(ticket, now, told, kind, said)
        self.busy -= 1
        self.out.most_attempts = max(self.out.most_attempts, self.attempts[job])
        if self.waited.get(job, 0.0) > self.patience:
            self.out.failed += 1
            return
        self.since[job] = now
        if told is not None and told <= 1.0 and self.attempts[job] == 1:
            self._at(now + told * self.rng.uniform(1.0, 1.1), lambda _t: heapq.heappush(self.waiting, job))
        else:
            heapq.heappush(self.waiting, job)


def kind_of(server: Any, now: float) -> str:
    """What a limit that refuses limits."""
    parts = getattr(server, "parts", [server])
    return "concurrency" if any(hasattr(p, "cap") and p.wait(now) > 0.0 for p in parts) else "pace"


def hop_of(rng: random.Random, hops: Sequence[float]) -> float:
    """Seconds that one thing takes on its way."""
    return rng.choice(hops) if hops else rng.uniform(*HOP)


def service_times(jobs: int, seed: int, mean: float = 2.0) -> list[float]:
    """Lognormal, sigma 0.6, the same for every strategy."""
    rng = random.Random(seed * 7919)
    scale = math.log(mean) - 0.18
    return [rng.lognormvariate(scale, 0.6) for _ in range(jobs)]


def best_possible(
    server: Any,
    workers: int,
    jobs: int,
    seed: int,
    mean: float = 2.0,
    *,
    service: Sequence[float] = (),
    hops: Sequence[float] = (),
) -> float:
    """Seconds when the limit itself lets each request in as soon as it can, and nothing is refused."""
    times = service or service_times(jobs, seed, mean)
    rng = random.Random(seed)
    inside: list[float] = []
    now = last = 0.0
    cap = _cap_of(server)
    arrivals = sorted(hop_of(rng, hops) for _ in range(min(workers, cap)))
    for job in range(jobs):
        now = max(now, heapq.heappop(arrivals))
        while True:
            while inside and inside[0] <= now + 1e-12:
                server.leave(heapq.heappop(inside))
            wait = server.wait(now)
            if wait <= 0.0:
                break
            now += wait
        server.enter(now)
        end = now + times[job]
        heapq.heappush(inside, end)
        if hasattr(server, "ends"):
            server.ends.append(end)
        back = end + hop_of(rng, hops)
        heapq.heappush(arrivals, back + hop_of(rng, hops))
        last = max(last, back)
    return last


def _cap_of(server: Any) -> int:
    parts = getattr(server, "parts", [server])
    caps = [p.cap for p in parts if hasattr(p, "cap")]
    return min(caps, default=10**6)
