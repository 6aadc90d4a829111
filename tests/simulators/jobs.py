"""Work in a queue: what waits, what runs, what is done; moved on by whoever looks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.faults import Make, Shape
    from tests.simulators.wire import Call, Reply


@dataclass(slots=True, eq=False)
class Job:
    """One piece of ordered work. Times are seconds of the simulator; ``length``: how long it runs.

    ``boot``: how long it waits though there is room. ``stuck``: it never leaves the queue. ``fails``: the
    words with which it ends. ``fate``: what a script did to it. ``start_by``: when it is given up if it has
    not begun.
    """

    id: str
    endpoint: str
    body: dict[str, Any]
    text: str
    created: float
    length: float
    boot: float = 0.0
    began: float | None = None
    ended: float | None = None
    cancelled: bool = False
    stuck: bool = False
    start_by: float | None = None
    fate: dict[str, Any] = field(default_factory=dict)

    def state(self, now: float) -> str:
        """queued, running, done, cancelled, or expired (given up before it began)."""
        if self.cancelled:
            return "cancelled"
        if self.start_by is not None and now > self.start_by and (self.began or now) >= self.start_by:
            return "expired"
        if self.began is None or now < self.began:
            return "queued"
        return "running" if self.ended is None or now < self.ended else "done"


class Queue:
    """Jobs by id; at most ``capacity`` run at a time. ``most``: the most that ever ran at once."""

    def __init__(self, capacity: int | None = None) -> None:
        self.capacity = capacity
        self.most = 0
        self.jobs: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []

    def add(self, job: Job) -> None:
        """Take a job in; it begins at once if there is room."""
        self.advance(job.created)
        self.jobs[job.id] = job
        self._waiting.append(job)
        self._fill(job.created)

    def get(self, id: str, now: float) -> Job | None:  # noqa: A002 - the ids of the providers are called so
        """The job as it is now."""
        self.advance(now)
        return self.jobs.get(id)

    def position(self, job: Job) -> int:
        """How many wait before it."""
        return self._waiting.index(job) if job in self._waiting else 0

    def cancel(self, job: Job, now: float) -> bool:
        """End a job now; False when it has ended already."""
        self.advance(now)
        if job.state(now) not in ("queued", "running"):
            return False
        job.cancelled, job.ended = True, now
        if job in self._waiting:
            self._waiting.remove(job)
        if job in self._running:
            self._running.remove(job)
            self._fill(now)
        return True

    def finish(self, job: Job, now: float) -> None:
        """Let a job be done now."""
        job.began, job.ended, job.stuck = job.created, now, False
        if job in self._waiting:
            self._waiting.remove(job)
        self.advance(now)

    def hold(self, job: Job, now: float) -> None:
        """Put a job back into the queue, which it never leaves again."""
        job.stuck, job.began, job.ended = True, None, None
        if job in self._running:
            self._running.remove(job)
            self._waiting.append(job)
            self._fill(now)

    def advance(self, now: float) -> None:
        """Let happen what should have happened until now, each at its own time."""
        while self._running:
            first = min(self._running, key=_end)
            if _end(first) > now:
                return
            self._running.remove(first)
            self._fill(_end(first))

    def _fill(self, now: float) -> None:
        held = []
        while self._waiting and (self.capacity is None or len(self._running) < self.capacity):
            job = self._waiting.popleft()
            if job.stuck:
                held.append(job)
            elif job.state(now) == "queued":
                job.began = now + job.boot
                job.ended = job.began + job.length
                self._running.append(job)
        self._waiting.extendleft(reversed(held))
        self.most = max(self.most, len(self._running))


def fated(change: Callable[[Any, Job], None]) -> Shape:
    """A fault by which the ordered job goes another way; ``change`` gets the simulator and the job."""

    def shape(sim: Any, call: Call, make: Make) -> Reply:
        before = len(sim.queue.jobs)
        reply = make()
        if len(sim.queue.jobs) > before:
            change(sim, list(sim.queue.jobs.values())[-1])
        return reply

    return shape


def _end(job: Job) -> float:
    return job.ended if job.ended is not None else float("inf")
