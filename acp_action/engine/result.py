"""What a run was: one StepResult for every planned step, in plan order, and the run's own figures.

What is made once or more per step is a NamedTuple: a frozen dataclass of that size takes eight times as
long to make, which at ten thousand steps is felt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from acp_action.artifacts import JsonValue, Output
    from acp_action.events import StopRequested
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Announced


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

as_tuple: Final = tuple.__new__
"""Makes a NamedTuple from all its fields, in order: ``as_tuple(Waits, (…))``, in a third of the time.

The class's own call goes through a Python function. Only where ten thousand steps feel it: nothing counts the
fields here.
"""


class Status(StrEnum):
    """How a step ended."""

    SUCCEEDED = "succeeded"
    CACHED = "cached"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    REFUSED = "refused"
    DOUBT = "doubt"

    @property
    def good(self) -> bool:
        """Whether the step has its output."""
        return self is Status.SUCCEEDED or self is Status.CACHED

    @property
    def bad(self) -> bool:
        """Whether the step itself went wrong, as opposed to never having been carried out."""
        return self in (Status.FAILED, Status.TIMED_OUT, Status.REFUSED, Status.DOUBT)


# Looked up once a step; the property would be called.
_GOOD: Final = frozenset(status for status in Status if status.good)


class Attempt(NamedTuple):
    """One attempt; times in seconds since the run started, ``worker`` counts from 0.

    ``held``: seconds of it in which it waited for a processor that other steps had. ``queued``: seconds in
    which the provider had not begun, its limit being reached. ``kind`` and ``told``: what a refusal said is
    limited, and the seconds it asked for. ``announced``: limits that the answer told of. ``pause``: seconds
    after it until it was to be tried again, None where it was not; waits in a provider's lane are none.
    """

    number: int
    started: float
    finished: float
    worker: int
    outcome: str
    reason: str = ""
    held: float = 0.0
    queued: float = 0.0
    kind: str = ""
    told: float | None = None
    announced: Announced | None = None
    pause: float | None = None

    @property
    def service(self) -> float:
        """Seconds of work: what the attempt took, less what held it up here or in the provider's queue."""
        return self.finished - self.started - self.held - self.queued


class Waits(NamedTuple):
    """Where a step's time went before its end, in seconds, besides its service time.

    ``inputs``: from the run's start until its needs were settled. ``worker``: ready, but its group or the run
    was full. ``throttle``: held by a provider's limit,
    here or in its own queue. ``backoff``: between attempts. ``processor``: within
    attempts, while other steps had the processors of this machine.
    """

    inputs: float = 0.0
    worker: float = 0.0
    throttle: float = 0.0
    backoff: float = 0.0
    processor: float = 0.0


class StepResult(NamedTuple):
    """How one planned step ended. ``settled``: seconds since the run started; ``cost`` in USD or None.

    ``waits`` and the attempts' service times add up to ``settled``, for steps that were carried out.
    ``closed``: why the provider took nothing more from the account, where the step ended for that: ``key``,
    ``credit`` or ``day``.
    """

    name: str
    type: str
    model: str
    provider: str
    group: str
    status: Status
    reason: str = ""
    output: Output | None = None
    attempts: tuple[Attempt, ...] = ()
    waits: Waits = Waits()
    settled: float = 0.0
    cost: float | None = None
    seed: int | None = None
    params: Mapping[str, JsonValue] = _NOTHING
    metadata: Mapping[str, JsonValue] = _NOTHING
    closed: str = ""

    @property
    def success(self) -> bool:
        """Whether the step has its output."""
        return self.status.good

    @property
    def error(self) -> str | None:
        """Why there is no output; None on success."""
        return None if self.success else self.reason

    @property
    def duration(self) -> float:
        """Service time in seconds: the sum over the attempts, no waiting in it."""
        total = 0.0
        for attempt in self.attempts:
            total += attempt.finished - attempt.started - attempt.held - attempt.queued
        return total

    @property
    def output_path(self) -> Path | None:
        """The first output file."""
        return self.output.files[0].path if self.output and self.output.files else None

    @property
    def text(self) -> str | None:
        """The text a text step made."""
        return self.output.text if self.output else None


@dataclass(frozen=True, slots=True)
class GroupResult:
    """A group's own line: when it began and ended (seconds since the run started) and what it held."""

    name: str
    started: float
    finished: float
    sequential: float
    status: str

    @property
    def duration(self) -> float:
        """Wall time in seconds."""
        return self.finished - self.started


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run. Iterable over its StepResults in plan order, indexable by step name or position.

    ``total_duration``: wall seconds. ``stopped``: why the run was stopped early, empty when it was not.
    ``stops``: what was told of stops, of the run or of its groups, in order.
    """

    plan: Plan
    steps: tuple[StepResult, ...]
    groups: tuple[GroupResult, ...]
    total_duration: float
    started_wall: float
    workers: int
    stopped: str = ""
    detached: tuple[str, ...] = ()
    stops: tuple[StopRequested, ...] = ()

    @property
    def sequential_estimate(self) -> float:
        """Seconds the same steps take one after another: the sum of service times, no waiting in it."""
        return sum(s.duration for s in self.steps)

    @property
    def speedup(self) -> float:
        """``sequential_estimate / total_duration``; 1.0 for a run that took no time."""
        return self.sequential_estimate / self.total_duration if self.total_duration > 0 else 1.0

    @property
    def success(self) -> bool:
        """Whether every enabled step has its output and nothing stopped the run."""
        if self.stopped:
            return False
        bad = [i for i, result in enumerate(self.steps) if result.status not in _GOOD]
        return not any(self.plan.steps[i].enabled for i in bad)

    def __iter__(self) -> Iterator[StepResult]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, key: str | int) -> StepResult: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[StepResult, ...]: ...
    def __getitem__(self, key: str | int | slice) -> StepResult | tuple[StepResult, ...]:
        if isinstance(key, str):
            for step in self.steps:
                if step.name == key:
                    return step
            raise KeyError(key)
        return self.steps[key]
