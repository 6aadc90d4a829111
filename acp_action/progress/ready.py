"""Which steps could start as far as others go, and which providers keep theirs waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.catalogue.limits import usual_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.plan.model import Plan

# A provider that takes its steps one after another is at work; one that takes none for so many seconds waits.
_STILL: Final = 0.7


class Ready:
    """``steps``: names of those that have begun or wait for nobody else's end."""

    def __init__(self, plan: Plan) -> None:
        self._graph, self._steps = plan.graph, plan.steps
        self._index = {step.name: step.index for step in plan.steps}
        self._waiting = list(plan.graph.waiting)
        # Of a provider without limits no step is ever held back.
        self._moved = {s.provider: 0.0 for s in plan.steps if not usual_limits(s.provider).none}
        self.steps: set[str] = set()
        for node, count in enumerate(plan.graph.waiting):
            if count == 0:
                self.steps.update(self._steps[index].name for index in self._opened(node))

    def moved(self, provider: str, at: float) -> None:
        """The provider took a step, or gave one back."""
        if provider in self._moved:
            self._moved[provider] = at

    def settled(self, name: str, at: float) -> None:
        """A step is settled, and those behind it may follow."""
        step = self._index[name]
        self.moved(self._steps[step].provider, at)
        for index in self._behind(step):
            self.steps.add(self._steps[index].name)
            self.moved(self._steps[index].provider, at)

    def is_still(self, provider: str, now: float) -> bool:
        """Whether the provider may have limits, and has not moved for a while."""
        return now - self._moved.get(provider, now) >= _STILL

    def _opened(self, node: int) -> Iterator[int]:
        if node < len(self._steps):
            yield node
        else:
            # A gate takes no time.
            yield from self._behind(node)

    def _behind(self, node: int) -> Iterator[int]:
        for followers in (self._graph.data[node], self._graph.order[node]):
            for follower in followers:
                self._waiting[follower] -= 1
                if self._waiting[follower] == 0:
                    yield from self._opened(follower)
