"""How long a run may still take: from what is expected of its steps, and what the finished ones took."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from acp_action.engine.scopes import capacity
from acp_action.plan.graph import topological_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.plan.model import Plan, Step

_LEFT_WHEN_LATE = 0.1
"""A step that takes longer than expected is taken to need this part of its time again."""


class Outlook:
    """What is left to do. ``learn`` what steps took; ``left`` says how long the rest takes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._steps = tuple(step for step in plan.steps if step.enabled)
        self._kinds = [(step.provider, step.model.key, step.type) for step in plan.steps]
        self._took: defaultdict[tuple[str, str, str], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        self._all = (0, 0.0)
        self._index = {step.name: step.index for step in plan.steps}
        self._order = _node_order(plan)
        self._entries = _entries(plan)
        self._capacity = capacity(plan)

    def learn(self, step: str, seconds: float) -> None:
        """Note what a finished step took."""
        kind = self._kinds[self._index[step]]
        count, total = self._took[kind]
        self._took[kind] = (count + 1, total + seconds)
        count, total = self._all
        self._all = (count + 1, total + seconds)

    def expected(self, step: Step) -> float | None:
        """Seconds of a step: what is known of its model, else what others of its kind, or any, have taken."""
        if step.expected is not None:
            return step.expected
        count, total = self._took.get(self._kinds[step.index]) or (0, 0.0)
        count, total = (count, total) if count else self._all
        return total / count if count else None

    def left(self, state: Callable[[str], tuple[str, float]]) -> float | None:
        """Seconds that the rest takes, None while too little is known.

        ``state(name)``: waiting, running, parked, or anything else for a settled step; and seconds since.
        """
        rest = [0.0] * self._plan.graph.size
        for step in self._steps:
            now, since = state(step.name)
            if now not in ("waiting", "running", "parked"):
                continue
            expected = self.expected(step)
            if expected is None:
                return None
            done = since if now == "running" else 0.0
            rest[step.index] = max(expected - done, expected * _LEFT_WHEN_LATE)
        return max(self._longest(rest), self._by_room(rest))

    def _longest(self, rest: Sequence[float]) -> float:
        """Along the longest path, with any number of workers."""
        graph, until = self._plan.graph, list(rest)
        for node in reversed(self._order):
            after = [until[follower] for follower in (*graph.data[node], *graph.order[node])]
            until[node] = rest[node] + max(after, default=0.0)
        return max(until, default=0.0)

    def _by_room(self, rest: Sequence[float]) -> float:
        """As many at once as there is room for; in file order one entry after another."""
        if not (self._plan.settings.schedule == "ordered" and self._plan.settings.parallel):
            return sum(rest) / self._capacity
        total = 0.0
        for room, members in self._entries:
            work = [rest[index] for index in members]
            total += max(sum(work) / room, max(work, default=0.0))
        return total


def _node_order(plan: Plan) -> list[int]:
    needs: list[list[int]] = [[] for _ in range(plan.graph.size)]
    for edges in (plan.graph.data, plan.graph.order):
        for source, followers in enumerate(edges):
            for follower in followers:
                needs[follower].append(source)
    return topological_order(needs)


def _entries(plan: Plan) -> list[tuple[int, list[int]]]:
    """For each entry at top level: how many steps run at once there, and which steps it has."""
    cap = plan.settings.worker_cap
    found: dict[int, tuple[int, list[int]]] = {}
    for step in plan.steps:
        group = step.group
        while group >= 0 and plan.groups[group].parent >= 0:
            group = plan.groups[group].parent
        room = plan.groups[group].max_workers if group >= 0 else 1
        key = group if group >= 0 else -1 - step.index
        found.setdefault(key, (min(room, cap or room), []))[1].append(step.index)
    return list(found.values())
