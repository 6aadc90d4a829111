"""A comparison as a value: two runs as wholes, and their steps in pairs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.report.model import RunReport

SCHEMA: Final = "acp-compare/1"
Output: TypeAlias = Literal["same", "different", "unknown", "only_a", "only_b", "none"]


@dataclass(frozen=True, slots=True)
class File:
    """An output file: as seen from the run's folder, its kind, and its hash where the manifest has it."""

    path: str
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True)
class StepSide:
    """A step in one of the runs; seconds and USD. ``params`` None: nobody wrote them down."""

    status: str
    reason: str
    type: str
    model: str
    provider: str
    service: float
    waited: float
    attempts: int
    cost: float | None
    seed: int | None
    params: Mapping[str, Any] | None
    files: tuple[File, ...]
    text: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs, in words: empty where there is nothing."""

    what: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class StepPair:
    """A step in both runs; None in the one that does not have it. ``changes``: in what they differ.

    ``like``: of a step that one run alone has, one that the other alone has and that does the same.
    """

    name: str
    a: StepSide | None
    b: StepSide | None
    output: Output
    changes: tuple[Change, ...]
    like: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One run as a whole; seconds and USD. ``place``: as it was named.

    ``stopped``: why it ended early, or that it is still at work; empty where it came to its end.
    ``manifest``: whether its own is there; without it nobody knows parameters and the content of outputs.
    """

    place: str
    pipeline: str
    started: str
    status: str
    stopped: str
    duration: float
    sequential: float
    speedup: float
    workers: int
    schedule: str
    waited: float
    cost: float | None
    cost_unknown: int
    counts: Mapping[str, int]
    manifest: bool


@dataclass(frozen=True, slots=True)
class Against:
    """By what part of run ``a`` run ``b`` differs from it; None where that says nothing, or is not known."""

    duration: float | None
    sequential: float | None
    waited: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run ``a`` and run ``b``; ``steps`` in the order of ``a``, then those that only ``b`` has."""

    a: Side
    b: Side
    against: Against
    steps: tuple[StepPair, ...]

    @property
    def changed(self) -> tuple[StepPair, ...]:
        """The steps that differ in anything, or that one run does not have."""
        return tuple(pair for pair in self.steps if pair.changes or pair.a is None or pair.b is None)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, ready for JSON, its version first under ``schema``."""
        return {"schema": SCHEMA, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Run:
    """What is compared: a report, and the folder as it was named.

    ``records``: what the manifest says of each output and of each step without one, None without a manifest.
    """

    place: str
    report: RunReport
    records: Sequence[Mapping[str, Any]] | None
