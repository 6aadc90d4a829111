"""Scopes: the run, the top level and the groups a step stands in, and who waits for which of them."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
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
