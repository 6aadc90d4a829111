"""A recorded run played again: the real scheduler on a virtual clock, attempts as long as they were."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from acp_action.artifacts import Output
from acp_action.engine.clock import VirtualClock
from acp_action.engine.modelled import Declined, Modelled
from acp_action.engine.outcome import Closed, Done, Doubt, Expired, Fatal, Refused, Stopped, Transient
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lane, Lanes, Throttle
from acp_action.engine.throttle.limits import Limits
from acp_action.engine.track import MODEL
from acp_action.engine.virtual_crew import VirtualCrew
from acp_action.providers.base import Product
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acp_action.catalogue.limits import UsualLimits
    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.engine.throttle import Ticket
    from acp_action.plan.model import Plan, Step
    from acp_action.providers.base import Announced


class Played(NamedTuple):
    """One attempt as it was; seconds. ``outcome``: a word of ``engine.outcome.ENDS``.

    ``service``: of work; ``held`` for want of a processor and ``queued`` at the provider are on top of it.
    ``pause``: of back-off after it. ``kind`` and ``told``: of a refusal. ``announced``: limits it told of.
    ``late``: how much later it began than there was room for it.
    """

    outcome: str
    service: float
    held: float = 0.0
    queued: float = 0.0
    pause: float = 0.0
    kind: str = "unknown"
    told: float | None = None
    announced: Announced | None = None
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """What was made of a plan: the attempts of each step, in plan order, at least one each.

    ``limits``: by provider, what it lets through where that is not taken from the attempts: then refusals and
    queues are those of the limits, not the recorded ones. ``unlimited``: providers that nobody throttles.
    ``busy``: by step, seconds of waiting for a processor in a second of service, in place of the recorded.
    ``crowd``: by step, how much more company it has at the processors than it had, and so comes later.
    ``known``: by provider, limits that the run knew from the start. ``delays_late``: by provider, how much
    later than ``rate_limit_delay`` each start of it came after the one before.
    """

    attempts: tuple[tuple[Played, ...], ...]
    limits: Mapping[str, UsualLimits] = field(default_factory=dict)
    unlimited: frozenset[str] = frozenset({LOCAL})
    busy: Sequence[float] = ()
    crowd: Sequence[float] = ()
    known: Mapping[str, Limits] = field(default_factory=dict)
    delays_late: Mapping[str, Sequence[float]] = field(default_factory=dict)


def replay(plan: Plan, recording: Recording, providers: Mapping[str, Any] | None = None) -> RunResult:
    """Carry the plan out as recorded; nothing is made, nothing waits, no socket is opened.

    ``providers``: adapters, asked which limits their models share and never called.
    """
    clock = VirtualClock()
    adapters = providers or {}
    world = _World(plan, clock, recording, adapters)
    return run_plan(
        plan,
        providers=adapters,
        publisher=_NOWHERE,
        lanes=_LateLanes(world.known_limits, recording.delays_late),
        crew=VirtualCrew(clock, world.answer, late=world.late),
        clock=clock,
        rng=_NoJitter(),
    )


class _LateLanes(Lanes):
    """Lanes of a run whose starts were as late as those of the recorded one."""

    def __init__(self, limits: Callable[[str], Limits], late: Mapping[str, Sequence[float]]) -> None:
        super().__init__(limits)
        self._late = late

    def spaced(self, provider: str, delay: float) -> Lane:
        return Lane(_Spaced(delay, self._late.get(provider, ())))


class _Spaced(Throttle):
    """Keeps a delay as late as it was kept; beyond what was recorded, to the moment."""

    def __init__(self, delay: float, late: Sequence[float]) -> None:
        super().__init__(Limits(min_interval=delay))
        self._delay = delay
        self._late = late

    def admit(self, now: float) -> Ticket:
        ticket = super().admit(now)
        late = self._late[ticket.number] if ticket.number < len(self._late) else 0.0
        self.limits = Limits(min_interval=self._delay + late)
        return ticket


class _NoJitter(random.Random):
    """The recorded waits have their jitter in them."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002 - the signature of Random
        return a


class _World:
    """The providers of a recorded run."""

    def __init__(
        self, plan: Plan, clock: VirtualClock, recording: Recording, adapters: Mapping[str, Any]
    ) -> None:
        self._plan = plan
        self._clock = clock
        self._recording = recording
        self._adapters = adapters
        self._modelled: dict[tuple[str, str], Modelled] = {}

    def known_limits(self, provider: str) -> Limits:
        """What the throttle knew when the run began."""
        if provider in self._recording.known:
            return self._recording.known[provider]
        profile = getattr(self._adapters.get(provider), "profile", None)
        return Limits(none=provider in self._recording.unlimited, profile=profile)

    def late(self, job: Job) -> float:
        """Seconds until the attempt begins that has a place."""
        crowd = self._recording.crowd
        return self._played(job).late * (crowd[job.step] if crowd else 1.0)

    def answer(self, job: Job) -> tuple[float, Outcome]:
        """Seconds until the attempt is back, and how it ended."""
        step, played = self._plan.steps[job.step], self._played(job)
        limits = self._recording.limits.get(step.provider)
        if limits is None:
            return self._as_it_was(step, played)
        # What runs out of time is worked on no longer.
        said = self._ask(step, limits, min(played.service, max(job.token.deadline - self._clock.now(), 0.0)))
        if isinstance(said, Declined):
            return said.seconds, Refused("the limit", said.retry_after, said.kind)
        return self._as_it_was(step, played._replace(queued=said.queued, announced=None))

    def _played(self, job: Job) -> Played:
        attempts = self._recording.attempts[job.step]
        if self._plan.steps[job.step].provider not in self._recording.limits:
            return attempts[min(job.attempt, len(attempts)) - 1]
        made = [played for played in attempts if played.outcome != "refused"] or [attempts[-1]]
        return made[min(job.attempt - 1 - job.refusals, len(made) - 1)]

    def _ask(self, step: Step, limits: UsualLimits, service: float) -> Any:
        key = (step.provider, step.model.key if limits.per_model else "")
        if key not in self._modelled:
            self._modelled[key] = Modelled(limits)
        return self._modelled[key].ask(self._clock.now(), service)

    def _as_it_was(self, step: Step, played: Played) -> tuple[float, Outcome]:
        busy = self._recording.busy
        held = played.service * busy[step.index] if busy and step.provider == LOCAL else played.held
        return played.service + held + played.queued, _outcome(played, held)


def _outcome(played: Played, held: float) -> Outcome:
    match played.outcome:
        case "refused":
            return Refused("a limit", played.told, played.kind, played.announced)
        case "transient":
            return Transient("as recorded", played.pause)
        case "closed":
            return Closed("as recorded", "recorded", model_only=played.kind == MODEL)
        case "fatal":
            return Fatal("as recorded")
        case "expired":
            return Expired("as recorded")
        case "doubt":
            return Doubt("as recorded")
        case "stopped":
            return Stopped("as recorded")
    product = Product("text", queued=played.queued, announced=played.announced)
    return Done(Output("text", (), ""), product, held=held)


# A virtual crew makes no attempt, so nothing is ever published.
_NOWHERE: Any = None
