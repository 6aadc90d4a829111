"""Two runs side by side, in figures: what took longer, what cost more, what came out differently."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from acp_action.report.lines import span_words
from acp_action.report.wording import usd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.report.model import RunReport, StepLine

SCHEMA: Final = "acp-compare/1"
Output: TypeAlias = Literal["same", "different", "unknown", "only_a", "only_b", "none"]
# A difference in time is told from this part of it on, and from so many seconds.
_WORTH: Final = 0.1
_WORTH_SECONDS: Final = 0.1
_LONGEST: Final = 1000


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
    """A step in both runs; None in the one that does not have it. ``changes``: in what they differ."""

    name: str
    a: StepSide | None
    b: StepSide | None
    output: Output
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One run as a whole; seconds and USD. ``place``: as it was named."""

    place: str
    pipeline: str
    started: str
    status: str
    duration: float
    sequential: float
    speedup: float
    workers: int
    schedule: str
    waited: float
    cost: float | None
    cost_unknown: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run ``a`` and run ``b``; ``steps`` in the order of ``a``, then those that only ``b`` has."""

    a: Side
    b: Side
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
    """What is compared: a report, what the manifest says of its outputs, and the folder as it was named."""

    place: str
    report: RunReport
    outputs: Sequence[Mapping[str, Any]]


def compare_runs(a: Run, b: Run) -> Comparison:
    """Two runs step by step; steps are paired by name."""
    ours, theirs = _steps(a), _steps(b)
    names = [*ours, *(name for name in theirs if name not in ours)]
    return Comparison(
        _side(a), _side(b), tuple(_pair(name, ours.get(name), theirs.get(name)) for name in names)
    )


def _side(run: Run) -> Side:
    report = run.report
    settings = {setting.name: setting.value for setting in report.settings}
    return Side(
        place=run.place,
        pipeline=report.pipeline,
        started=report.started,
        status=report.status,
        duration=report.total_duration,
        sequential=report.sequential_estimate,
        speedup=report.speedup,
        workers=report.workers,
        schedule=str(settings.get("schedule", "")) if settings.get("parallel", True) else "one after another",
        waited=report.waits.waited,
        cost=report.cost,
        cost_unknown=report.cost_unknown,
        counts=report.counts,
    )


def _steps(run: Run) -> dict[str, StepSide]:
    records: dict[str, list[Mapping[str, Any]]] = {}
    for record in run.outputs:
        records.setdefault(str(record.get("step")), []).append(record)
    return {line.name: _step(line, records.get(line.name, [])) for line in run.report.steps}


def _step(line: StepLine, records: Sequence[Mapping[str, Any]]) -> StepSide:
    known = {str(record.get("file")): record for record in records}
    params = records[0].get("params") if records else None
    return StepSide(
        status=line.status,
        reason=line.reason,
        type=line.type,
        model=line.model,
        provider=line.provider,
        service=line.split.service,
        waited=line.split.waited,
        attempts=len(line.attempts),
        cost=line.cost,
        seed=line.seed,
        params=params if isinstance(params, dict) else None,
        files=tuple(_file(path, known.get(path, {})) for path in line.files),
        text=line.text,
    )


def _file(path: str, record: Mapping[str, Any]) -> File:
    return File(path, str(record.get("kind", "")), str(record.get("sha256", "")))


def _pair(name: str, a: StepSide | None, b: StepSide | None) -> StepPair:
    output = _output(a, b)
    return StepPair(name, a, b, output, _changes(a, b, output) if a and b else ())


def _output(a: StepSide | None, b: StepSide | None) -> Output:
    ours, theirs = (a.files if a else ()), (b.files if b else ())
    if not ours or not theirs:
        return "only_a" if ours else "only_b" if theirs else "none"
    if not all(file.sha256 for file in (*ours, *theirs)):
        return "unknown"
    return "same" if [f.sha256 for f in ours] == [f.sha256 for f in theirs] else "different"


def _changes(a: StepSide, b: StepSide, output: Output) -> tuple[Change, ...]:
    found = [
        Change(what, str(x), str(y))
        for what, x, y in (
            ("status", a.status, b.status),
            ("type", a.type, b.type),
            ("model", a.model, b.model),
            ("provider", a.provider, b.provider),
            ("attempts", a.attempts, b.attempts),
        )
        if x != y
    ]
    found += [
        Change(what, span_words(x), span_words(y))
        for what, x, y in (("service", a.service, b.service), ("waited", a.waited, b.waited))
        if _tells(x, y)
    ]
    if a.cost != b.cost:
        found.append(Change("cost", _usd(a.cost), _usd(b.cost)))
    found += _params(a, b)
    if output == "different":
        found.append(Change("output", ", ".join(f.path for f in a.files), ", ".join(f.path for f in b.files)))
    return tuple(found)


def _tells(x: float, y: float) -> bool:
    return abs(x - y) >= max(_WORTH_SECONDS, _WORTH * max(x, y))


def _params(a: StepSide, b: StepSide) -> list[Change]:
    """Parameters that differ; nothing where one run's are not known."""
    found = [] if a.seed == b.seed else [Change("seed", _word(a.seed), _word(b.seed))]
    if a.params is None or b.params is None:
        return found
    for name in dict.fromkeys((*a.params, *b.params)):
        x, y = a.params.get(name), b.params.get(name)
        if x != y and name != "seed":
            found.append(Change(name, _word(x), _word(y)))
    return found


def _word(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _usd(cost: float | None) -> str:
    return "unknown" if cost is None else usd(cost)
