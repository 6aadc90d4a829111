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


def find_cycles(needs: Sequence[Iterable[int]]) -> list[list[int]]:
    """Cycles as paths whose first and last node are the same, no two of which share a node.

    Each node of a path needs the next one. Taking all of them away leaves a graph without cycles.

    >>> find_cycles([[1], [2], [0], [0], [4]])
    [[0, 1, 2, 0], [4, 4]]
    """
    followers: list[list[int]] = [[] for _ in needs]
    waiting = [0] * len(needs)
    for node, sources in enumerate(needs):
        for source in sources:
            followers[source].append(node)
            waiting[node] += 1
    left = set(range(len(needs)))
    free = [node for node, count in enumerate(waiting) if count == 0]
    cycles = []
    _take_away(free, left, followers, waiting)
    for start in range(len(needs)):
        while start in left:
            free = _walk_round(needs, left, start)
            cycles.append([*free, free[0]])
            _take_away(free, left, followers, waiting)
    return cycles


def _take_away(
    free: list[int], left: set[int], followers: Sequence[Sequence[int]], waiting: list[int]
) -> None:
    """Take nodes out of ``left``, and all that then need nothing that is left."""
    while free:
        node = free.pop()
        if node not in left:
            continue
        left.remove(node)
        for follower in followers[node]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                free.append(follower)


def _walk_round(needs: Sequence[Iterable[int]], left: set[int], node: int) -> list[int]:
    """A cycle that a node is on or leads to; every node that is left needs one, so walking on comes round."""
    path: list[int] = []
    at: dict[int, int] = {}
    while node not in at:
        at[node] = len(path)
        path.append(node)
        node = min(source for source in needs[node] if source in left)
    return path[at[node] :]


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
