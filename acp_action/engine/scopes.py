"""Admission: the run, the top level, groups and lanes a step stands in, and who waits for which of them."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

from acp_action.engine.throttle import UNCOUNTED, Ticket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.engine.throttle import Lane
    from acp_action.plan.model import Plan

Rank: TypeAlias = tuple[float, int]
"""Who goes first: the smallest. Minus the remaining path in seconds, then the step's index."""


class Scope:
    """Something with room for ``cap`` steps at once. ``waiters`` are ready steps that found it full."""

    __slots__ = ("cap", "running", "waiters")

    def __init__(self, cap: float) -> None:
        self.cap = cap
        self.running = 0
        self.waiters: list[Rank] = []

    def park(self, rank: Rank) -> None:
        """Let a step wait here."""
        heappush(self.waiters, rank)

    def next_waiter(self) -> Rank | None:
        """The first in rank, if there is room for it."""
        return heappop(self.waiters) if self.waiters and self.running < self.cap else None


class Gate:
    """The lanes that a step's provider stands behind, and the steps that wait for them.

    Several lanes act as one: the shared lane of the provider, and this run's own pace.
    """

    __slots__ = ("_own", "_shared", "lanes", "number", "waiters", "wake_at")

    def __init__(self, number: int, lanes: Sequence[Lane]) -> None:
        self.number = number
        self.lanes = tuple(lanes)
        self._shared, *self._own = lanes
        self.waiters: list[Rank] = []
        self.wake_at = math.inf

    def park(self, rank: Rank) -> None:
        """Let a step wait here."""
        heappush(self.waiters, rank)

    def try_admit(self, now: float) -> tuple[Ticket, ...] | float:
        """A ticket of each lane, or the moment to ask again (``inf``: when something comes back).

        No ticket at all means that nothing limits the provider, and nothing is counted.

        Only the first lane is shared with other runs, so what the others say cannot change in between.
        """
        if not self._own:
            only = self._shared.try_admit(now)
            if only is UNCOUNTED:
                return ()
            return only if isinstance(only, float) else (only,)
        for own in self._own:
            opening = own.next_opening(now)
            if opening > now:
                return opening
        first = self._shared.try_admit(now)
        if isinstance(first, float):
            return first
        rest = (lane.try_admit(now) for lane in self._own)
        return (first, *(ticket for ticket in rest if isinstance(ticket, Ticket)))

    def next_waiter(self) -> Rank | None:
        """The first in rank."""
        return heappop(self.waiters) if self.waiters else None


class ScopeTree:
    """The scopes of a plan: ``paths[group]`` from the innermost outward; -1 for steps of no group."""

    def __init__(self, plan: Plan) -> None:
        settings = plan.settings
        cap = 1.0 if not settings.parallel else math.inf
        if settings.worker_cap is not None:
            cap = min(cap, settings.worker_cap)
        self.run = Scope(cap)
        self.groups = [Scope(group.max_workers) for group in plan.groups]
        # Steps outside of groups count as one group of their own: it matters in dataflow only.
        self.paths: dict[int, tuple[Scope, ...]] = {-1: (Scope(settings.max_workers), self.run)}
        for group in plan.groups:
            outer = self.paths[group.parent] if group.parent >= 0 else (self.run,)
            self.paths[group.index] = (self.groups[group.index], *outer)


def capacity(plan: Plan) -> int:
    """How many steps can run at once at the most: what the caps allow and the file's order makes possible."""
    loose = sum(1 for step in plan.steps if step.group < 0)
    groups = [_group_capacity(plan, g.index) for g in plan.groups if g.parent < 0]
    settings = plan.settings
    if not settings.parallel:
        most = 1
    elif settings.schedule == "ordered":
        most = max([min(loose, 1), *groups], default=0)
    else:
        most = min(loose, settings.max_workers) + sum(groups)
    if settings.worker_cap is not None:
        most = min(most, settings.worker_cap)
    return max(most, 1)


def _group_capacity(plan: Plan, index: int) -> int:
    group = plan.groups[index]
    inner = sum(_group_capacity(plan, child) for child in group.groups)
    return min(group.max_workers, len(group.members) + inner)
