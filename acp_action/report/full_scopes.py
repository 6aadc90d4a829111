"""When a run had no room for more: what tells a wait for a worker from a wait for a provider's limit."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from acp_action.engine.scopes import ScopeTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acp_action.engine.result import Attempt
    from acp_action.plan.model import Plan


class FullScopes:
    """Of each scope of a plan the times at which it had no room, from the attempts that were made.

    ``attempts``: with the group of their steps, -1 for none; times in seconds since the run started. A ready
    step waits for a worker while a scope that it stands in is full, and for nothing else than a limit while
    none is: that is how steps are admitted.
    """

    def __init__(self, plan: Plan, attempts: Iterable[tuple[int, Attempt]]) -> None:
        self._paths = ScopeTree(plan).paths
        self._full: dict[int, list[tuple[float, float]]] = defaultdict(list)
        caps = {id(scope): scope.cap for path in self._paths.values() for scope in path}
        running: Counter[int] = Counter()
        since: dict[int, float] = {}
        for at, change, group in _changes(attempts):
            for scope in map(id, self._paths[group]):
                running[scope] += change
                if running[scope] >= caps[scope]:
                    since.setdefault(scope, at)
                elif scope in since:
                    self._full[scope].append((since.pop(scope), at))

    def within(self, group: int, begin: float, end: float) -> float:
        """Seconds between two moments in which no step of this group could have been admitted.

        Scopes that are full to the end of the run are not seen: nothing began then.
        """
        full = sorted(span for scope in self._paths[group] for span in self._full[id(scope)])
        total, reached = 0.0, begin
        for start, stop in full:
            total += max(min(stop, end) - max(start, reached), 0.0)
            reached = max(reached, min(stop, end))
        return total


def _changes(attempts: Iterable[tuple[int, Attempt]]) -> Sequence[tuple[float, int, int]]:
    """Ends before starts of the same moment, because that is how a place is handed on."""
    return sorted(
        change for group, a in attempts for change in ((a.started, 1, group), (a.finished, -1, group))
    )
