"""How long a run may still take: from what is expected of its steps, and what the finished ones took."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.engine.scopes import capacity
from acp_action.plan.graph import topological_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.plan.model import Plan, Step

_LEFT_WHEN_LATE = 0.1
"""A step is taken to need this part of its time at the least, however near its end should be."""

_LATER: Final = 0.5
"""What is late becomes later: this part of the time that it is late by."""

_UNSETTLED: Final = frozenset({"waiting", "running", "parked"})


class Took(NamedTuple):
    """What steps of a kind took together; ``of_expected`` seconds were taken where ``expected`` were."""

    ended: int = 0
    seconds: float = 0.0
    of_expected: float = 0.0
    expected: float = 0.0

    def and_one(self, seconds: float, expected: float | None) -> Took:
        """With one more."""
        known = (0.0, 0.0) if expected is None else (seconds, expected)
        return Took(
            self.ended + 1, self.seconds + seconds, self.of_expected + known[0], self.expected + known[1]
        )


class Pace(NamedTuple):
    """How many steps a provider has taken since it was first sent one; seconds as in events.

    ``is_limit``: whether it lets in no more. ``at_once``: how many it was seen to work on while others of
    this run waited in its queue, 0 where none did.
    """

    first: float = math.inf
    steps: int = 0
    is_limit: bool = False
    at_once: int = 0

    def for_more(self, waiting: int, work: float, now: float) -> float:
        """Seconds until it has taken so many, or done so much, where its limit or queue decides that."""
        taken = waiting * (now - self.first) / self.steps if self.is_limit and self.steps > 0 else 0.0
        return max(taken, work / self.at_once if self.at_once else 0.0)


_NEVER: Final = Took()
_UNSENT: Final = Pace()


class Outlook:
    """What is left to do. ``learn`` what steps took; ``left`` says how long the rest takes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._steps = tuple(step for step in plan.steps if step.enabled)
        self._kinds = [(step.provider, step.model.key, step.type) for step in plan.steps]
        self._took: defaultdict[tuple[str, str, str], Took] = defaultdict(Took)
        self._all = Took()
        self._paces: dict[str, Pace] = defaultdict(Pace)
        self._index = {step.name: step.index for step in plan.steps}
        # Backwards, each node with those behind it.
        self._order = [
            (node, (*plan.graph.data[node], *plan.graph.order[node])) for node in reversed(_node_order(plan))
        ]
        self._entries = _entries(plan)
        self._capacity = capacity(plan)

    def learn(self, step: str, seconds: float) -> None:
        """Note what a finished step took."""
        index = self._index[step]
        kind, expected = self._kinds[index], self._plan.steps[index].expected
        self._took[kind] = self._took[kind].and_one(seconds, expected)
        self._all = self._all.and_one(seconds, expected)

    def began(self, provider: str, at: float) -> None:
        """Note that a provider was sent a step."""
        pace = self._paces[provider]
        self._paces[provider] = pace._replace(first=min(pace.first, at), steps=pace.steps + 1)

    def refused(self, provider: str) -> None:
        """Note that a provider did not take a step for now."""
        pace = self._paces[provider]
        self._paces[provider] = pace._replace(steps=pace.steps - 1)

    def held(self, provider: str) -> None:
        """Note that a provider's limit holds its steps: from then on its pace counts."""
        self._paces[provider] = self._paces[provider]._replace(is_limit=True)

    def queued(self, provider: str, at_once: int) -> None:
        """Note that a provider works on so many steps, and lets another wait."""
        pace = self._paces[provider]
        self._paces[provider] = pace._replace(at_once=max(pace.at_once, at_once))

    def expected(self, name: str) -> float | None:
        """Seconds of a step: what is known of its model, corrected by what others of its kind have taken.

        Where nothing is known of the model, what others of its kind, or any, have taken.
        """
        return self._expected(self._plan.steps[self._index[name]])

    def _expected(self, step: Step) -> float | None:
        took = self._took.get(self._kinds[step.index], _NEVER)
        if step.expected is not None:
            known = took.expected + step.expected
            return step.expected * (took.of_expected + step.expected) / known if known else 0.0
        took = took if took.ended else self._all
        return took.seconds / took.ended if took.ended else None

    def left(self, state: Callable[[str], tuple[str, float]], now: float = 0.0) -> float | None:
        """Seconds that the rest takes, None while too little is known.

        ``state(name)``: waiting, running, parked, or anything else for a settled step; and the seconds that a
        running one has been worked on, or until a parked one is tried again.
        """
        rest = [0.0] * self._plan.graph.size
        waiting, work = Counter[str](), defaultdict[str, float](float)
        alike: dict[object, float | None] = {}
        for step in self._steps:
            is_now, moment = state(step.name)
            if is_now not in _UNSETTLED:
                continue
            kind = (self._kinds[step.index], step.expected)
            if kind not in alike:
                alike[kind] = self._expected(step)
            expected = alike[kind]
            if expected is None:
                return None
            if is_now == "running":
                rest[step.index] = _rest(expected, moment)
            else:
                rest[step.index] = expected + (max(moment, 0.0) if is_now == "parked" else 0.0)
                waiting[step.provider] += 1
            work[step.provider] += rest[step.index]
        # Nothing is put in here: this may be another thread than the one that takes notes.
        paced = (
            self._paces.get(name, _UNSENT).for_more(waiting[name], more, now) for name, more in work.items()
        )
        return max(self._longest(rest), self._by_room(rest), *paced, 0.0)

    def _longest(self, rest: Sequence[float]) -> float:
        """Along the longest path, with any number of workers."""
        until = list(rest)
        for node, after in self._order:
            if after:
                until[node] += max([until[follower] for follower in after])
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


def _rest(expected: float, done: float) -> float:
    return max(expected - done, expected * _LEFT_WHEN_LATE, (done - expected) * _LATER)


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
