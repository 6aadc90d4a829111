"""What the tests of adapters with one call stand on: requests with a trail, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from acp_action.errors import ProviderError
from acp_action.providers.account import Account
from acp_action.providers.base import LooseTrail
from tests.providers.making import ManualToken, ask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, RemoteJob, Request
    from acp_action.providers.remote import Remote
    from tests.simulators.core import Simulator


@dataclass
class NotedTrail(LooseTrail):
    """A trail that can be read: the words of its lines, in order. ``open``: paid, for all it knows."""

    words: list[str] = field(default_factory=list)
    open: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def intended(self, cost: float | None = None) -> None:
        """An order is about to leave."""
        assert not self.open, "ordered while an order was open"
        self.words.append("intended")
        self.open = True

    def withdrawn(self, reason: str) -> None:
        """It made nothing."""
        super().withdrawn(reason)
        self.words.append("withdrawn")
        self.open = False

    def accepted(self, job: RemoteJob) -> None:
        """It has an id."""
        super().accepted(job)
        self.words.append("accepted")

    def settled(self, result: Mapping[str, JsonValue]) -> None:
        """It is answered."""
        super().settled(result)
        self.words.append("settled")
        self.open = False


class Attempt(NamedTuple):
    """What came of an attempt, and what it left on the trail."""

    product: Product | None
    error: ProviderError | None
    trail: NotedTrail

    @property
    def outcome(self) -> str:
        """The name of the error's class; ``made`` when there is none."""
        return "made" if self.error is None else type(self.error).__name__

    @property
    def sound(self) -> Product:
        """The product, which has to be there."""
        assert self.product is not None, self.error
        return self.product


PASSED_ON = ("N2.drop", "N2.reset", "N2.499", "N2.500", "N2.504", "N2.502", "N3.cut", "N3.cut_after_id",
             "N3.short", "N3.no_id", "N3.html", "N3.empty")  # fmt: skip
LIMITED = ("P1.seconds", "P1.date", "P1.past", "P1.negative", "P1.nan", "P1.inf", "P1.huge", "P1.arabic",
           "P1.garbage", "P1.absent", "P2.body", "P3.concurrency", "P3.pace")  # fmt: skip
COMMON: dict[str, tuple[str, str]] = {
    **dict.fromkeys(PASSED_ON, ("UnknownOutcome", "intended")),
    **dict.fromkeys(LIMITED, ("RateLimited", "withdrawn")),
    "P3.busy": ("TransientError", "withdrawn"),
    **dict.fromkeys(("P3.day", "P4.credit", "P5.401", "P5.403"), ("AccountClosed", "withdrawn")),
    **dict.fromkeys(("P6.400", "P6.422", "N12.order"), ("FatalError", "withdrawn")),
}
"""What the faults that all services can have come to: the error, and the last word on the trail."""

HANGS = frozenset({"N2.timeout", "N11.drip", "N11.stall"})
"""Faults that take as long as they are let."""


def faults_of_orders(simulator: type[Simulator]) -> set[str]:
    """The faults that an order can have at a service, but for those that hang."""
    return {f.name for f in simulator.faults().values() if "order" in f.on} - HANGS


def an_account(sim: Simulator) -> Account:
    """An account at a simulator; media may come from this machine."""
    told = sim.environment()
    address = next(value for name, value in told.items() if name.endswith("_BASE_URL"))
    variable = next(name for name in told if not name.startswith("ACP_"))
    return Account(sim.provider, sim.key, {"api": address}, variable=variable, private_media=True)


def requested(folder: Path, step_type: str, text: str | None = None, *media: Path, **more: Any) -> Request:
    """A request for a real model, with a trail to write."""
    found = ask(folder, step_type, text, media, **more)
    return found._replace(preview=False, trail=NotedTrail())


def attempted(provider: Remote, request: Request) -> Attempt:
    """Make one attempt."""
    trail = request.trail
    assert isinstance(trail, NotedTrail)
    try:
        return Attempt(provider.run(request, ManualToken()), None, trail)
    except ProviderError as error:
        return Attempt(None, error, trail)
