"""A crew in which nobody works: what becomes of each job is known beforehand, and time is a number."""

from __future__ import annotations

import itertools
import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from acp_action.engine.outcome import Delivery, Expired, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.engine.cancel import CancelToken
    from acp_action.engine.clock import Clock, VirtualClock
    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Message, Outcome


class VirtualCrew:
    """Nobody works: each job comes back on a virtual clock after a time that ``answer`` gives.

    The scheduler above it is the real one. Cancelled jobs come back at once, late ones at their deadline; but
    what ``deaf`` says of a job is true comes back when it is done, whatever it was told. ``late``: seconds in
    which a job has its place and has not begun.
    """

    def __init__(
        self,
        clock: VirtualClock,
        answer: Callable[[Job], tuple[float, Outcome]],
        deaf: Callable[[Job], bool] = lambda _job: False,
        late: Callable[[Job], float] = lambda _job: 0.0,
    ) -> None:
        self._clock = clock
        self._answer = answer
        self._deaf = deaf
        self._late = late
        self._count = itertools.count()
        self._due: list[tuple[float, int, Message, CancelToken | None]] = []
        self._mail: list[Message] = []
        self._stopped = False

    def open(self, perform: Callable[[Job], Outcome], clock: Clock) -> None:
        """Nothing to remember: no attempt is really made."""

    def start(self, jobs: Sequence[Job], worker: int) -> None:
        """Note when the jobs will be back, each after the one before it."""
        now = self._clock.now()
        for job in jobs:
            now = self._put(job, worker, now)

    def _put(self, job: Job, worker: int, now: float) -> float:
        started = now + self._late(job)
        seconds, outcome = self._answer(job)
        due, token = started + seconds, None if self._deaf(job) else job.token
        if token is not None and due > token.deadline:
            due, outcome = token.deadline, Expired("no result in time")
        self.post_at(due, Delivery(job.step, job.attempt, outcome, min(started, due), due, worker), token)
        return due

    def collect(self, timeout: float | None) -> list[Message]:
        """Move the clock to the next thing that happens, at most ``timeout`` on."""
        self._recall()
        if not self._mail:
            limit = math.inf if timeout is None else self._clock.now() + timeout
            if self._due and self._due[0][0] <= limit:
                due, _, message, _ = heappop(self._due)
                self._clock.advance_to(due)
                self._mail.append(message)
            elif timeout is not None:
                self._clock.advance(timeout)
            else:
                raise RuntimeError("nothing is under way and nothing will ever come")
        messages, self._mail = self._mail, []
        return messages

    def post(self, message: Message) -> None:
        """Put a message in."""
        self._mail.append(message)

    def post_at(self, moment: float, message: Message, token: CancelToken | None = None) -> None:
        """Put a message in at a moment to come, earlier if ``token`` is cancelled."""
        heappush(self._due, (moment, next(self._count), message, token))
        if token is not None:
            token.tell(self._note_stop)

    def close(self) -> None:
        """Nothing to do."""

    def _note_stop(self) -> None:
        self._stopped = True

    def _recall(self) -> None:
        """Bring cancelled jobs back now."""
        if not self._stopped:
            return
        self._stopped = False
        now, kept = self._clock.now(), []
        for entry in sorted(self._due):
            message, token = entry[2], entry[3]
            if token is None or not token.cancelled or not isinstance(message, Delivery):
                kept.append(entry)
            else:
                began = min(message.started, now)
                self._mail.append(message._replace(outcome=Stopped("cancelled"), started=began, finished=now))
        self._due = kept
