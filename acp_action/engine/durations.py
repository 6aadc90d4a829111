"""Longest remaining path first: how long each step is expected to take, and what hangs on it.

Where nothing is known of a model, it is learnt within the run from the finished steps of the same model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acp_action.plan.model import Plan

# A changed estimate is worth a new ranking only when it moved by this much.
_WORTH = 0.2
_GUESS = 1.0
# A worker is handed this much work ahead (seconds), and this many steps at the most: passing a step between
# threads costs about 0.1 ms, which counts when the step itself takes a millisecond. No call over a network
# does, so for real media a worker has one step at a time and the order of starts is exact.
_AHEAD = 0.012
_MOST = 64
# Below this (seconds) the steps are not even spread: doing them one after another is faster.
_BRIEF = 0.0003
# Finished steps of a kind before its mean is believed.
_SURE = 4


class Expectations:
    """Expected service times in seconds, and ``remaining[i]``: seconds from the start of node i to the end.

    Steps of one provider, model and type are of one ``kind``, a small number. ``at_hand[kind]``: how many
    steps of that kind a worker may hold, the running one included; 1 until the run has seen that they are
    very short.
    ``brief[kind]``: whether they take next to no time. ``by_file_order``: rank by the place in the file
    alone (a run without parallelism).
    """

    def __init__(self, plan: Plan, *, by_file_order: bool = False) -> None:
        self._plan = plan
        self._by_file_order = by_file_order
        numbers: dict[tuple[str, str, str], int] = {}
        self.kinds = [numbers.setdefault((s.provider, s.model.key, s.type), len(numbers)) for s in plan.steps]
        self._counts = [0] * len(numbers)
        self._sums = [0.0] * len(numbers)
        self._used: list[float | None] = [None] * len(numbers)
        self.brief = [False] * len(numbers)
        self.at_hand = [1] * len(numbers)
        known = [s.expected for s in plan.steps if s.expected is not None]
        self._guess = sum(known) / len(known) if known else _GUESS
        # With one kind alone, no estimate changes who goes first.
        self._matters = (
            not by_file_order and len(known) < len(plan.steps) and (len(numbers) > 1 or bool(known))
        )
        self._order = [] if by_file_order else _reverse_order(plan)
        self._next_review = 1
        self._finished = 0
        self.remaining: list[float] = [0.0] * plan.graph.size
        if not by_file_order:
            self._rank()

    def expected(self, index: int) -> float | None:
        """The service time to expect of a step in seconds, None while nothing is known."""
        own = self._plan.steps[index].expected
        return own if own is not None else self._used[self.kinds[index]]

    def learn(self, index: int, seconds: float) -> bool:
        """Note a finished step; True when the ranking changed."""
        kind = self.kinds[index]
        self._counts[kind] += 1
        self._sums[kind] += seconds
        count = self._counts[kind]
        mean = self._sums[kind] / count
        if count >= _SURE and count & (count - 1) == 0:  # at 4, 8, 16 …: a mean settles
            self.brief[kind] = mean < _BRIEF
            self.at_hand[kind] = 1 + (min(int(_AHEAD / mean), _MOST - 1) if mean > 0 else _MOST - 1)
        if self._plan.steps[index].expected is not None:
            return False
        first = self._used[kind] is None
        if first:
            self._used[kind] = mean
        return self._matters and self._review(first=first)

    def _review(self, *, first: bool) -> bool:
        """Rank anew, which costs as the graph is big: at a first word, and at 1, 2, 4, 8 … ends."""
        self._finished += 1
        if not first and self._finished < self._next_review:
            return False
        self._next_review = 2 * self._finished
        fresh = [
            total / count if count else None for total, count in zip(self._sums, self._counts, strict=True)
        ]
        moved = first or any(
            old is not None and new is not None and abs(new - old) > _WORTH * old
            for old, new in zip(self._used, fresh, strict=True)
        )
        if moved:
            self._used = fresh
            self._rank()
        return moved

    def _rank(self) -> None:
        own = self._own_times()
        remaining, data, order = self.remaining, self._plan.graph.data, self._plan.graph.order
        for node in self._order:
            longest = 0.0
            for follower in data[node]:
                if remaining[follower] > longest:
                    longest = remaining[follower]
            for follower in order[node]:
                if remaining[follower] > longest:
                    longest = remaining[follower]
            remaining[node] = longest + own[node]

    def _own_times(self) -> list[float]:
        usual = [self._guess if used is None else used for used in self._used]
        own = [
            usual[kind] if step.expected is None else step.expected
            for step, kind in zip(self._plan.steps, self.kinds, strict=True)
        ]
        return own + [0.0] * (self._plan.graph.size - len(own))


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
