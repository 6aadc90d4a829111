"""What a plan should do, found out by the real scheduler on a virtual clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from acp_action.artifacts import Output
from acp_action.engine.clock import VirtualClock
from acp_action.engine.crew import VirtualCrew
from acp_action.engine.outcome import Done
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.events import StepStarted
from acp_action.providers.base import Product

if TYPE_CHECKING:
    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Outcome
    from acp_action.events import Event
    from acp_action.plan.model import Plan

# What a step counts as when nothing is known of its model: the order is right where all are alike.
_UNKNOWN = 1.0


class Forecast(NamedTuple):
    """``order``: step names in the order of their starts. ``starts``: seconds by step name.

    ``duration`` and ``sequential`` in seconds; ``unknown``: how many steps had no expected duration, and were
    taken for a second each.
    """

    order: tuple[str, ...]
    starts: dict[str, float]
    duration: float
    sequential: float
    unknown: int


def forecast(plan: Plan) -> Forecast:
    """Play the plan through with expected durations; nothing is made, nothing waits."""
    clock = VirtualClock()
    starts: dict[str, float] = {}

    def answer(job: Job) -> tuple[float, Outcome]:
        step = plan.steps[job.step]
        made = Done(Output("text", (), ""), Product("text"))
        return (_UNKNOWN if step.expected is None else step.expected), made

    def note(event: Event) -> None:
        if isinstance(event, StepStarted):
            starts[event.step] = event.at

    result = run_plan(
        plan,
        providers={},
        publisher=_NOWHERE,
        listeners=[note],
        lanes=Lanes(lambda _provider: Limits(none=True)),  # what is not known of limits is left out
        crew=VirtualCrew(clock, answer),
        clock=clock,
        seed=0,
    )
    unknown = sum(1 for step in plan.steps if step.enabled and step.expected is None)
    return Forecast(tuple(starts), starts, result.total_duration, result.sequential_estimate, unknown)


# A virtual crew makes no attempt, so nothing is ever published.
_NOWHERE: Any = None
