"""Who carries attempts out: own threads, any concurrent.futures executor, or the calling thread.

A crew takes jobs with ``start`` and hands messages back with ``collect``. Workers are numbered from 0; the
scheduler says which worker takes a job, so that a timeline has lanes. ``post`` puts a message in from outside
and takes no lock of Python's, so a signal handler may cause it.
"""

from __future__ import annotations

import threading
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, Protocol

from acp_action.engine.outcome import Delivery, Fatal, Stop, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor, Future

    from acp_action.engine.cancel import CancelToken
    from acp_action.engine.clock import Clock
    from acp_action.engine.outcome import Message, Outcome


# A worker tells of what it has done at least this often (seconds) while it has more to do.
_PARCEL = 0.001


class Job(NamedTuple):
    """One attempt to be made: step index, attempt number from 1, refusals before it, and its token.

    ``look_only``: it uses what an earlier run made, and asks no provider.
    """

    step: int
    attempt: int
    refusals: int
    token: CancelToken
    look_only: bool = False


class Crew(Protocol):
    """Carries jobs out and hands back what became of them."""

    def open(self, perform: Callable[[Job], Outcome], clock: Clock) -> None:
        """Get ready; ``perform`` makes one attempt and never raises but for KeyboardInterrupt."""
        ...

    def start(self, jobs: Sequence[Job], worker: int) -> None:
        """Let ``worker`` carry the jobs out, one after another, after those it has."""
        ...

    def collect(self, timeout: float | None) -> list[Message]:
        """What came in, waiting up to ``timeout`` seconds for the first (None: as long as it takes)."""
        ...

    def post(self, message: Message) -> None:
        """Put a message in from any thread."""
        ...

    def close(self) -> None:
        """Let idle workers go; does not wait for busy ones."""
        ...


class ThreadCrew:
    """A thread per worker, started when first needed, each with its own queue of one.

    Queues of the C implementation cost a third of an executor's future, lock and condition per job.
    Threads are daemons: one that never comes back does not keep the process alive.
    """

    def __init__(self) -> None:
        self._mail: SimpleQueue[Sequence[Message]] = SimpleQueue()
        self._desks: dict[int, SimpleQueue[Sequence[Job] | None]] = {}

    def open(self, perform: Callable[[Job], Outcome], clock: Clock) -> None:
        """Remember what to do."""
        self._perform = perform
        self._clock = clock

    def start(self, jobs: Sequence[Job], worker: int) -> None:
        """Hand the jobs to the worker's thread."""
        desk = self._desks.get(worker)
        if desk is None:
            desk = self._desks[worker] = SimpleQueue()
            threading.Thread(
                target=self._work, args=(worker, desk), name=f"acp-worker-{worker}", daemon=True
            ).start()
        desk.put(jobs)

    def collect(self, timeout: float | None) -> list[Message]:
        """Messages in the order they came."""
        return [message for parcel in self._clock.receive(self._mail, timeout) for message in parcel]

    def post(self, message: Message) -> None:
        """Put a message in; reentrant, so a signal handler may cause it."""
        self._mail.put((message,))

    def close(self) -> None:
        """Tell every thread to end after its job."""
        for desk in self._desks.values():
            desk.put(None)

    def _work(self, worker: int, desk: SimpleQueue[Sequence[Job] | None]) -> None:
        take, tell, now, perform = desk.get, self._mail.put, self._clock.now, self._perform
        while (jobs := take()) is not None:
            parcel: list[Message] = []
            told = finished = now()
            for job in jobs:
                started = finished if parcel else now()
                outcome = perform(job)
                finished = now()
                parcel.append(Delivery(job.step, job.attempt, outcome, started, finished, worker))
                # What took next to no time travels together; nothing that is done waits for what is slow.
                if finished - told > _PARCEL:
                    tell(parcel)
                    parcel, told = [], finished
            if parcel:
                tell(parcel)


class ExecutorCrew:
    """Any ``concurrent.futures`` executor: the jobs go through its ``submit``."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._mail: SimpleQueue[Message] = SimpleQueue()
        self.post = self._mail.put

    def open(self, perform: Callable[[Job], Outcome], clock: Clock) -> None:
        """Remember what to do."""
        self._perform = perform
        self._clock = clock

    def start(self, jobs: Sequence[Job], worker: int) -> None:
        """Submit the jobs; their deliveries come from the executor's threads."""
        for job in jobs:
            future = self._executor.submit(self._work, job, worker)
            future.add_done_callback(partial(self._deliver, job, worker))

    def collect(self, timeout: float | None) -> list[Message]:
        """Messages in the order they came."""
        return self._clock.receive(self._mail, timeout)

    def close(self) -> None:
        """Nothing to do: the executor belongs to the caller."""

    def _work(self, job: Job, worker: int) -> Delivery:
        started = self._clock.now()
        outcome = self._perform(job)
        return Delivery(job.step, job.attempt, outcome, started, self._clock.now(), worker)

    def _deliver(self, job: Job, worker: int, done: Future[Delivery]) -> None:
        now = self._clock.now()
        if done.cancelled():
            lost: Outcome = Stopped("the executor dropped the job")
        elif (error := done.exception()) is not None:
            lost = Fatal(f"the executor failed: {error!r}")
        else:
            self._mail.put(done.result())
            return
        self._mail.put(Delivery(job.step, job.attempt, lost, now, now, worker))


class InlineCrew:
    """The calling thread carries each job out at once; for single steps and for tests.

    A stop from another thread reaches the attempt that is under way through its token.
    """

    def __init__(self) -> None:
        self._mail: SimpleQueue[Message] = SimpleQueue()
        self._running: CancelToken | None = None
        self._stopped: Stop | None = None

    def open(self, perform: Callable[[Job], Outcome], clock: Clock) -> None:
        """Remember what to do."""
        self._perform = perform
        self._clock = clock

    def start(self, jobs: Sequence[Job], worker: int) -> None:
        """Carry the jobs out now."""
        for job in jobs:
            started = self._clock.now()
            self._running = job.token
            # Asked for before this attempt began: the scheduler cannot read its mail while we work.
            if self._stopped is not None:
                job.token.cancel(self._stopped.reason, resumable=self._stopped.resumable)
            outcome = self._perform(job)
            self._running = None
            self._mail.put(Delivery(job.step, job.attempt, outcome, started, self._clock.now(), worker))

    def collect(self, timeout: float | None) -> list[Message]:
        """Messages in the order they came."""
        return self._clock.receive(self._mail, timeout)

    def post(self, message: Message) -> None:
        """Put a message in; the attempt under way is cancelled by a stop."""
        self._mail.put(message)
        if isinstance(message, Stop):
            self._stopped = message
            # Read after the reason is written, so that an attempt which begins now sees the one or the other.
            running = self._running
            if running is not None:
                running.cancel(message.reason, resumable=message.resumable)

    def close(self) -> None:
        """Nothing to do."""
