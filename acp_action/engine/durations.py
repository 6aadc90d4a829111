"""Longest remaining path first: how long each step is expected to take, and what hangs on it.

Where nothing is known of a model, it is learnt within the run from the finished steps of the same model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from acp_action.plan.model import Plan, Step

ModelKey: TypeAlias = tuple[str, str, str]
# A changed estimate is worth a new ranking only when it moved by this much.
_WORTH = 0.2
_GUESS = 1.0


class Expectations:
    """Expected service times in seconds, and ``remaining[i]``: seconds from the start of node i to the end.

    ``by_file_order``: rank by the place in the file alone (a run without parallelism).
    """

    def __init__(self, plan: Plan, *, by_file_order: bool = False) -> None:
        self._plan = plan
        self._by_file_order = by_file_order
        self._sums: dict[ModelKey, tuple[int, float]] = {}
        self._used: dict[ModelKey, float] = {}
        self._unknown = {_key(step) for step in plan.steps if step.expected is None}
        self._order = [] if by_file_order else _reverse_order(plan)
        self._next_review = 1
        self._finished = 0
        self.remaining: list[float] = [0.0] * plan.graph.size
        self._rank()

    def expected(self, step: Step) -> float | None:
        """The service time to expect in seconds, None while nothing is known."""
        return step.expected if step.expected is not None else self._used.get(_key(step))

    def learn(self, step: Step, seconds: float) -> bool:
        """Note a finished step; True when the ranking changed."""
        if step.expected is not None or self._by_file_order:
            return False
        key = _key(step)
        count, total = self._sums.get(key, (0, 0.0))
        self._sums[key] = (count + 1, total + seconds)
        self._finished += 1
        # Ranking anew costs as much as the graph is big, so it is done at 1, 2, 4, 8 … finished steps
        # and at the first word on a model.
        if key in self._used and self._finished < self._next_review:
            return False
        self._next_review = 2 * self._finished
        return self._review()

    def _review(self) -> bool:
        fresh = {key: total / count for key, (count, total) in self._sums.items()}
        moved = any(
            key not in self._used or abs(mean - self._used[key]) > _WORTH * self._used[key]
            for key, mean in fresh.items()
        )
        if moved:
            self._used = fresh
            self._rank()
        return moved

    def _rank(self) -> None:
        if self._by_file_order:
            return
        own = self._own_times()
        remaining, graph = self.remaining, self._plan.graph
        count = len(own)
        for node in self._order:
            longest = 0.0
            for follower in graph.data[node]:
                if remaining[follower] > longest:
                    longest = remaining[follower]
            for follower in graph.order[node]:
                if remaining[follower] > longest:
                    longest = remaining[follower]
            remaining[node] = longest + (own[node] if node < count else 0.0)

    def _own_times(self) -> list[float]:
        if not self._unknown:
            return [step.expected or 0.0 for step in self._plan.steps]
        known = list(self._used.values()) + [s.expected for s in self._plan.steps if s.expected is not None]
        guess = sum(known) / len(known) if known else _GUESS
        used = self._used
        return [
            step.expected if step.expected is not None else used.get(_key(step), guess)
            for step in self._plan.steps
        ]


def _key(step: Step) -> ModelKey:
    return (step.provider, step.model.key, step.type)


def _reverse_order(plan: Plan) -> list[int]:
    """Nodes so that each comes after all that need it."""
    graph = plan.graph
    waiting = list(graph.waiting)
    order = [node for node, count in enumerate(waiting) if count == 0]
    for node in order:  # grows while it is walked
        for follower in graph.data[node]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                order.append(follower)
        for follower in graph.order[node]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                order.append(follower)
    order.reverse()
    return order
