"""The state behind the display: where every planned step and group stands, kept up to date by events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.engine.scopes import capacity
from acp_action.events import (
    GroupFinished,
    GroupStarted,
    LaneHeld,
    LaneReopened,
    RunFinished,
    StepFinished,
    StepParked,
    StepProgressed,
    StepStarted,
    StopRequested,
)
from acp_action.progress.outlook import Outlook
from acp_action.progress.ready import Ready
from acp_action.redaction import redact
from acp_action.report.cells import cells, steady
from acp_action.report.escape import one_line
from acp_action.report.lines import whereabouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.events import Event
    from acp_action.plan.model import Plan

UNSETTLED: Final = frozenset({"waiting", "running", "parked"})
INDENT: Final = "  "
"""What a row is moved to the right for each group it stands in, and by for itself."""
BAD: Final = frozenset({"failed", "timed_out", "refused", "doubt"})


@dataclass(slots=True)
class Line:
    """One step or group on the board; times in seconds since the run started.

    ``depth``: how many groups it stands in. ``since``: when its state began. ``seconds``: what it took, once
    it is settled. ``due``: when a parked step is tried again, and ``why``: ``rate limit`` or ``retry``.
    ``state``: waiting, running, parked, or a Status. ``key``: its name in the plan; ``name``: as it is
    shown, ``wide`` cells. ``where``: how its work is doing at the provider, where that is worth a word.
    ``home``: its place on the board, or that of the group it stands in. Of a group: ``total`` steps are in
    it, of which ``settled``, ``running``, ``parked`` and ``failed`` are that, and ``room`` may run at once.
    """

    key: str
    name: str
    depth: int
    is_group: bool = False
    model: str = ""
    provider: str = ""
    wide: int = 0
    home: int = 0
    worker: int = 0
    state: str = "waiting"
    since: float = 0.0
    seconds: float = 0.0
    due: float = 0.0
    why: str = ""
    attempt: int = 0
    expected: float | None = None
    reason: str = ""
    where: str = ""
    total: int = 0
    room: int = 0
    settled: int = 0
    running: int = 0
    parked: int = 0
    failed: int = 0

    def count(self, settled: int) -> str:
        """So many of a group's steps, as it is told; empty for a step."""
        return f"{settled} of {self.total}" if self.is_group else ""


class Widths(NamedTuple):
    """Cells of the longest name with its indent, and of the longest model or count; the same at all times."""

    names: int = 0
    middles: int = 0


class Held(NamedTuple):
    """A provider that lets nothing in: how many steps wait for it, and when the next may start."""

    waiting: int
    due: float


@dataclass(slots=True)
class Board:
    """All lines in the order they are shown, and the run's own figures. Hears events; see ``render``.

    ``room``: how many steps may run at once. Another thread may render it at any time: no line comes or goes
    once it is made, and what does, such as ``held``, is looked up or copied at one stroke. A picture may show
    half of an event; the next one shows all of it.
    """

    title: str
    lines: tuple[Line, ...]
    outlook: Outlook
    ready: Ready
    room: int
    widths: Widths
    steps: dict[str, Line] = field(default_factory=dict)
    groups: dict[str, Line] = field(default_factory=dict)
    chains: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    running: int = 0
    settled: int = 0
    failed: int = 0
    cost: float = 0.0
    stopping: str = ""
    finished: float | None = None

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case StepStarted():
                self._started(event)
            case StepProgressed():
                self._progressed(event)
            case StepParked():
                self._parked(event)
            case StepFinished():
                self._finished(event)
            case LaneHeld():
                self.held[event.lane] = Held(event.waiting, event.at + event.delay)
                self.outlook.held(event.lane.partition(" ")[0])
            case LaneReopened():
                self.held.pop(event.lane, None)
            case GroupStarted() | GroupFinished():
                self._group(event)
            case StopRequested(scope=""):
                self.stopping = redact(event.reason)
            case RunFinished():
                self.finished = event.duration
                self.held.clear()

    def left(self, now: float) -> float | None:
        """Seconds that the rest of the run takes as far as can be said, None where it cannot."""

        def state(name: str) -> tuple[str, float]:
            line = self.steps[name]
            if line.state == "parked":
                return line.state, line.due - now
            # What is expected is counted from when the work begins.
            return line.state, 0.0 if line.where else now - line.since

        return None if self.finished is not None or self.stopping else self.outlook.left(state, now)

    def kept_back(self, now: float) -> dict[str, int]:
        """How many steps each provider keeps waiting that could start as far as steps and workers go."""
        if self.finished is not None or self.stopping or self.running >= self.room:
            return {}
        # The state is looked at here already: most steps are settled, and there may be ten thousand.
        return Counter(
            line.provider
            for line in self.steps.values()
            if line.state in ("waiting", "parked") and self.is_kept_back(line, now)
        )

    def is_kept_back(self, line: Line, now: float) -> bool:
        """Whether nothing but its provider keeps a step waiting."""
        if line.state == "parked":
            return line.why == "rate limit" or (line.due <= now and line.provider in self.held)
        return (
            line.state == "waiting"
            and line.key in self.ready.steps
            and (line.provider in self.held or self.ready.is_still(line.provider, now))
            and all(group.running < group.room for group in self.chains[line.key])
        )

    def _started(self, event: StepStarted) -> None:
        line = self.steps[event.step]
        self._move(line, "running", event.at)
        # As the time that is left is reckoned, so that the two agree.
        line.attempt, line.expected, line.reason = event.attempt, self.outlook.expected(event.step), ""
        line.worker, line.where = event.worker, ""
        self.outlook.began(line.provider, event.at)
        self.ready.moved(line.provider, event.at)

    def _progressed(self, event: StepProgressed) -> None:
        line = self.steps[event.step]
        line.where = "" if event.what == "begun" else whereabouts(event)
        if event.what == "queued":
            busy = sum(
                s.state == "running" and not s.where
                for s in self.steps.values()
                if s.provider == line.provider
            )
            self.outlook.queued(line.provider, busy)

    def _parked(self, event: StepParked) -> None:
        line = self.steps[event.step]
        self._move(line, "parked", event.at)
        line.due, line.reason, line.why = event.at + event.delay, redact(event.reason), event.why
        if event.why == "rate limit":
            self.outlook.refused(line.provider)

    def _group(self, event: GroupStarted | GroupFinished) -> None:
        line = self.groups[event.group]
        if isinstance(event, GroupStarted):
            line.state, line.since = "running", event.at
        else:
            line.state, line.seconds = event.status, event.duration

    def _finished(self, event: StepFinished) -> None:
        line = self.steps[event.step]
        self._move(line, event.status, event.at)
        line.seconds, line.reason = event.service, redact(event.reason)
        self.settled += 1
        self.cost += event.cost or 0.0
        failed = event.status in BAD
        self.failed += failed
        for group in self.chains[event.step]:
            group.settled += 1
            group.failed += failed
        self.ready.settled(event.step, event.at)
        if event.status == "succeeded":
            self.outlook.learn(event.step, event.service)

    def _move(self, line: Line, state: str, at: float) -> None:
        running = (state == "running") - (line.state == "running")
        parked = (state == "parked") - (line.state == "parked")
        self.running += running
        for group in self.chains[line.key]:
            group.running += running
            group.parked += parked
        line.state, line.since = state, at


def board_of(plan: Plan) -> Board:
    """The board of a plan before its run: groups stand above their members, in file order."""
    lines: list[Line] = []
    groups: dict[int, Line] = {}
    steps: dict[str, Line] = {}
    chains: dict[str, tuple[Line, ...]] = {}
    for step in plan.steps:
        ancestors = _ancestors(plan, step.group)
        for depth, index in enumerate(ancestors):
            if index not in groups:
                group = plan.groups[index]
                groups[index] = _line(group.name, depth, len(lines), is_group=True, room=group.max_workers)
                lines.append(groups[index])
            groups[index].total += 1
        home = groups[step.group].home if step.group >= 0 else len(lines)
        steps[step.name] = line = _line(
            step.name, len(ancestors), home, model=one_line(step.model.key), provider=step.provider
        )
        lines.append(line)
        chains[step.name] = tuple(groups[index] for index in ancestors)
    names = {plan.groups[index].name: line for index, line in groups.items()}
    outlook, ready = Outlook(plan), Ready(plan)
    title = one_line(steady(plan.name))
    return Board(title, tuple(lines), outlook, ready, capacity(plan), _widths_of(lines), steps, names, chains)


def _widths_of(lines: Sequence[Line]) -> Widths:
    return Widths(
        max((line.wide + len(INDENT) * line.depth for line in lines), default=0),
        max((len(line.count(line.total)) or cells(line.model) for line in lines), default=0),
    )


def _line(name: str, depth: int, home: int, **rest: Any) -> Line:
    shown = one_line(steady(name))
    return Line(name, shown, depth, wide=cells(shown), home=home, **rest)


def _ancestors(plan: Plan, group: int) -> list[int]:
    chain: list[int] = []
    while group >= 0:
        chain.insert(0, group)
        group = plan.groups[group].parent
    return chain
