"""A run in figures: RunReport holds every number that any report shows, so that renderers only print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from acp_action.report.sound import check_times

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA: Final = "acp-report/1"
PLAN_VERSION: Final = 1
"""Of ``RunReport.plan``; another meaning of what is there is another number."""

SettingValue: TypeAlias = bool | int | float | str | Mapping[str, Mapping[str, float]] | None


@dataclass(frozen=True, slots=True)
class AnnouncedLimits:
    """Limits that an answer of a provider told of, None where it said nothing.

    ``concurrency``: the most requests in flight; ``per_second``: requests in the long run; ``remaining`` in
    the current window, which is full again in ``reset`` seconds.
    """

    concurrency: int | None
    per_second: float | None
    remaining: int | None
    reset: float | None


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt; times in seconds since the run started.

    ``worker`` counts from 0; -1 for an attempt that was given up. ``held``: seconds of it that it waited for
    a processor, ``queued``: for the provider to begin. ``kind`` and ``told``: what a refusal said is limited,
    and the seconds it asked for. ``announced``: limits that the answer told of. ``pause``: seconds after it
    until it was to be tried again, None where it was not or nobody wrote it down.
    """

    number: int
    started: float
    finished: float
    worker: int
    outcome: str
    reason: str
    held: float = 0.0
    queued: float = 0.0
    kind: str = ""
    told: float | None = None
    announced: AnnouncedLimits | None = None
    pause: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """Where time went, in seconds: waits for inputs, a worker, a limit or a processor, back-off, service."""

    inputs: float
    worker: float
    throttle: float
    backoff: float
    processor: float
    service: float

    @property
    def waited(self) -> float:
        """Seconds in which nothing was done although the inputs were there."""
        return self.worker + self.throttle + self.backoff + self.processor


@dataclass(frozen=True, slots=True)
class StepLine:
    """One planned step. ``number`` of ``total`` is its place in ``group``; 0 and an empty name at top level.

    ``settled``: seconds since the run started. ``cost`` in USD, None when unknown. ``files``: as seen from
    the output folder. ``text``: the beginning of a text output. ``place``: where it stands in the pipeline
    file (``pipeline.yaml:12:7``), empty where that is not known.
    """

    name: str
    type: str
    model: str
    provider: str
    group: str
    number: int
    total: int
    enabled: bool
    preview: bool
    status: str
    reason: str
    attempts: tuple[AttemptLine, ...]
    split: Split
    settled: float
    cost: float | None
    seed: int | None
    files: tuple[str, ...]
    text: str | None
    place: str = ""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group with all steps in it, at any depth.

    ``started``: seconds since the run started; ``duration`` and ``sequential`` in seconds. ``line``: as the
    guide prints it, empty if the group never began.
    """

    name: str
    parent: str
    status: str
    started: float
    duration: float
    sequential: float
    steps: int
    succeeded: int
    failed: int
    skipped: int
    max_workers: int
    fail_fast: bool
    line: str


@dataclass(frozen=True, slots=True)
class PathItem:
    """A step of the critical path: from ``begin`` (the end of the item before) to ``end``, without a gap.

    ``service`` and ``waited`` in seconds, together ``end - begin``. ``after``: the step that held it, empty
    for the first. ``held_by``: ``start``, ``needs`` or ``worker``. ``waited_for``: what most of ``waited``
    went to.
    """

    step: str
    begin: float
    end: float
    service: float
    waited: float
    after: str
    held_by: Literal["start", "needs", "worker"]
    waited_for: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in effect, and where its value came from."""

    name: str
    value: SettingValue
    origin: str


@dataclass(frozen=True, slots=True)
class StopLine:
    """From ``at`` on, in seconds since the run started, nothing more began in a group; empty: in the run."""

    at: float
    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What was planned of a step, as far as nothing else in the report says it.

    ``inputs``: the steps and groups whose outputs it takes; ``after``: those that only have to be settled.
    ``timeout`` and ``expected`` in seconds, None where nothing was known; ``retries`` after the first.
    """

    name: str
    inputs: tuple[str, ...]
    after: tuple[str, ...]
    timeout: float
    retries: int
    expected: float | None


@dataclass(frozen=True, slots=True)
class RecordedPlan:
    """The graph of a run, so that it can be played again under other settings: ``steps`` in plan order."""

    version: int
    steps: tuple[PlannedStep, ...]


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything a report shows; times in seconds, cost in USD.

    ``status``: succeeded, failed or stopped (``stopped`` says why). ``started``: ISO 8601 in UTC.
    ``speedup``: ``sequential_estimate / total_duration``. ``efficiency``: ``sequential_estimate /
    (total_duration × workers)``, so 1.0 is every worker busy all the time. ``peak``: most attempts at once.
    ``counts``: steps by status, without those that are none. ``waits``: sums over all steps.
    ``least_duration``: what the run takes with any number of workers. ``limit``: one sentence on what limited
    it. ``cost``: what is known, None when nothing is; ``cost_unknown``: steps tried at an unknown price.
    ``plan``: who waits for whom, None in reports of versions that did not write it down, as they did not
    ``stops``: when something kept steps from beginning, and why.
    """

    pipeline: str
    source: str
    started: str
    status: str
    stopped: str
    preview: bool
    total_duration: float
    sequential_estimate: float
    speedup: float
    efficiency: float
    workers: int
    peak: int
    counts: dict[str, int]
    waits: Split
    least_duration: float
    limit: str
    cost: float | None
    cost_unknown: int
    critical_path: tuple[PathItem, ...]
    settings: tuple[Setting, ...]
    groups: tuple[GroupLine, ...]
    steps: tuple[StepLine, ...]
    warnings: tuple[str, ...]
    plan: RecordedPlan | None = None
    stops: tuple[StopLine, ...] = ()

    @property
    def saved(self) -> float:
        """Seconds that the run took less than its steps one after another; never less than nought."""
        return max(self.sequential_estimate - self.total_duration, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON, its version first under ``schema``."""
        return {"schema": SCHEMA, **_codec().dump_python(self, mode="json")}

    @classmethod
    def from_dict(cls, value: Any) -> RunReport:
        """A report from plain values.

        Raises ValueError that says in few words what is wrong with them, NewerError for those of a version to
        come.
        """
        if not isinstance(value, dict) or not str(value.get("schema", "")).startswith("acp-report/"):
            raise ValueError("this is not a report")
        if value["schema"] != SCHEMA:
            told = f"it is in the form {value['schema']}, and this version reads {SCHEMA}"
            raise (NewerError if _is_newer(str(value["schema"])) else ValueError)(told)
        report = _decode({key: item for key, item in value.items() if key != "schema"})
        check_times(report)
        return report


class NewerError(ValueError):
    """A report in a form that only a newer version of acp-action reads."""


def mend_for(error: ValueError) -> str:
    """What to do about a report that cannot be used: running again would pay again for what is there."""
    if isinstance(error, NewerError):
        return "install a newer acp-action to read it"
    return "run the pipeline again with this version"


def _is_newer(schema: str) -> bool:
    number = schema.rpartition("/")[2]
    return (
        number.isascii()
        and number.isdigit()
        and len(number) < 9
        and int(number) > int(SCHEMA.rpartition("/")[2])
    )


def _decode(value: dict[str, Any]) -> RunReport:
    from pydantic import ValidationError

    try:
        return _codec().validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}") from error


@cache
def _codec() -> TypeAdapter[RunReport]:
    # Late, because a run that writes no report need not pay for it.
    from pydantic import TypeAdapter

    return TypeAdapter(RunReport)
