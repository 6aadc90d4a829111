"""The state of a run's graph: what is settled, what is doomed, which groups are open, who hears of it.

Only the scheduler's thread touches it. Invariants: ``waiting[i]`` is the number of unsettled nodes that
node i needs; a settled step never changes; a step is handed out as ready at most once, and never when
settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from acp_action.engine.result import GroupResult, Status, StepResult, as_tuple
from acp_action.events import GroupFinished, GroupStarted, StepFinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from acp_action.artifacts import Output
    from acp_action.events import Event
    from acp_action.plan.model import Plan, Step

Note: TypeAlias = "Callable[[int, StepResult], None]"
"""Hears of each result, with its step's index."""


class GroupState:
    """A group while the run lasts; times in seconds since the run started."""

    __slots__ = ("finished", "left", "missing", "sequential", "started", "steps", "tally")

    def __init__(self, steps: int) -> None:
        self.steps = self.left = steps
        self.missing = False
        self.started = -1.0
        self.finished = 0.0
        self.sequential = 0.0
        self.tally = {"good": 0, "bad": 0, "cancelled": 0, "skipped": 0}

    @property
    def status(self) -> str:
        """``succeeded``, ``failed``, or ``skipped`` when not all of it was carried out to the end."""
        if self.tally["bad"]:
            return "failed"
        return "succeeded" if self.tally["good"] and not self.missing else "skipped"


class Board:
    """Takes results in, gives ready steps out. ``emit`` is called with events, in order.

    ``note``: told of each result with its step's index, before the event of it.
    """

    def __init__(
        self,
        plan: Plan,
        emit: Callable[[Event], None],
        note: Note | None = None,
    ) -> None:
        self._plan = plan
        self._emit = emit
        self._note = note
        self._count = len(plan.steps)
        self._waiting = list(plan.graph.waiting)
        self._doomed: dict[int, str] = {}
        self.results: list[StepResult | None] = [None] * self._count
        self.outputs: list[Output | None] = [None] * self._count
        self.unsettled = self._count
        self.groups = [GroupState(0) for _ in plan.groups]
        self._lineage = _lineages(plan)
        # By group index; the last one is what -1, the top level, finds.
        self.names = [*(group.name for group in plan.groups), ""]
        for step in plan.steps:
            for group in self._lineage[step.group]:
                self.groups[group].steps += 1
                self.groups[group].left += 1

    def settled(self, index: int) -> bool:
        """Whether the step has its result."""
        return self.results[index] is not None

    def first(self, now: float) -> list[int]:
        """The steps that wait for nothing; settles what can never start."""
        ready: list[int] = []
        free = [node for node, count in enumerate(self._waiting) if count == 0]
        self._release(self._arrive(free, now, ready), now, ready)
        return ready

    def open_groups(self, index: int, now: float) -> None:
        """Note that a step of these groups starts; tell of groups that start with it, outer first."""
        for group in reversed(self._lineage[self._plan.steps[index].group]):
            state = self.groups[group]
            if state.started < 0.0:
                state.started = now
                spec = self._plan.groups[group]
                parent = self._plan.groups[spec.parent].name if spec.parent >= 0 else ""
                self._emit(GroupStarted(now, spec.name, state.steps, parent))

    def settle(self, index: int, result: StepResult) -> list[int]:
        """Put a result up; the steps that are ready because of it."""
        self._put(index, result)
        ready: list[int] = []
        self._release([index], result.settled, ready)
        return ready

    def skip(self, indexes: Iterable[int], reason: str, now: float) -> list[int]:
        """Settle steps that will never start; the steps of elsewhere that are ready because of it."""
        skipped = [index for index in indexes if self.results[index] is None]
        for index in skipped:
            self._put(index, self._skipped(index, reason, now))
        ready: list[int] = []
        self._release(skipped, now, ready)
        return ready

    def members(self, scope: int) -> Iterable[int]:
        """All steps in a group, at any depth; -1 for all of the plan."""
        if scope < 0:
            return range(self._count)
        return [s.index for s in self._plan.steps if scope in self._lineage[s.group]]

    def stopped_by(self, index: int) -> int | None:
        """The widest scope that a failure of the step stops; -1 for all of the plan, None for none."""
        widest: int | None = None
        for scope in (*self._lineage[self._plan.steps[index].group], -1):
            fast = self._plan.groups[scope].fail_fast if scope >= 0 else self._plan.settings.fail_fast
            if not fast:
                break
            widest = scope
        return widest

    def group_results(self) -> tuple[GroupResult, ...]:
        """One for each group, in plan order."""
        return tuple(
            GroupResult(group.name, max(state.started, 0.0), state.finished, state.sequential, state.status)
            for group, state in zip(self._plan.groups, self.groups, strict=True)
        )

    # --- the graph

    def _release(self, nodes: list[int], now: float, ready: list[int]) -> None:
        """Count the nodes down at their followers. A work list, not recursion: chains are long."""
        data, order, waiting = self._plan.graph.data, self._plan.graph.order, self._waiting
        while nodes:
            node = nodes.pop()
            result = self.results[node] if node < self._count else None
            good = node not in self._doomed if result is None else result.output is not None
            if not good:
                cause = self._doomed.get(node) or self._cause(node)
                for follower in data[node]:
                    self._doomed.setdefault(follower, cause)
            arrived = []
            for follower in data[node]:
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    arrived.append(follower)
            for follower in order[node]:
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    arrived.append(follower)
            if arrived:
                nodes.extend(self._arrive(arrived, now, ready))

    def _arrive(self, nodes: list[int], now: float, ready: list[int]) -> list[int]:
        """Nodes that wait for nothing any more; those that are over at once, such as gates."""
        passed: list[int] = []
        for node in nodes:
            if node >= self._count:
                passed.append(node)
            elif self.results[node] is not None:
                continue
            elif node in self._doomed:
                self._put(node, self._skipped(node, f"because {self._doomed[node]}", now))
                passed.append(node)
            elif not self._plan.steps[node].enabled:
                self._put(node, self._skipped(node, "disabled", now))
                passed.append(node)
            else:
                ready.append(node)
        return passed

    def _cause(self, node: int) -> str:
        name = self._plan.steps[node].name
        result = self.results[node]
        status = result.status if result else Status.SKIPPED
        if status is Status.SKIPPED and not self._plan.steps[node].enabled:
            return f"'{name}' is disabled"
        return f"'{name}' {_VERBS[status]}"

    # --- results

    def _put(self, index: int, result: StepResult) -> None:
        step = self._plan.steps[index]
        self.results[index] = result
        self.outputs[index] = result.output
        self.unsettled -= 1
        if self._note is not None:
            self._note(index, result)
        output = result.output
        paths = tuple([str(f.path) for f in output.files]) if output is not None and output.files else ()
        service = result.duration
        self._emit(
            as_tuple(
                StepFinished,
                (
                    result.settled,
                    step.name,
                    result.group,
                    step.number,
                    step.total,
                    result.status,
                    service,
                    result.reason,
                    len(result.attempts),
                    paths,
                    result.cost,
                ),
            )
        )
        if step.group >= 0:
            self._count_in_groups(step, result, service)

    def _count_in_groups(self, step: Step, result: StepResult, service: float) -> None:
        status = result.status
        kind = "good" if status.good else "bad" if status.bad else status.value
        missing = step.enabled and kind != "good"
        for group in self._lineage[step.group]:
            state = self.groups[group]
            state.left -= 1
            state.missing |= missing
            state.sequential += service
            state.tally[kind] += 1
            state.finished = max(state.finished, result.settled)
            if state.left == 0 and state.started >= 0.0:
                duration = state.finished - state.started
                self._emit(
                    GroupFinished(
                        state.finished,
                        self._plan.groups[group].name,
                        state.status,
                        duration,
                        state.sequential,
                        state.tally["good"],
                        state.tally["bad"],
                        state.tally["skipped"],
                        state.tally["cancelled"],
                    )
                )

    def _skipped(self, index: int, reason: str, now: float) -> StepResult:
        step = self._plan.steps[index]
        return StepResult(
            step.name,
            step.type,
            step.model.key,
            step.provider,
            self.names[step.group],
            Status.SKIPPED,
            reason,
            settled=now,
        )


_VERBS = {
    Status.FAILED: "failed",
    Status.TIMED_OUT: "timed out",
    Status.REFUSED: "was refused",
    Status.DOUBT: "is in doubt",
    Status.CANCELLED: "was cancelled",
    Status.SKIPPED: "was skipped",
}


def _lineages(plan: Plan) -> dict[int, tuple[int, ...]]:
    """For each group, itself and the groups around it, innermost first; -1 stands for the top level."""
    lineages: dict[int, tuple[int, ...]] = {-1: ()}
    for group in plan.groups:
        lineages[group.index] = (group.index, *lineages[group.parent])
    return lineages
