"""The state behind the display: where every planned step and group stands, kept up to date by events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from acp_action.events import (
    GroupFinished,
    GroupStarted,
    LaneHeld,
    LaneReopened,
    RunFinished,
    StepFinished,
    StepParked,
    StepStarted,
    StopRequested,
)

if TYPE_CHECKING:
    from acp_action.events import Event
    from acp_action.plan.model import Plan

UNSETTLED: Final = frozenset({"waiting", "running", "parked"})


@dataclass(slots=True)
class Line:
    """One step or group on the board; times in seconds since the run started.

    ``depth``: how many groups it stands in. ``since``: when its state began. ``seconds``: what it took, once
    it is settled. ``due``: when a parked step is tried again. ``state``: waiting, running,
    parked, or a Status. ``limited``: it is parked because a provider's rate limit holds it.
    """

    name: str
    depth: int
    is_group: bool = False
    model: str = ""
    state: str = "waiting"
    since: float = 0.0
    seconds: float = 0.0
    due: float = 0.0
    attempt: int = 0
    expected: float | None = None
    reason: str = ""
    limited: bool = False
    total: int = 0
    settled: int = 0


@dataclass(slots=True)
class Board:
    """All lines in the order they are shown, and the run's own figures. Hears events; see ``render``.

    ``held``: the lanes that let nothing in, each with the moment of its next start.
    Only values change once it is made, so that another thread may render it at any time.
    """

    title: str
    lines: tuple[Line, ...]
    steps: dict[str, Line] = field(default_factory=dict)
    groups: dict[str, Line] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    running: int = 0
    settled: int = 0
    failed: int = 0
    stopping: str = ""
    held: tuple[tuple[str, float], ...] = ()
    finished: float | None = None

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case StepStarted():
                self._started(event)
            case StepParked():
                self._move(self.steps[event.step], "parked", event.at)
                self.steps[event.step].due = event.at + event.delay
                self.steps[event.step].reason = event.reason
                self.steps[event.step].limited = event.why == "rate limit"
            case LaneHeld():
                self._let_go(event.lane)
                self.held = (*self.held, (event.lane, event.at + event.delay))
            case LaneReopened():
                self._let_go(event.lane)
            case StepFinished():
                self._finished(event)
            case GroupStarted():
                self.groups[event.group].since = event.at
                self.groups[event.group].state = "running"
            case GroupFinished():
                line = self.groups[event.group]
                line.state = event.status
                line.seconds = event.duration
            case StopRequested(scope=""):
                self.stopping = event.reason
            case RunFinished():
                self.finished = event.duration
            case _:
                pass

    def _let_go(self, lane: str) -> None:
        self.held = tuple(held for held in self.held if held[0] != lane)

    def _started(self, event: StepStarted) -> None:
        line = self.steps[event.step]
        self._move(line, "running", event.at)
        line.attempt, line.expected, line.reason = event.attempt, event.expected, ""

    def _finished(self, event: StepFinished) -> None:
        line = self.steps[event.step]
        self._move(line, event.status, event.at)
        line.seconds, line.reason = event.service, event.reason
        self.settled += 1
        self.failed += event.status in ("failed", "timed_out", "refused", "doubt")
        group = event.group
        while group:
            self.groups[group].settled += 1
            group = self.parents[group]

    def _move(self, line: Line, state: str, at: float) -> None:
        self.running += (state == "running") - (line.state == "running")
        line.state, line.since = state, at


def board_of(plan: Plan) -> Board:
    """The board of a plan before its run: groups stand above their members, in file order."""
    parents = {g.name: plan.groups[g.parent].name if g.parent >= 0 else "" for g in plan.groups}
    lines = _lines_of(plan)
    return Board(
        title=plan.name,
        lines=tuple(lines),
        steps={line.name: line for line in lines if not line.is_group},
        groups={line.name: line for line in lines if line.is_group},
        parents=parents,
    )


def _lines_of(plan: Plan) -> list[Line]:
    """Plan order; a group's line comes before the first step in it, and empty groups are left out."""
    lines: list[Line] = []
    groups: dict[int, Line] = {}
    for step in plan.steps:
        chain = _ancestors(plan, step.group)
        for depth, group in enumerate(chain):
            if group not in groups:
                groups[group] = Line(plan.groups[group].name, depth, is_group=True)
                lines.append(groups[group])
            groups[group].total += 1
        lines.append(Line(step.name, len(chain), model=step.model.key))
    return lines


def _ancestors(plan: Plan, group: int) -> list[int]:
    chain: list[int] = []
    while group >= 0:
        chain.insert(0, group)
        group = plan.groups[group].parent
    return chain
