"""run_plan: puts a plan, providers, a publisher and listeners together and carries the plan out."""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from acp_action.engine.cancel import StopSwitch
from acp_action.engine.clock import SystemClock
from acp_action.engine.crew import ThreadCrew
from acp_action.engine.durations import Expectations
from acp_action.engine.gates import ways_of
from acp_action.engine.outcome import Stop
from acp_action.engine.request import Origin, RunContext
from acp_action.engine.result import RunResult
from acp_action.engine.scheduler import Scheduler
from acp_action.engine.scopes import capacity
from acp_action.engine.throttle import Lanes
from acp_action.engine.verdict import Patience
from acp_action.engine.worker import make_performer
from acp_action.events import RunFinished, RunStarted, StopRequested

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.engine.board import Note
    from acp_action.engine.clock import Clock
    from acp_action.engine.crew import Crew
    from acp_action.engine.paid import Books
    from acp_action.engine.result import StepResult
    from acp_action.engine.worker import Publisher
    from acp_action.events import Event, Listener
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Provider

_log = logging.getLogger(__name__)
_SHARED = Lanes()


def process_lanes(clock: Clock) -> Lanes:
    """The lanes of this process, which all its runs share."""
    _SHARED.wall = clock.wall() - clock.now()
    return _SHARED


class Announcer:
    """Tells listeners; one that raises is detached, and its name kept for the report, as stops are."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = list(listeners)
        self.detached: list[str] = []
        self.stops: list[StopRequested] = []

    def __call__(self, event: Event) -> None:
        """Tell every listener, in order."""
        if isinstance(event, StopRequested):
            self.stops.append(event)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - whatever a listener does, the run goes on
                # A new list: this one is being walked.
                self._listeners = [kept for kept in self._listeners if kept is not listener]
                self._detached(listener, error)

    def noting(self, note: Note | None) -> Note | None:
        """The same, until it raises: then it is named as a listener is, and told nothing more."""
        if note is None:
            return None
        notes = [note]

        def noted(index: int, result: StepResult) -> None:
            if notes:
                try:
                    notes[0](index, result)
                except Exception as error:  # noqa: BLE001 - as above
                    self._detached(notes.pop(), error)

        return noted

    def _detached(self, listener: Any, error: Exception) -> None:
        name = getattr(listener, "__qualname__", type(listener).__qualname__)
        self.detached.append(f"{name}: {type(error).__name__}: {error}")
        _log.warning("listener %s failed and was detached: %s", name, error)


def run_plan(
    plan: Plan,
    *,
    providers: Mapping[str, Provider],
    publisher: Publisher,
    books: Books | None = None,
    listeners: Sequence[Listener] = (),
    note: Note | None = None,
    stop: StopSwitch | None = None,
    lanes: Lanes | None = None,
    crew: Crew | None = None,
    clock: Clock | None = None,
    seed: int | None = None,
    patience: Patience | None = None,
    rng: random.Random | None = None,
) -> RunResult:
    """Carry a plan out on the calling thread's watch; returns when every step is settled.

    ``providers``: by name, all that the plan uses. ``lanes``: the limits shared with other runs (default:
    those of the process). ``crew``: who does the work (default: threads). ``seed``: for ``{{random}}`` and
    the jitter (default: fresh), or ``rng`` itself. ``books``: where paid work is written down, so that a
    stopped run can be taken up again (default: nowhere). ``note``: told of each step's index and result, on
    the thread of the listeners and bound like them. Step failures are results, not exceptions; only bugs and
    KeyboardInterrupt raise.
    """
    clock = clock or SystemClock()
    crew = crew or ThreadCrew()
    stop = stop or StopSwitch()
    rng = rng or random.Random(seed)  # noqa: S311 - jitter, not secrets
    announce = Announcer(listeners)
    wall = clock.wall()
    scheduler = Scheduler(
        plan,
        crew=crew,
        clock=clock,
        rng=rng,
        ways=ways_of(plan, lanes or process_lanes(clock), providers),
        expectations=Expectations(plan, by_file_order=not plan.settings.parallel),
        emit=announce,
        patience=patience or Patience(rate_limit=plan.settings.max_rate_limit_wait),
        made_before=books.journal.made_before if books is not None else frozenset(),
        note=announce.noting(note),
    )
    origin = (books.origin if books is not None else None) or new_origin(wall, rng)
    context = RunContext(plan, origin.timestamp, origin.seed, scheduler.board.outputs)
    crew.open(make_performer(context, providers, publisher, books, crew.post), clock)
    workers = capacity(plan)

    def tell(reason: str) -> None:
        crew.post(Stop(reason, resumable=books is not None))

    stop.attach(tell)
    try:
        begin = clock.now()
        announce(RunStarted(0.0, plan.name, len(plan.steps), workers, wall))
        scheduler.run(begin)
        duration = clock.now() - begin
    finally:
        stop.detach(tell)
    return _finish(plan, scheduler, announce, duration=duration, wall=wall, workers=workers)


def _finish(plan: Plan, scheduler: Scheduler, announce: Announcer, **figures: Any) -> RunResult:
    results = tuple(result for result in scheduler.board.results if result is not None)
    run = RunResult(
        plan=plan,
        steps=results,
        groups=scheduler.board.group_results(),
        total_duration=figures["duration"],
        started_wall=figures["wall"],
        workers=figures["workers"],
        stopped=scheduler.stopped,
        stops=tuple(announce.stops),
    )
    status = "succeeded" if run.success else "stopped" if run.stopped else "failed"
    took, sequential = run.total_duration, run.sequential_estimate
    announce(RunFinished(took, status, took, sequential, sequential / took if took > 0 else 1.0))
    return run if not announce.detached else _with_detached(run, announce.detached)


def _with_detached(run: RunResult, detached: Sequence[str]) -> RunResult:
    from dataclasses import replace

    return replace(run, detached=tuple(detached))


def new_origin(wall: float, rng: random.Random) -> Origin:
    """The origin of a run that takes no other one up; ``wall``: seconds since the epoch."""
    return Origin(datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), rng.getrandbits(64))
