"""What the engine tells: frozen facts in the past tense, plain values, no live objects.

``at`` is in seconds since the run started (monotonic). ``number`` and ``total`` are the step's place in
its group as the log prints it (``[2/4]``); both are 0 for a step that stands outside of any group.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias


class RunStarted(NamedTuple):
    """The run began; ``wall`` is the wall clock as seconds since the epoch."""

    at: float
    pipeline: str
    steps: int
    workers: int
    wall: float


class GroupStarted(NamedTuple):
    """A group's first step may start now; ``steps``: all that are planned in it, at any depth."""

    at: float
    group: str
    steps: int
    parent: str


class StepStarted(NamedTuple):
    """A worker took the step; ``attempt`` counts from 1, ``worker`` from 0."""

    at: float
    step: str
    group: str
    number: int
    total: int
    attempt: int
    worker: int
    model: str
    provider: str
    expected: float | None


class StepProgressed(NamedTuple):
    """A running attempt told where its work stands at ``provider``; services that tell nothing have none.

    ``what``: ``ordered`` (``detail``: the job's id), ``queued`` (``place``: 1 for the next, None where it is
    not told), ``starting`` (the model is made ready), ``begun``, ``taken_up`` (what an earlier attempt or run
    ordered is gone on with; ``detail``: the job's id, empty where it only has to be fetched), ``unclear``
    (asked again; ``detail``: what was wrong), ``fetching``, or ``cancelled`` (called off there).
    """

    at: float
    step: str
    group: str
    number: int
    total: int
    attempt: int
    provider: str
    what: str
    detail: str
    place: int | None


class StepParked(NamedTuple):
    """An attempt ended without a result and will be made again ``delay`` seconds later."""

    at: float
    step: str
    group: str
    number: int
    total: int
    attempt: int
    why: str
    reason: str
    delay: float


class LaneHeld(NamedTuple):
    """A provider lets nothing in: ``waiting`` steps wait, and one is sent again in ``delay`` seconds."""

    at: float
    lane: str
    waiting: int
    delay: float
    reason: str


class LaneReopened(NamedTuple):
    """A provider lets steps in again, ``held`` seconds after it was told that it does not."""

    at: float
    lane: str
    held: float


class StepFinished(NamedTuple):
    """A step reached its final state; one of these for every planned step."""

    at: float
    step: str
    group: str
    number: int
    total: int
    status: str
    service: float
    reason: str
    attempts: int
    output: tuple[str, ...]
    cost: float | None


class GroupFinished(NamedTuple):
    """All of a group's steps are settled; ``sequential`` is the sum of their service times in seconds.

    ``skipped``: steps that never began; ``cancelled``: steps that were stopped on their way.
    """

    at: float
    group: str
    status: str
    duration: float
    sequential: float
    succeeded: int
    failed: int
    skipped: int
    cancelled: int = 0


class TimePassed(NamedTuple):
    """For a quarter of a minute nothing came back and nothing was told, while ``running`` steps ran."""

    at: float
    running: int


class StopRequested(NamedTuple):
    """Nothing more will start; ``scope`` is a group's name, or empty for the whole run."""

    at: float
    scope: str
    reason: str


class RunFinished(NamedTuple):
    """Every planned step is settled."""

    at: float
    status: str
    duration: float
    sequential: float
    speedup: float


Event: TypeAlias = (
    RunStarted
    | GroupStarted
    | StepStarted
    | StepProgressed
    | StepParked
    | LaneHeld
    | LaneReopened
    | StepFinished
    | GroupFinished
    | TimePassed
    | StopRequested
    | RunFinished
)


class Listener(Protocol):
    """Hears every event, on the scheduler's thread, in order. One that raises is detached and reported."""

    def __call__(self, event: Event, /) -> None:
        """Take note of one event; must return quickly."""
        ...


def event_fields(event: Event) -> dict[str, object]:
    """The event as a flat mapping with its name under ``event``, ready for JSON.

    >>> event_fields(StopRequested(1.5, "", "interrupted"))
    {'event': 'StopRequested', 'at': 1.5, 'scope': '', 'reason': 'interrupted'}
    """
    return {"event": type(event).__name__, **event._asdict()}
