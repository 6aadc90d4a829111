"""The loop that owns a run: who may start, what came back, what is next.

A step is pending until its needs are settled, then ready; it is admitted when every scope it stands in has room
and its provider's lanes let it through; refused or failed attempts park until their time. Nothing here waits but
``collect``, and no worker waits for a limit. All times inside are on the clock's monotonic scale; what leaves, in
results and events, is in seconds since the run started.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from acp_action.engine.backoff import told_delay, transient_delay
from acp_action.engine.board import Board
from acp_action.engine.cancel import CancelToken
from acp_action.engine.crew import Job
from acp_action.engine.outcome import (
    Delivery, Done, Doubt, Expired, Fatal, Opened, Refused, Stopped, Transient,
)  # fmt: skip
from acp_action.engine.result import Attempt, Status, StepResult
from acp_action.engine.scopes import Gate, ScopeTree
from acp_action.engine.track import BACKOFF, THROTTLE, WORKER, Track, rank_of
from acp_action.events import StepParked, StepStarted, StopRequested

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from acp_action.engine.clock import Clock
    from acp_action.engine.crew import Crew
    from acp_action.engine.durations import Expectations
    from acp_action.engine.outcome import Message, Outcome
    from acp_action.engine.scopes import Rank, Scope
    from acp_action.artifacts import JsonValue
    from acp_action.engine.throttle import Lane, Ticket
    from acp_action.engine.track import Phase
    from acp_action.events import Event
    from acp_action.plan.model import Plan, Step


_ENDS = {
    Done: "done", Refused: "refused", Transient: "transient", Fatal: "fatal", Expired: "expired",
    Stopped: "stopped", Doubt: "doubt",
}  # fmt: skip


class Patience(NamedTuple):
    """How long the engine puts up with what, in seconds.

    ``grace``: for an attempt that was told to stop, or is over its deadline, to come back; then it is given up.
    ``rate_limit``: for the sum of a step's waits after refusals.
    """

    grace: float = 5.0
    rate_limit: float = 300.0


class Scheduler:
    """Carries one plan out. Make one, call ``run`` once."""

    def __init__(
        self,
        plan: Plan,
        *,
        crew: Crew,
        clock: Clock,
        rng: random.Random,
        lanes: Mapping[str, Sequence[Lane]],
        expectations: Expectations,
        emit: Callable[[Event], None],
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._plan = plan
        self._steps = plan.steps
        self._crew = crew
        self._clock = clock
        self._rng = rng
        self._expectations = expectations
        self._patience = patience
        self._send = emit
        self.board = Board(plan, emit)
        self._tree = ScopeTree(plan)
        self._gates = {name: Gate(i, found) for i, (name, found) in enumerate(lanes.items())}
        self._gate_list = list(self._gates.values())
        self._ready: list[Rank] = []
        self._tracks: dict[int, Track] = {}  # of steps that are ready or further, and not settled
        self._origins: dict[int, Scope | Gate] = {}  # of ready steps: the waiting list they were taken from
        self._running: set[int] = set()
        self._idle: list[int] = []
        self._held: list[tuple[Scope, ...]] = []  # by worker: the scopes it has a place in
        self._hands: list[int] = []  # by worker: how many jobs it has
        self._last: list[int] = []  # by worker: the step it was handed last
        self._watches: list[tuple[Lane, Callable[[], None]]] = []
        self._short: list[int] = []  # workers that may be handed more
        self._timers: list[tuple[float, int, int]] = []  # when, step or -1, gate number
        self._give_up_at = math.inf
        self._begin = 0.0
        self.stopped = ""

    def run(self, begin: float) -> None:
        """Carry the plan out; ``begin`` is the moment that counts as the run's start."""
        self.open(begin)
        try:
            while self.board.unsettled:
                self.take(self._crew.collect(self.patience_left()))
        finally:
            self.close()

    def open(self, begin: float) -> None:
        """Start what can start."""
        self._begin = begin
        self._watches = [(lane, self._watch(gate)) for gate in self._gate_list for lane in gate.lanes]
        for lane, tell in self._watches:
            lane.watch(tell)
        self._add_ready(self.board.first(0.0), begin)
        self._dispatch()

    def take(self, messages: Iterable[Message]) -> None:
        """Note what came in, and start what can start now."""
        for message in messages:
            if isinstance(message, Delivery):
                self._take_back(message)
            elif isinstance(message, Opened):
                self._promote(self._gate_list[message.lane])
            elif not self.stopped:
                self.stopped = message.reason
                why = f"the run was stopped: {message.reason}"
                self._stop(-1, message.reason, why, self._clock.now())
        self._ring()
        self._dispatch()

    def close(self) -> None:
        """Let lanes and crew go."""
        for lane, tell in self._watches:
            lane.unwatch(tell)
        self._crew.close()

    def patience_left(self) -> float | None:
        """How long to wait for messages before ``take``; None when only a message can bring news."""
        next_at = min(self._timers[0][0] if self._timers else math.inf, self._give_up_at)
        return None if next_at == math.inf else max(next_at - self._clock.now(), 0.0)

    # --- admission

    def _dispatch(self) -> None:
        ready, tracks = self._ready, self._tracks
        while ready:
            rank = heappop(ready)
            track = tracks.get(rank[1])
            origin = self._origins.pop(rank[1], None)
            blocker = None
            if track is not None:  # else it was settled while it stood here
                blocker = self._admit(rank[1], track)
                if blocker is not None:
                    blocker.park(rank)
            # One that came from a waiting list and did not go back to it leaves its place to the next there.
            if origin is not None and origin is not blocker:
                self._promote(origin)
        # What is ready now waits for room: workers that are through in a moment get their next step beforehand.
        for worker in self._short:
            if self._hands[worker] > 0:
                self._hand_more(worker)
        self._short.clear()

    def _admit(self, index: int, track: Track) -> Scope | Gate | None:
        """Start the step, or say what is in its way."""
        step = self._steps[index]
        now = self._clock.now()
        path = self._tree.paths[step.group]
        for scope in path:
            if scope.running >= scope.cap:
                track.turn(WORKER, now)
                return scope
        gate = self._gates[step.provider]
        tickets = gate.try_admit(now)
        if isinstance(tickets, float):
            track.turn(THROTTLE, now)
            self._wake_gate(gate, tickets)
            return gate
        for scope in path:
            scope.running += 1
        worker = self._take_worker(path)
        self._start(index, step, track, now, worker, tickets)
        kind = self._expectations.kinds[index]
        if self._expectations.brief[kind]:
            self._hand_more(worker)
        elif self._expectations.at_hand[kind] > 1:
            self._short.append(worker)
        return None

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

    def _hand_more(self, worker: int) -> None:
        """Hand a worker steps like its last one, to be done one after another in its place in the scopes."""
        last = self._last[worker]
        kind, path = self._expectations.kinds[last], self._held[worker]
        gate, most = self._gates[self._steps[last].provider], self._expectations.at_hand[kind]
        heaps = (self._ready, path[0].waiters) if self._expectations.brief[kind] else (path[0].waiters,)
        for heap in heaps:
            while heap and self._hands[worker] < most:
                index = heap[0][1]
                track = self._tracks.get(index)
                if track is None:  # settled while it stood here
                    heappop(heap)
                    continue
                if not self._alike(index, last) or index in self._origins:
                    break
                now = self._clock.now()
                tickets = gate.try_admit(now)
                if isinstance(tickets, float):
                    return
                heappop(heap)
                self._start(index, self._steps[index], track, now, worker, tickets)

    def _alike(self, index: int, other: int) -> bool:
        kinds, steps = self._expectations.kinds, self._steps
        return kinds[index] == kinds[other] and steps[index].group == steps[other].group

    def _start(
        self, index: int, step: Step, track: Track, now: float, worker: int, tickets: tuple[Ticket, ...]
    ) -> None:
        if track.phase != WORKER:
            track.turn(WORKER, now)
        if track.attempt == 0:
            track.deadline = now + step.timeout
            if step.group >= 0:
                self.board.open_groups(index, now - self._begin)
        track.attempt += 1
        track.running = True
        track.tickets = tickets
        track.token = token = CancelToken(self._clock, track.deadline, step.timeout)
        self._running.add(index)
        limit = track.deadline + self._patience.grace
        if limit < self._give_up_at:
            self._give_up_at = limit
        self._hands[worker] += 1
        self._last[worker] = index
        track.announced = self._hands[worker] == 1
        if track.announced:
            self._announce(index, step, track.attempt, worker, now)
        self._crew.start(Job(index, track.attempt, track.refusals, token), worker)

    def _announce(self, index: int, step: Step, attempt: int, worker: int, now: float) -> None:
        self._send(
            StepStarted(
                now - self._begin,
                step.name,
                self.board.names[step.group],
                step.number,
                step.total,
                attempt,
                worker,
                step.model.key,
                step.provider,
                self._expectations.expected(index),
            )  # fmt: skip
        )

    def _promote(self, place: Scope | Gate) -> None:
        """Let the first that waits here try again."""
        rank = place.next_waiter()
        if rank is not None:
            self._origins[rank[1]] = place
            heappush(self._ready, rank)

    def _add_ready(self, indexes: Iterable[int], now: float) -> None:
        remaining = self._expectations.remaining
        for index in indexes:
            self._tracks[index] = Track(now)
            heappush(self._ready, rank_of(remaining[index], index))

    # --- what comes in

    def _take_back(self, delivery: Delivery) -> None:
        index, attempt, outcome, started, finished, worker = delivery
        self._free(worker)
        track = self._tracks.get(index)
        if track is None or attempt != track.attempt or not track.running:
            return  # it had been given up
        self._end_attempt(index, track, delivery)
        self._tell_lanes(index, track, finished, outcome)
        if isinstance(outcome, Done):
            self._settle(index, track, Status.SUCCEEDED, "", finished, outcome)
            if self._expectations.learn(index, finished - started):
                self._rank_anew()
        elif track.token is not None and track.token.cancelled:
            reason = outcome.reason if isinstance(outcome, Stopped) else "cancelled"
            self._settle(index, track, Status.CANCELLED, reason, finished)
        elif isinstance(outcome, Refused):
            self._park_refused(index, track, outcome, finished)
        elif isinstance(outcome, Transient):
            self._park_transient(index, track, outcome, finished)
        else:
            self._fail(index, track, outcome, finished)

    def _free(self, worker: int) -> None:
        """One job less in the worker's hands; with none left it gives back its places."""
        self._hands[worker] -= 1
        if self._hands[worker] == 0:
            heappush(self._idle, worker)
            for scope in self._held[worker]:
                scope.running -= 1
                if scope.waiters:
                    self._promote(scope)
            self._held[worker] = ()
        else:
            self._short.append(worker)

    def _end_attempt(self, index: int, track: Track, delivery: Delivery) -> None:
        _, number, outcome, started, finished, worker = delivery
        begin = self._begin
        if not track.announced:
            self._announce(index, self._steps[index], number, worker, started)
        track.turn(WORKER, started)
        track.since = finished
        track.running = False
        self._running.discard(index)
        reason = "" if isinstance(outcome, Done) else outcome.reason
        ended = Attempt(number, started - begin, finished - begin, worker, _ENDS[type(outcome)], reason)
        track.attempts = (*track.attempts, ended) if track.attempts else (ended,)

    def _tell_lanes(self, index: int, track: Track, now: float, outcome: Outcome) -> None:
        lanes = self._gates[self._steps[index].provider].lanes
        for lane, ticket in zip(lanes, track.tickets, strict=True):
            if isinstance(outcome, (Done, Fatal)):
                lane.completed(ticket, now)
            elif isinstance(outcome, Refused):
                lane.refused(ticket, now, outcome.retry_after, outcome.kind)
            else:
                lane.released(ticket, now)

    def _park_refused(self, index: int, track: Track, outcome: Refused, now: float) -> None:
        track.refusals += 1
        if outcome.kind in ("day", "credit"):
            self._fail(index, track, Fatal(f"{outcome.reason} (waiting would not help)"), now)
            return
        if outcome.retry_after is not None and 0.0 <= outcome.retry_after < math.inf:
            delay = told_delay(outcome.retry_after, self._rng)
        else:
            delay = transient_delay(track.refusals, self._rng)
        if track.throttle + delay > self._patience.rate_limit:
            waited = f"{track.throttle:.0f} s waited, {delay:.0f} s more asked for"
            self._fail(index, track, Fatal(f"rate limit: {outcome.reason} ({waited})"), now)
            return
        self._park(index, track, THROTTLE, outcome.reason, now, delay)

    def _park_transient(self, index: int, track: Track, outcome: Transient, now: float) -> None:
        track.transients += 1
        if track.transients > self._steps[index].retries:
            tries = f" (after {track.attempt} attempts)" if track.attempt > 1 else ""
            self._fail(index, track, Fatal(outcome.reason + tries), now)
            return
        told = outcome.retry_after
        if told is not None and 0.0 <= told < math.inf:
            delay = told_delay(told, self._rng)
        else:
            delay = transient_delay(track.transients, self._rng)
        if now + delay >= track.deadline:
            reason = f"no time is left for another attempt within {self._steps[index].timeout:g} s: {outcome.reason}"
            self._fail(index, track, Expired(reason), now)
            return
        self._park(index, track, BACKOFF, outcome.reason, now, delay)

    def _park(self, index: int, track: Track, phase: Phase, reason: str, now: float, delay: float) -> None:
        track.turn(phase, now)
        step = self._steps[index]
        why = "rate limit" if phase == THROTTLE else "retry"
        self._send(
            StepParked(
                now - self._begin,
                step.name,
                self.board.names[step.group],
                step.number,
                step.total,
                track.attempt,
                why,
                reason,
                delay,
            )  # fmt: skip
        )
        heappush(self._timers, (now + delay, index, -1))

    # --- ends

    def _fail(self, index: int, track: Track, outcome: Outcome, now: float) -> None:
        if isinstance(outcome, Expired):
            status = Status.TIMED_OUT
        elif isinstance(outcome, Doubt):
            status = Status.DOUBT
        elif isinstance(outcome, Stopped):
            status = Status.CANCELLED
        else:
            status = Status.REFUSED if isinstance(outcome, Fatal) and outcome.policy else Status.FAILED
        reason = "" if isinstance(outcome, Done) else outcome.reason
        trace = outcome.traceback if isinstance(outcome, Fatal) else ""
        self._settle(index, track, status, reason, now, trace=trace)
        if status.bad:
            self._spread(index, now)

    def _spread(self, index: int, now: float) -> None:
        """Fail fast: stop the widest scope that an unbroken line of ``fail_fast`` scopes leads to."""
        scope = self._steps[index].group
        widest: int | None = None
        while True:
            fast = self._plan.groups[scope].fail_fast if scope >= 0 else self._plan.settings.fail_fast
            if not fast:
                break
            widest = scope
            if scope < 0:
                break
            scope = self._plan.groups[scope].parent
        if widest is not None:
            name = self._steps[index].name
            self._stop(widest, f"'{name}' failed", f"because '{name}' failed", now)

    def _stop(self, scope: int, reason: str, skip_reason: str, moment: float) -> None:
        """Nothing more starts in this scope; what runs there is cancelled, the rest is settled."""
        name = self._plan.groups[scope].name if scope >= 0 else ""
        self._send(StopRequested(moment - self._begin, name, reason))
        never: list[int] = []
        for index in self._members(scope):
            if self.board.settled(index):
                continue
            track = self._tracks.get(index)
            if track is None or track.attempt == 0:
                never.append(index)
            elif track.running and track.token is not None:
                track.token.cancel(reason)
                track.deadline = min(track.deadline, moment)
                self._give_up_at = min(self._give_up_at, moment + self._patience.grace)
            else:
                self._settle(index, track, Status.CANCELLED, reason, moment)
        ready = self.board.skip(never, skip_reason, moment - self._begin)
        for index in never:
            self._tracks.pop(index, None)
        self._add_ready(ready, moment)

    def _members(self, scope: int) -> Iterable[int]:
        if scope < 0:
            return range(len(self._steps))
        found: list[int] = []
        stack = [scope]
        while stack:
            group = self._plan.groups[stack.pop()]
            found.extend(group.members)
            stack.extend(group.groups)
        return found

    def _settle(
        self,
        index: int,
        track: Track,
        status: Status,
        reason: str,
        now: float,
        done: Done | None = None,
        trace: str = "",
    ) -> None:
        if track.since < now:
            track.turn(track.phase, now)
        del self._tracks[index]
        step = self._steps[index]
        output, cost, seed, params, notes = None, None, None, step.params, _trace_notes(trace)
        if done is not None:
            output, product = done
            cost, seed, params, notes = product.cost, product.seed, product.params, product.notes
        # By position: names cost as much as all the rest of making it.
        result = StepResult(
            step.name, step.type, step.model.key, step.provider, self.board.names[step.group], status, reason,
            output, track.attempts, track.waits(self._begin), now - self._begin, cost, seed, params, notes,
        )  # fmt: skip
        ready = self.board.settle(index, result)
        if ready:
            self._add_ready(ready, now)

    # --- time

    def _ring(self) -> None:
        now = self._clock.now()
        while self._timers and self._timers[0][0] <= now:
            _, index, gate = heappop(self._timers)
            if gate >= 0:
                self._gate_list[gate].wake_at = math.inf
                self._promote(self._gate_list[gate])
            elif not self.board.settled(index):
                self._tracks[index].turn(WORKER, now)
                heappush(self._ready, rank_of(self._expectations.remaining[index], index))
        if now >= self._give_up_at:
            self._give_up(now)

    def _give_up(self, now: float) -> None:
        """Settle what should have come back long ago; its worker is lost, its place is not."""
        self._give_up_at = math.inf
        for index in list(self._running):
            track = self._tracks[index]
            token = track.token
            cancelled = token is not None and token.cancelled
            limit = track.deadline + self._patience.grace
            if now < limit:
                self._give_up_at = min(self._give_up_at, limit)
                continue
            reason = "it did not stop when told to" if cancelled else "it did not come back in time"
            ended: Outcome = Stopped(reason) if cancelled else Expired(reason)
            self._end_attempt(index, track, Delivery(index, track.attempt, ended, track.since, now, -1))
            self._tell_lanes(index, track, now, ended)
            self._fail(index, track, ended, now)

    def _wake_gate(self, gate: Gate, opening: float) -> None:
        if opening < gate.wake_at:
            gate.wake_at = opening
            heappush(self._timers, (opening, -1, gate.number))

    def _watch(self, gate: Gate) -> Callable[[], None]:
        def tell() -> None:
            if gate.waiters:
                self._crew.post(Opened(gate.number))

        return tell

    def _rank_anew(self) -> None:
        remaining = self._expectations.remaining
        scopes = {id(scope): scope for path in self._tree.paths.values() for scope in path}
        for heap in (
            self._ready,
            *(s.waiters for s in scopes.values()),
            *(g.waiters for g in self._gate_list),
        ):
            heap[:] = [rank_of(remaining[index], index) for _, index in heap]
            heapify(heap)


def _trace_notes(trace: str) -> Mapping[str, JsonValue]:
    return {"traceback": trace} if trace else {}
