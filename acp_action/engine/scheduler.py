"""The loop that owns a run: who may start, what came back, what is next.

A step is pending until its needs are settled, then ready; it is admitted when every scope it stands in has
room and its provider's lanes let it through; refused or failed attempts park until their time. Nothing here
waits but ``collect``, and no worker waits for a limit. All times inside are on the clock's monotonic scale;
what leaves, in results and events, is in seconds since the run started.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acp_action.engine.admission import Admission
from acp_action.engine.board import Board, Note
from acp_action.engine.news import News
from acp_action.engine.outcome import Closed, Delivery, Done, Fatal, Opened, Stopped, Unmade, Word
from acp_action.engine.record import parked, result_of
from acp_action.engine.result import Status
from acp_action.engine.timers import Timers
from acp_action.engine.verdict import Again, End, Patience, verdict_on
from acp_action.events import StopRequested
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from acp_action.engine.clock import Clock
    from acp_action.engine.crew import Crew
    from acp_action.engine.durations import Expectations
    from acp_action.engine.gates import Ways
    from acp_action.engine.outcome import Message, Outcome
    from acp_action.engine.track import Track
    from acp_action.events import Event
    from acp_action.plan.model import Plan


_SUCCESS = End(Status.SUCCEEDED, "")
_CACHED = End(Status.CACHED, "")


class Scheduler:
    """Carries one plan out. Make one, call ``run`` once."""

    def __init__(
        self,
        plan: Plan,
        *,
        crew: Crew,
        clock: Clock,
        rng: random.Random,
        ways: Ways,
        expectations: Expectations,
        emit: Callable[[Event], None],
        patience: Patience = Patience(),  # noqa: B008 - frozen
        made_before: frozenset[str] = frozenset(),
        note: Note | None = None,
    ) -> None:
        self._plan = plan
        self._steps = plan.steps
        self._crew = crew
        self._clock = clock
        self._rng = rng
        self._expectations = expectations
        self._patience = patience
        self._send = emit
        self.board = Board(plan, emit, note)
        self._timers = Timers()
        self.admission = Admission(
            plan,
            crew=crew,
            clock=clock,
            ways=ways,
            expectations=expectations,
            board=self.board,
            emit=emit,
            on_wait=self._timers.ask,
            made_before=made_before,
            most_wait=patience.rate_limit,
        )
        self._news = News(plan.steps, self.board.names, self.admission, emit)
        self._begin = 0.0
        # Steps of a stopped scope that are looked for yet, and why it was.
        self._leftover: dict[int, str] = {}
        self.stopped = ""

    def run(self, begin: float) -> None:
        """Carry the plan out; ``begin`` is the moment that counts as the run's start."""
        self.open(begin)
        try:
            while self.board.unsettled:
                self.take(self._news.collect(self._crew, self.patience_left()))
        finally:
            self.close()

    def open(self, begin: float) -> None:
        """Start what can start."""
        self._begin = self.admission.begin = self.admission.lanes.begin = begin
        self.admission.lanes.watch(self._crew.post)
        self.admission.add(self.board.first(0.0), begin)
        self._dispatch()

    def take(self, messages: Iterable[Message]) -> None:
        """Note what came in, and start what can start now."""
        for message in messages:
            if isinstance(message, Delivery):
                self._take_back(message)
            elif isinstance(message, Word):
                self._news.pass_on(message)
            elif isinstance(message, Opened):
                self.admission.promote(self.admission.lanes.every[message.lane])
            else:
                self._halt(message.reason, self._clock.now(), resumable=message.resumable)
        self._ring()
        self._dispatch()

    def _dispatch(self) -> None:
        """Start what can start, and settle what never can: its provider takes nothing more in time."""
        admission = self.admission
        admission.dispatch()
        while admission.turned_away:
            now, turned = self._clock.now(), admission.turned_away
            admission.turned_away = []
            for index, end in turned:
                if (track := admission.tracks.get(index)) is not None and not track.running:
                    self._settle(index, track, end, now)
                    self._spread(index, now)
            admission.dispatch()

    def close(self) -> None:
        """Let lanes and crew go."""
        self.admission.lanes.unwatch()
        self._crew.close()

    def patience_left(self) -> float | None:
        """How long to wait for messages before ``take``; None when only a message can bring news."""
        give_up_at = self.admission.first_deadline + self._patience.grace
        next_at = min(self._timers.first, give_up_at)
        return None if next_at == math.inf else max(next_at - self._clock.now(), 0.0)

    # --- what comes in

    def _take_back(self, delivery: Delivery) -> None:
        index, attempt, outcome, started, finished, worker = delivery
        self.admission.free(worker)
        track = self.admission.tracks.get(index)
        if track is None or attempt != track.attempt or not track.running:
            return  # it had been given up
        if isinstance(outcome, Unmade):
            if index in self._leftover:
                self._skip([index], self._leftover[index], finished)
                return
            if not track.told_to_stop:
                self.admission.ask_after_all(index, finished)
                return
            outcome = Stopped("cancelled")
            delivery = delivery._replace(outcome=outcome)
        self._end_attempt(index, track, delivery)
        self.admission.lanes.give_back(index, track, outcome, finished)
        if isinstance(outcome, Done):
            self._settle(index, track, _CACHED if outcome.cached else _SUCCESS, finished, outcome)
            # What was there already says nothing of how long it takes to make.
            took = finished - started - outcome.product.queued
            if not outcome.cached and self._expectations.learn(index, max(took, 0.0)):
                self.admission.rank_anew()
        else:
            self._judge(index, track, outcome, finished)

    def _end_attempt(self, index: int, track: Track, delivery: Delivery) -> None:
        if not track.announced:
            self.admission.announce(index, delivery.attempt, delivery.worker, delivery.started)
        track.end_attempt(delivery, self._begin)
        self.admission.running.discard(index)

    def _judge(self, index: int, track: Track, outcome: Outcome, now: float) -> None:
        budget = self.admission.lanes.budgets[index]
        verdict = verdict_on(outcome, self._steps[index], track, now, self._patience, self._rng, budget)
        if isinstance(verdict, Again):
            self._park(index, track, verdict, now)
            return
        if isinstance(outcome, Closed):
            verdict = self.admission.close_account(index, outcome)
        self._settle(index, track, verdict, now)
        paid = self._steps[index].provider != LOCAL
        if isinstance(outcome, Fatal) and (outcome.halt or (outcome.unstored and paid)):
            # What is under way is paid for, so it goes on, for the next run to fetch.
            self._halt(outcome.reason, now, resumable=True)
        elif not (verdict.alone or track.told_to_stop or index in self._leftover) and verdict.status.bad:
            # One that was told to stop belongs to what stopped it, whatever its own end.
            self._spread(index, now)

    def _park(self, index: int, track: Track, again: Again, now: float) -> None:
        track.park(again.phase, again.delay, now)
        step = self._steps[index]
        self._send(parked(step, self.board.names[step.group], now - self._begin, track.attempt, again))
        self._timers.try_again(now + again.delay, index)

    # --- ends

    def _spread(self, index: int, now: float) -> None:
        """Fail fast: stop the widest scope that an unbroken line of ``fail_fast`` scopes leads to."""
        widest = self.board.stopped_by(index)
        if widest is not None:
            cause = self.board.cause(index)
            self._stop(widest, cause, f"because {cause}", now)

    def _halt(self, reason: str, now: float, *, resumable: bool) -> None:
        """End the run, for the first reason there is."""
        if not self.stopped:
            self.stopped = reason
            self._stop(-1, reason, f"the run was stopped: {reason}", now, resumable=resumable)

    def _stop(
        self, scope: int, reason: str, skip_reason: str, moment: float, *, resumable: bool = False
    ) -> None:
        """Nothing more starts in this scope; what runs there is cancelled, the rest is settled.

        But what an earlier run has paid for is still picked up, unless the whole run is to end at once.
        """
        name = self._plan.groups[scope].name if scope >= 0 else ""
        self._send(StopRequested(moment - self._begin, name, reason))
        never: list[int] = []
        for index in self.board.members(scope):
            if self.board.settled(index):
                continue
            track = self.admission.tracks.get(index)
            if not self.stopped and self.admission.may_be_there(index):
                self._leftover[index] = skip_reason
            elif track is None or track.attempt == 0:
                never.append(index)
            elif track.running and track.token is not None:
                track.token.cancel(reason, resumable=resumable)
                track.deadline = min(track.deadline, moment)
                self.admission.first_deadline = min(self.admission.first_deadline, moment)
            else:
                self._settle(index, track, End(Status.CANCELLED, reason), moment)
        self._skip(never, skip_reason, moment)

    def _skip(self, indexes: list[int], reason: str, moment: float) -> None:
        ready = self.board.skip(indexes, reason, moment - self._begin)
        for index in indexes:
            self.admission.tracks.pop(index, None)
            self.admission.running.discard(index)
        self.admission.add(ready, moment)

    def _settle(self, index: int, track: Track, end: End, now: float, done: Done | None = None) -> None:
        if track.since < now:
            track.turn(track.phase, now)
        del self.admission.tracks[index]
        step = self._steps[index]
        group = self.board.names[step.group]
        result = result_of(step, group, track, self._begin, end, now, done)
        ready = self.board.settle(index, result)
        if ready:
            self.admission.add(ready, now)

    # --- time

    def _ring(self) -> None:
        now = self._clock.now()
        for due in self._timers.due(now):
            if not isinstance(due, int):
                self.admission.promote(due)
            elif not self.board.settled(due):
                self.admission.again(due, now)
        if now >= self.admission.first_deadline + self._patience.grace:
            self._give_up(now)

    def _give_up(self, now: float) -> None:
        """Settle what should have come back long ago; its worker is lost, its place is not."""
        admission = self.admission
        admission.first_deadline = math.inf
        for index in list(admission.running):
            track = admission.tracks[index]
            if now < track.deadline + self._patience.grace:
                admission.first_deadline = min(admission.first_deadline, track.deadline)
                continue
            ended = track.given_up()
            self._end_attempt(
                index, track, Delivery(index, track.attempt, ended, track.since, now, track.desk)
            )
            admission.lanes.give_back(index, track, ended, now)
            admission.lose(track.desk)
            token = track.token
            self._judge(index, track, ended, now)
            if token is not None:
                token.abandon()
