"""Who may start: ready steps in order of rank, what is in their way, and the workers who take them.

A step is admitted when every scope it stands in has room and its provider's lanes let it through; else it
waits in the list of the first thing in its way. Whatever makes room promotes the first of that list, which
competes again by rank with all that is ready; one that goes elsewhere passes its place on, so that no room
stays unused.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from acp_action.engine.cancel import CancelToken
from acp_action.engine.crew import Job
from acp_action.engine.gates import Gates
from acp_action.engine.record import started
from acp_action.engine.scopes import ScopeTree
from acp_action.engine.track import THROTTLE, WORKER, Track, rank_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from acp_action.engine.board import Board
    from acp_action.engine.clock import Clock
    from acp_action.engine.crew import Crew
    from acp_action.engine.durations import Expectations
    from acp_action.engine.gates import Gate, Ways
    from acp_action.engine.outcome import Closed
    from acp_action.engine.scopes import Rank, Scope
    from acp_action.engine.throttle import Ticket
    from acp_action.engine.verdict import End
    from acp_action.events import Event
    from acp_action.plan.model import Plan, Step


class Admission:
    """Owns the steps that are ready or running, and the workers; told of ends by the scheduler.

    ``begin``: the moment that counts as the run's start. ``first_deadline``: no running attempt's is earlier.
    ``on_wait(moment, gate)``: called when a gate is to be asked again at a moment. ``most_wait``: seconds
    that a step waits for a lane that is closed. ``made_before``: steps whose results may be there already;
    looking for them asks no provider, so no lane holds it up.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        crew: Crew,
        clock: Clock,
        ways: Ways,
        expectations: Expectations,
        board: Board,
        emit: Callable[[Event], None],
        on_wait: Callable[[float, Gate], None],
        most_wait: float,
        made_before: frozenset[str] = frozenset(),
    ) -> None:
        self._made_before = made_before
        self._steps = plan.steps
        self._crew = crew
        self.clock = clock
        self._expectations = expectations
        self._board = board
        self._send = emit
        self._on_wait = on_wait
        self._tree = ScopeTree(plan)
        self.lanes = Gates(ways, plan.steps, emit, most_wait)
        self._gates = self.lanes.of_step
        self.begin = 0.0
        # Steps that can never start, for the scheduler to settle.
        self.turned_away: list[tuple[int, End]] = []
        self.first_deadline = math.inf
        self.tracks: dict[int, Track] = {}  # of steps that are ready or further, and not settled
        self.running: set[int] = set()
        self._ready: list[Rank] = []
        self._origins: dict[int, Scope | Gate] = {}  # of ready steps: the waiting list they were taken from
        self._idle: list[int] = []
        self._held: list[tuple[Scope, ...]] = []  # by worker: the scopes it has a place in
        self._hands: list[int] = []  # by worker: how many jobs it has
        self._last: list[int] = []  # by worker: the step it was handed last
        self._short: dict[int, None] = {}  # workers that may be handed more, each once

    def add(self, indexes: Iterable[int], now: float) -> None:
        """Take in steps whose needs were settled at ``now``."""
        remaining = self._expectations.remaining
        for index in indexes:
            self.tracks[index] = Track(now)
            heappush(self._ready, rank_of(remaining[index], index))

    def again(self, index: int, now: float) -> None:
        """Take in a step whose wait between attempts is over."""
        self.tracks[index].turn(WORKER, now)
        heappush(self._ready, rank_of(self._expectations.remaining[index], index))

    def may_be_there(self, index: int) -> bool:
        """Whether an earlier run may have made this step, and nobody has looked for it yet."""
        step, track = self._steps[index], self.tracks.get(index)
        return step.name in self._made_before and step.enabled and (track is None or not track.looked)

    def ask_after_all(self, index: int, now: float) -> None:
        """Take in a step that was looked for and not found, as if nobody had looked."""
        track = self.tracks[index]
        track.looked, track.look_only, track.running, track.attempt = True, False, False, 0
        self.running.discard(index)
        self.again(index, now)

    def dispatch(self) -> None:
        """Start all that can start."""
        ready, tracks, origins = self._ready, self.tracks, self._origins
        while ready:
            rank = heappop(ready)
            track = tracks.get(rank[1])
            origin = origins.pop(rank[1], None) if origins else None
            blocker = None
            if track is not None:  # else it was settled while it stood here
                blocker = self._admit(rank[1], track)
                if blocker is not None:
                    blocker.park(rank)
            # One that came from a waiting list and did not go back to it leaves its place to the next there.
            if origin is not None and origin is not blocker:
                self.promote(origin)
        # What waits now waits for room: workers that are through in a moment get their next step beforehand.
        for worker in self._short:
            jobs = self._more_for(worker) if self._hands[worker] > 0 else []
            if jobs:
                self._crew.start(jobs, worker)
        self._short.clear()

    def promote(self, place: Scope | Gate) -> None:
        """Let the first that waits here try again."""
        rank = place.next_waiter()
        if rank is not None:
            self._origins[rank[1]] = place
            heappush(self._ready, rank)

    def free(self, worker: int) -> None:
        """One job less in the worker's hands; with none left it is idle and gives back its places."""
        self._hands[worker] -= 1
        if self._hands[worker] == 0:
            heappush(self._idle, worker)
            self._give_back(worker)
        else:
            self._short[worker] = None

    def lose(self, worker: int) -> None:
        """The worker does not come back: its places are given back, itself only when it does."""
        self._give_back(worker)

    def close_account(self, index: int, outcome: Closed) -> End:
        """Nothing more goes to this step's provider or model; steps of it that do not run are turned away.

        Returns how they end, and this one too.
        """
        end = self.lanes.close(index, outcome)
        for other, track in self.tracks.items():
            if other == index or track.running or self.lanes.of_step[other].end is not end:
                continue
            if not self.may_be_there(other):
                self.turned_away.append((other, end))
        return end

    def announce(self, index: int, attempt: int, worker: int, now: float) -> None:
        """Tell that an attempt has started."""
        step, expected = self._steps[index], self._expectations.expected(index)
        group = self._board.names[step.group]
        self._send(started(step, group, now - self.begin, attempt, worker, expected))

    def rank_anew(self) -> None:
        """Sort all that waits by what the remaining paths are now."""
        remaining = self._expectations.remaining
        scopes = {id(scope): scope for path in self._tree.paths.values() for scope in path}
        for heap in (
            self._ready,
            *(s.waiters for s in scopes.values()),
            *(g.waiters for g in self.lanes.every),
        ):
            heap[:] = [rank_of(remaining[index], index) for _, index in heap]
            heapify(heap)

    # --- one step

    def _admit(self, index: int, track: Track) -> Scope | Gate | None:
        """Start the step, or say what is in its way."""
        step = self._steps[index]
        now = self.clock.now()
        path = self._tree.paths[step.group]
        for scope in path:
            if scope.running >= scope.cap:
                track.turn(WORKER, now)
                return scope
        gate = self._gates[index]
        track.look_only = self.may_be_there(index)
        if gate.end is not None and not track.look_only:
            self.turned_away.append((index, gate.end))
            return None
        tickets = () if track.look_only else gate.try_admit(now)
        if isinstance(tickets, float):
            track.turn(THROTTLE, now)
            if (end := gate.hopeless(track, tickets, now, self.lanes.most)) is not None:
                self.turned_away.append((index, end))
                return None
            self._on_wait(tickets, gate)
            return gate
        if gate.told_at is not None:
            self.lanes.passed(gate, now)
        for scope in path:
            scope.running += 1
        worker = self._take_worker(path)
        jobs = [self._begin(index, step, track, now, worker, tickets)]
        kind = self._expectations.kinds[index]
        if self._expectations.brief[kind]:
            jobs += self._more_for(worker)
        elif self._expectations.at_hand[kind] > 1:
            self._short[worker] = None
        self._crew.start(jobs, worker)
        return None

    def _begin(
        self, index: int, step: Step, track: Track, now: float, worker: int, tickets: tuple[Ticket, ...]
    ) -> Job:
        if track.phase != WORKER:
            track.turn(WORKER, now)
        if track.attempt == 0:
            track.deadline = now + step.timeout
            if step.group >= 0:
                self._board.open_groups(index, now - self.begin)
        track.attempt += 1
        track.running = True
        track.tickets = tickets
        track.desk = worker
        track.token = token = CancelToken(self.clock, track.deadline, step.timeout)
        self.running.add(index)
        if track.deadline < self.first_deadline:
            self.first_deadline = track.deadline
        self._hands[worker] += 1
        self._last[worker] = index
        track.announced = self._hands[worker] == 1 and not track.look_only
        if track.announced:
            self.announce(index, track.attempt, worker, now)
        return Job(index, track.attempt, track.refusals, token, track.look_only)

    # --- workers

    def _take_worker(self, path: tuple[Scope, ...]) -> int:
        """An idle worker, the lowest number first; it holds a place in each scope of the path."""
        if self._idle:
            worker = heappop(self._idle)
            self._held[worker] = path
        else:
            worker = len(self._held)
            self._held.append(path)
            self._hands.append(0)
            self._last.append(0)
        return worker

    def _give_back(self, worker: int) -> None:
        for scope in self._held[worker]:
            scope.running -= 1
            if scope.waiters:
                self.promote(scope)
        self._held[worker] = ()

    def _more_for(self, worker: int) -> list[Job]:
        """More steps like a worker's last one, to be done one after another in its place in the scopes."""
        path, last = self._held[worker], self._last[worker]
        jobs: list[Job] = []
        if not path:
            return jobs  # it was lost
        kind = self._expectations.kinds[last]
        gate, most = self._gates[last], self._expectations.at_hand[kind]
        kinds, group, now = self._expectations.kinds, self._steps[last].group, self.clock.now()
        heaps = (self._ready, path[0].waiters) if self._expectations.brief[kind] else (path[0].waiters,)
        for heap in heaps:
            while heap and self._hands[worker] < most:
                index = heap[0][1]
                track = self.tracks.get(index)
                if track is None:  # settled while it stood here
                    heappop(heap)
                    continue
                step = self._steps[index]
                if kinds[index] != kind or step.group != group or index in self._origins:
                    break
                tickets = gate.try_admit(now)
                if isinstance(tickets, float):
                    return jobs
                heappop(heap)
                jobs.append(self._begin(index, step, track, now, worker, tickets))
        return jobs
