"""Plain graph work on integer nodes: a stable topological order, a cycle as a path, ancestors."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def topological_order(needs: Sequence[Iterable[int]]) -> list[int]:
    """Nodes so that each comes after what it needs, lowest index first; nodes on a cycle are left out.

    >>> topological_order([[2], [], []])
    [1, 2, 0]
    """
    followers: list[list[int]] = [[] for _ in needs]
    waiting = [0] * len(needs)
    for node, sources in enumerate(needs):
        for source in sources:
            followers[source].append(node)
            waiting[node] += 1
    ready = [node for node, count in enumerate(waiting) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        node = heappop(ready)
        order.append(node)
        for follower in followers[node]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heappush(ready, follower)
    return order


def find_cycle(needs: Sequence[Iterable[int]]) -> list[int]:
    """One cycle as a path whose first and last node are the same; empty when there is none.

    Each node of the path needs the next one.

    >>> find_cycle([[1], [2], [0], [0]])
    [0, 1, 2, 0]
    """
    stuck = set(range(len(needs))) - set(topological_order(needs))
    if not stuck:
        return []
    # Every stuck node needs another stuck node or leads out of a cycle, so walking on must come round.
    path: list[int] = []
    at: dict[int, int] = {}
    node = min(stuck)
    while node not in at:
        at[node] = len(path)
        path.append(node)
        node = min(source for source in needs[node] if source in stuck)
    return [*path[at[node] :], node]


def ancestors(needs: Sequence[Iterable[int]], targets: Iterable[int]) -> set[int]:
    """The targets and everything they need, directly or not."""
    seen = set(targets)
    stack = list(seen)
    while stack:
        for source in needs[stack.pop()]:
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return seen
