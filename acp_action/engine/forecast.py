"""What a plan should do, found out by the real scheduler on a virtual clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from acp_action.engine.simulation import UNLIMITED, Circumstances, simulate_run
from acp_action.events import StepStarted

if TYPE_CHECKING:
    from acp_action.events import Event
    from acp_action.plan.model import Plan


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
    """Play the plan through with expected durations and without limits; nothing is made, nothing waits."""
    starts: dict[str, float] = {}

    def note(event: Event) -> None:
        if isinstance(event, StepStarted):
            starts[event.step] = event.at

    limits = dict.fromkeys({step.provider for step in plan.steps}, UNLIMITED)
    result = simulate_run(plan, circumstances=Circumstances(limits=limits, spread=0.0), listeners=[note])
    return Forecast(
        tuple(starts), starts, result.total_duration, result.sequential_estimate, unknown_steps(plan)
    )


def unknown_steps(plan: Plan) -> int:
    """How many steps have no expected duration."""
    return sum(1 for step in plan.steps if step.enabled and step.expected is None)
