"""A whole run on a virtual clock: the real scheduler and the real throttle, against modelled providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from acp_action.artifacts import Output
from acp_action.catalogue.limits import UsualLimits, usual_limits
from acp_action.engine.clock import VirtualClock
from acp_action.engine.modelled import Declined, Modelled, drawn
from acp_action.engine.outcome import Done, Refused
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.engine.virtual_crew import VirtualCrew
from acp_action.providers.base import Product
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.events import Listener
    from acp_action.plan.model import Plan, Step
    from acp_action.providers.base import Provider

UNKNOWN_SECONDS: Final = 1.0
"""What a step counts as when nothing is known of its model: the order is right where all are alike."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a simulated run meets.

    ``limits``: by provider, what it lets through (default: ``usual_limits``). ``spread``: sigma of all
    service times (default: each provider's own); 0 for exactly what is expected. ``cost``: USD of a step,
    None where unknown. ``providers``: the adapters, asked what they are and never called.
    """

    limits: Mapping[str, UsualLimits] = field(default_factory=dict)
    spread: float | None = None
    cost: Callable[[Step], float | None] = lambda _step: None
    providers: Mapping[str, Provider] = field(default_factory=dict)

    def limits_of(self, provider: str) -> UsualLimits:
        """What this provider lets through."""
        return self.limits.get(provider) or usual_limits(provider)


UNLIMITED: Final = UsualLimits(none=True, spread=0.0, source="no limits")
"""Surely no limit, so that the throttle holds nothing back: not even the first requests, to learn of one."""


def simulate_run(
    plan: Plan,
    *,
    seed: int = 0,
    circumstances: Circumstances | None = None,
    listeners: Sequence[Listener] = (),
) -> RunResult:
    """Play the plan through; nothing is made, nothing waits, no socket is opened.

    The same plan, seed and circumstances give the same result. Steps of unknown length are taken for
    a second each.
    """
    clock = VirtualClock()
    world = _World(plan, clock, seed, circumstances or Circumstances())
    return run_plan(
        plan,
        providers=world.circumstances.providers,
        publisher=_NOWHERE,
        listeners=listeners,
        lanes=Lanes(world.known_limits),
        crew=VirtualCrew(clock, world.answer),
        clock=clock,
        seed=seed,
    )


class _World:
    """All providers of a simulated run."""

    def __init__(self, plan: Plan, clock: VirtualClock, seed: int, circumstances: Circumstances) -> None:
        self._plan = plan
        self._clock = clock
        self._seed = seed
        self.circumstances = circumstances
        self._modelled: dict[tuple[str, str], Modelled] = {}
        self._costs: dict[int, float | None] = {}

    def known_limits(self, provider: str) -> Limits:
        """What the throttle knows beforehand: what is limited as a rule, or that nothing is."""
        none = provider == LOCAL or self.circumstances.limits_of(provider).none
        profile = getattr(self.circumstances.providers.get(provider), "profile", None)
        return Limits(none=none, profile=profile)

    def answer(self, job: Job) -> tuple[float, Outcome]:
        """Seconds until the attempt is back, and how it ended."""
        step = self._plan.steps[job.step]
        modelled = self._provider_of(step)
        service = self._service(step, modelled.limits)
        said = modelled.ask(self._clock.now(), service)
        if isinstance(said, Declined):
            return said.seconds, Refused(
                f"{step.provider} takes no more for now", said.retry_after, said.kind
            )
        product = Product("text", cost=self._cost(step), queued=said.queued, announced=modelled.announced)
        return said.queued + service, Done(Output("text", (), ""), product)

    def _provider_of(self, step: Step) -> Modelled:
        limits = self.circumstances.limits_of(step.provider)
        key = (step.provider, step.model.key if limits.per_model else "")
        if key not in self._modelled:
            self._modelled[key] = Modelled(limits)
        return self._modelled[key]

    def _service(self, step: Step, limits: UsualLimits) -> float:
        mean = UNKNOWN_SECONDS if step.expected is None else step.expected
        spread = limits.spread if self.circumstances.spread is None else self.circumstances.spread
        return drawn(mean, 0.0 if step.provider == LOCAL else spread, self._seed, step.name)

    def _cost(self, step: Step) -> float | None:
        if step.index not in self._costs:
            self._costs[step.index] = self.circumstances.cost(step)
        return self._costs[step.index]


# A virtual crew makes no attempt, so nothing is ever published.
_NOWHERE: Any = None
