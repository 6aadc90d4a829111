"""What can go wrong, by name.

A name begins with its row: ``N2.drop`` is a case of row N2.

A fault gets the simulator, the call and ``make``, which does what would have been done, the billing included,
and gives the true answer. What never calls ``make`` is not billed.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.simulators.limits import Refusal
from tests.simulators.media import sample
from tests.simulators.wire import Call, Reply, html_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.core import Simulator

Make: TypeAlias = "Callable[[], Reply]"
Shape: TypeAlias = "Callable[[Simulator, Call, Make], Reply]"
When: TypeAlias = "str | Callable[[Call], bool]"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a call goes wrong. ``on``: the kinds of calls that it is about.

    ``says``: what happens. ``random``: whether chaos may pick it; not what hangs, or what nothing could mend.
    """

    name: str
    on: frozenset[str]
    says: str
    shape: Shape = field(repr=False)
    random: bool = True

    @property
    def row(self) -> str:
        """N1 … N14 or P1 … P14."""
        return self.name.partition(".")[0]


@dataclass(slots=True)
class Script:
    """A fault that waits for its calls: ``times`` of them, after the first ``skip``."""

    fault: Fault
    when: When
    about: str = ""
    times: float = 1
    skip: int = 0

    def takes(self, call: Call) -> bool:
        """Whether this call is the one; counts it."""
        wanted = call.kind == self.when if isinstance(self.when, str) else self.when(call)
        if not wanted or self.about not in call.text or self.times <= 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Mischief:
    """What is to go wrong: scripts first, then chance."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self._chance: tuple[int, float, tuple[Fault, ...]] = (0, 0.0, ())
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def chaos(self, seed: int, rate: float, faults: tuple[Fault, ...]) -> None:
        """From now on a share of all calls goes wrong, each for the same calls with the same seed."""
        self._chance = (seed, rate, faults)

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self.scripts.clear()
        self.chaos(0, 0.0, ())

    def pick(self, call: Call) -> Fault | None:
        """What happens to this call."""
        for script in self.scripts:
            if script.takes(call):
                return script.fault
        seed, rate, faults = self._chance
        if rate <= 0:
            return None
        # By what the call is about, not by when it came: threads must not change what happens.
        about = (call.kind, call.text, call.method)
        self._seen[about] += 1
        chance = Random(f"{seed}:{about}:{self._seen[about]}")
        legal = [fault for fault in faults if call.kind in fault.on]
        return chance.choice(legal) if legal and chance.random() < rate else None


def fault(name: str, on: str, says: str, shape: Shape, *, random: bool = True) -> Fault:
    """One for the table; ``on``: kinds, separated by spaces."""
    return Fault(name, frozenset(on.split()), says, shape, random)


def table(*faults: Fault) -> dict[str, Fault]:
    """Faults by name."""
    return {each.name: each for each in faults}


def edited(make: Make, change: Callable[[Any], Any]) -> Reply:
    """The true JSON answer with its content changed in place, or replaced by what ``change`` returns."""
    reply = make()
    if reply.then is not None:
        return replace(reply, then=lambda then=reply.then: edited(then, change))  # type: ignore[misc]
    if reply.status >= 400 or reply.parts is not None:
        return reply
    content = json.loads(reply.body)
    changed = change(content)
    return replace(reply, body=json.dumps(content if changed is None else changed).encode())


# How the answer arrives.


def _told(**changes: Any) -> Shape:
    """The true answer, carried otherwise; bytes of ``cut`` below 1 are a share of the body."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        return _carried(make(), **changes)

    return shape


def _carried(reply: Reply, **changes: Any) -> Reply:
    if reply.then is not None:
        return replace(reply, then=lambda then=reply.then: _carried(then(), **changes))  # type: ignore[misc]
    if isinstance(cut := changes.get("cut"), float):
        changes = {**changes, "cut": int(len(reply.body) * cut)}
    return replace(reply, parts=None, **changes)


def _body(change: Callable[[bytes], bytes], **headers: str) -> Shape:
    """The true answer with another body, of which the framing knows."""

    def remade(reply: Reply) -> Reply:
        if reply.then is not None:
            return replace(reply, then=lambda then=reply.then: remade(then()))  # type: ignore[misc]
        body = change(reply.body)
        return replace(reply, body=body, headers={**reply.headers, **headers}, parts=None)

    return lambda sim, call, make: remade(make())


def _after(reply: Callable[[Simulator], Reply]) -> Shape:
    """The work is done and billed, and something else is said."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        make()
        return reply(sim)

    return shape


def _instead(reply: Callable[[Simulator], Reply]) -> Shape:
    """Nothing is done."""
    return lambda sim, call, make: reply(sim)


def _error(status: int) -> Callable[[Simulator], Reply]:
    return lambda sim: sim.error(status, "Something went wrong.", "internal_error")


def _throttled(kind: str, wait: float | None = 1.0) -> Callable[[Simulator], Reply]:
    return lambda sim: sim.throttled(Refusal(kind, wait))


def _retry_after(text: str | None) -> Shape:
    """A refusal by pace with this header."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        reply = sim.throttled(Refusal("pace", 1.0))
        headers = {k: v for k, v in reply.headers.items() if not k.lower().startswith("retry-after")}
        return replace(reply, headers=headers if text is None else {**headers, "Retry-After": text})

    return shape


def _only_in_body(sim: Simulator, call: Call, make: Make) -> Reply:
    reply = sim.throttled(Refusal("pace", 2.0), told="body")
    return replace(
        reply, headers={k: v for k, v in reply.headers.items() if not k.lower().startswith("retry-")}
    )


def _to(address: str, status: int = 302) -> Shape:
    return lambda sim, call, make: Reply(status, headers={"Location": address})


def _away(sim: Simulator, call: Call, make: Make) -> Reply:
    """To the media host, where it would show who follows with the key."""
    return Reply(307, headers={"Location": sim.urls["media"] + "/stolen"})


def _hops(count: int) -> Shape:
    """So many redirects within the media host, then the file."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        there = sim.urls["media"] + call.path
        for number in range(count - 1):
            sim.detours[f"/hop/{call.number}/{number}"] = there
            there = f"{sim.urls['media']}/hop/{call.number}/{number}"
        return Reply(302, headers={"Location": there})

    return shape


def _loop(sim: Simulator, call: Call, make: Make) -> Reply:
    sim.detours["/loop"] = sim.urls["media"] + "/loop"
    return Reply(302, headers={"Location": sim.urls["media"] + "/loop"})


def _gone(status: int, *, for_good: bool = False) -> Shape:
    """The address of the file has expired; a new one is given out with the next reading of the result."""

    def shape(sim: Simulator, call: Call, make: Make) -> Reply:
        if item := sim.shelf.find(call.path):
            item.gone, item.for_good = status, for_good
        return make()

    return shape


def _without_id(sim: Simulator, call: Call, make: Make) -> Reply:
    return edited(make, lambda content: {"status": content.get("status", "")})


def _half_zipped(body: bytes) -> bytes:
    zipped = gzip.compress(body)
    return zipped[: len(zipped) // 2]


def _whole(sim: Simulator, call: Call, make: Make) -> Reply:
    """A part was asked for and the whole file comes."""
    call.headers.pop("range", None)
    return make()


def _another(sim: Simulator, call: Call, make: Make) -> Reply:
    """The file is another one from now on."""
    if item := sim.shelf.find(call.path):
        item.make = partial(sample, item.form, f"{item.text}, another")
    return make()


_READS = "status result"
_DATES = {"date": "Fri, 31 Dec 2027 23:59:59 GMT", "past": "Wed, 21 Oct 2015 07:28:00 GMT"}
_WAITS = {
    "seconds": "120", **_DATES, "negative": "-5", "nan": "NaN", "inf": "inf", "huge": "1e9", "arabic": "٣",
    "garbage": "soon", "absent": None,
}  # fmt: skip

COMMON: dict[str, Fault] = table(
    fault("N2.drop", "order", "billed, then closed without a byte", _told(end="drop")),
    fault("N2.reset", "order", "billed, then reset", _told(end="reset")),
    fault("N2.timeout", "order", "billed, never answered", _told(end="hang"), random=False),
    *(fault(f"N2.{n}", "order", f"billed, then {n}", _after(_error(n))) for n in (499, 500, 504)),
    fault("N2.502", "order", "billed, then a proxy's page", _after(lambda sim: html_reply(502))),
    fault("N3.cut", "order", "billed, JSON cut before the id", _body(lambda b: b[:9])),
    fault("N3.cut_after_id", "order", "billed, JSON cut near its end", _body(lambda b: b[:-3])),
    fault("N3.short", "order", "billed, closed in mid-body", _told(cut=9, end="close")),
    fault("N3.no_id", "order", "billed, JSON without an id", _without_id),
    fault("N3.html", "order", "billed, a page", _after(lambda sim: html_reply(200))),
    fault("N3.empty", "order", "billed, an empty body", _body(lambda b: b"")),
    fault("N4.reset", _READS, "reset", _told(end="reset")),
    fault("N4.drop", _READS, "closed without a byte", _told(end="drop")),
    fault("N4.timeout", _READS, "never answered", _told(end="hang"), random=False),
    *(fault(f"N4.{n}", _READS, f"{n}", _instead(_error(n))) for n in (500, 503, 504)),
    fault("N4.502", _READS, "a proxy's page", _instead(lambda sim: html_reply(502))),
    fault("N4.hang_up", _READS, "the answer, and the connection closed without notice", _told(end="close")),
    fault("N4.cut", _READS, "JSON cut", _body(lambda b: b[: len(b) // 2])),
    fault("N4.429", _READS, "refused by pace", _instead(_throttled("pace", 0.1))),
    fault("N5.404", _READS, "not known yet",
          _instead(lambda sim: sim.error(404, "Request not found", "not_found"))),
    *(fault(f"N6.{n}", "media", f"address expired: {n}", _gone(n)) for n in (403, 404, 410)),
    fault("N6.gone", "media", "file gone for good", _gone(404, for_good=True), random=False),
    fault("N7.short", "media", "less than Content-Length", _told(cut=0.5, end="close")),
    fault("N7.chunked", "media", "last chunks missing", _told(cut=0.5, end="close", framing="chunked")),
    fault("N8.early", "media", "no Content-Length, closed early", _told(cut=0.5, framing="close")),
    fault("N9.gzip", "media", "gzip that nobody asked for",
          _body(gzip.compress, **{"Content-Encoding": "gzip"})),
    fault("N9.cut", "media", "gzip cut, Content-Length right",
          _body(_half_zipped, **{"Content-Encoding": "gzip"})),
    fault("N10.whole", "media", "the whole file where a part was asked for", _whole),
    fault("N10.another", "media", "another file from now on, with another ETag", _another, random=False),
    fault("N11.drip", "media", "a byte a second", _told(drip=(1, 1.0)), random=False),
    fault("N11.stall", "media", "stalls in mid-body", _told(cut=0.5, end="hang"), random=False),
    fault("N11.slow_json", _READS, "a byte a second", _told(drip=(1, 1.0)), random=False),
    fault("N12.order", "order", "redirected to another host", _away),
    fault("N12.read", _READS, "redirected to another host", _away),
    fault("N12.private", "media", "redirected to a private address",
          _to("http://10.0.0.1/secret"), random=False),
    fault("N12.metadata", "media", "redirected to the metadata of the cloud",
          _to("http://169.254.169.254/latest/meta-data/"), random=False),
    fault("N12.file", "media", "redirected to a file", _to("file:///etc/passwd"), random=False),
    fault("N12.hop", "media", "two redirects, then the file", _hops(2)),
    fault("N12.far", "media", "nine redirects", _hops(9), random=False),
    fault("N12.loop", "media", "redirected in a circle", _loop, random=False),
    fault("N13.html", "media", "a page, 200", _instead(lambda sim: html_reply(200))),
    fault("N13.json", "media", "a JSON error, 200",
          _instead(lambda sim: json_reply(200, {"error": "not found"}))),
    fault("N13.empty", "media", "an empty body", _body(lambda b: b"")),
    fault("N13.magic", "media", "wrong magic bytes", _body(lambda b: b"\0\1\2\3" + b[4:])),
    fault("N13.half", "media", "half a file, Content-Length right", _body(lambda b: b[: len(b) // 2])),
    *(fault(f"P1.{n}", "order", f"429 with Retry-After {t!r}", _retry_after(t), random=False)
      for n, t in _WAITS.items()),
    fault("P2.body", "order", "429, the wait in the body only", _only_in_body, random=False),
    fault("P3.concurrency", "order", "429: too many at once", _instead(_throttled("concurrency", None))),
    fault("P3.pace", "order", "429: too many a minute", _instead(_throttled("pace"))),
    fault("P3.day", "order", "429: too many today", _instead(_throttled("day", 40_000.0)), random=False),
    fault("P3.busy", "order", "503: not now, not billed", _instead(lambda sim: sim.busy())),
    fault("P4.credit", "order", "no credit left", _instead(lambda sim: sim.broke()), random=False),
    fault("P5.401", "order", "key not valid",
          _instead(lambda sim: sim.error(401, "Invalid key", "unauthorized")), random=False),
    fault("P5.403", "order", "key may not",
          _instead(lambda sim: sim.error(403, "Forbidden for this key", "forbidden")), random=False),
    fault("P6.400", "order", "bad request",
          _instead(lambda sim: sim.error(400, "Bad request: prompt", "bad_request")), random=False),
    fault("P6.422", "order", "input rejected",
          _instead(lambda sim: sim.invalid("prompt", "Field is bad")), random=False),
)  # fmt: skip
