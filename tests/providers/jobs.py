"""Adapters with jobs against their simulators, alike for both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acp_action.providers.fal import FalProvider
from acp_action.providers.jobs.polling import Experience
from acp_action.providers.replicate import ReplicateProvider
from tests.providers.services import Remembering, a_token, account_of, model_of, request_for
from tests.simulators.fal import FalSimulator
from tests.simulators.latency import Latency
from tests.simulators.replicate import ReplicateSimulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acp_action.engine.cancel import CancelToken
    from acp_action.providers.base import Product
    from acp_action.providers.jobs.adapter import JobAdapter
    from tests.simulators.core import Simulator

QUICK = 0.03


@dataclass(frozen=True)
class Kind:
    """One service: its simulator, its adapter, a model, and how it is asked for small pictures."""

    name: str
    simulator: type[Simulator]
    adapter: type[JobAdapter]
    model: str
    options: dict[str, Any]
    params: dict[str, Any]

    def simulate(self, seconds: float = QUICK, **options: Any) -> Simulator:
        """A simulator whose jobs all take so long."""
        return self.simulator(latency=Latency(seconds, sigma=0), **options)

    def adapt(self, sim: Simulator, seconds: float = QUICK) -> JobAdapter:
        """An adapter that has seen that jobs take so long."""
        model, experience = model_of(self.model), Experience()
        for _ in range(20):
            experience.learn(str(model.entry["endpoint"]), model.expected_seconds, seconds)
        return self.adapter(account_of(sim), experience=experience, **self.options)


_TINY = {"image_size": "64x64"}
_SMALL = {"width": 512, "height": 512}
FAL = Kind("fal", FalSimulator, FalProvider, "flux_schnell", {}, _TINY)
FAL_POLLED = Kind("fal, polled", FalSimulator, FalProvider, "flux_schnell", {"streams": False}, _TINY)
REPLICATE = Kind("replicate", ReplicateSimulator, ReplicateProvider, "seedream3", {}, _SMALL)
KINDS = (FAL, FAL_POLLED, REPLICATE)


@dataclass
class Attempt:
    """One attempt at one step: what came of it, and what was written down."""

    trail: Remembering
    product: Product | None = None
    error: BaseException | None = None
    told: list[tuple[str, str, int | None]] = field(default_factory=list)
    heard: Callable[[str], object] = bool

    def tell(self, what: str, detail: str = "", place: int | None = None, /) -> None:
        """Note what the attempt tells while it lasts."""
        self.told.append((what, detail, place))
        self.heard(what)

    @property
    def end(self) -> str:
        """``done``, or the error's name."""
        return "done" if self.error is None else type(self.error).__name__


def attempt(
    kind: Kind,
    sim: Simulator,
    folder: Path,
    *,
    trail: Remembering | None = None,
    token: CancelToken | None = None,
    adapter: JobAdapter | None = None,
    heard: Callable[[str], object] = bool,
    **params: Any,
) -> Attempt:
    """Make an attempt, and take whatever is raised for its outcome; ``heard``: called when it tells."""
    made = Attempt(trail or Remembering(), heard=heard)
    request = request_for(folder, kind.model, trail=made.trail, **{**kind.params, **params})
    try:
        made.product = (adapter or kind.adapt(sim)).run(
            request._replace(tell=made.tell), token or a_token(3.0, hasty=20)
        )
    except Exception as error:  # noqa: BLE001 - the outcome
        made.error = error
    return made
