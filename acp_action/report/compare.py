"""Two runs side by side, in figures: what took longer, what cost more, what came out differently."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from acp_action.catalogue.prices import LEAST_PRICE, usd
from acp_action.report.comparison import Against, Change, Comparison, File, Side, StepPair, StepSide
from acp_action.report.lines import span_words
from acp_action.report.sums import change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acp_action.report.comparison import Output, Run
    from acp_action.report.model import StepLine

# A difference in time is told from this part of it on, and from so many seconds.
_WORTH: Final = 0.1
_WORTH_SECONDS: Final = 0.1
_LONGEST: Final = 1000


def compare_runs(a: Run, b: Run) -> Comparison:
    """Two runs step by step; steps are paired by name."""
    ours, theirs = _steps(a), _steps(b)
    names = [*ours, *(name for name in theirs if name not in ours)]
    one, other = _side(a), _side(b)
    pairs = [_pair(name, ours.get(name), theirs.get(name)) for name in names]
    return Comparison(one, other, _against(one, other), tuple(_with_likes(pairs)))


def _against(a: Side, b: Side) -> Against:
    costs_known = not a.cost_unknown and not b.cost_unknown
    return Against(
        duration=change(a.duration, b.duration, _WORTH_SECONDS),
        sequential=change(a.sequential, b.sequential, _WORTH_SECONDS),
        waited=change(a.waited, b.waited, _WORTH_SECONDS),
        cost=change(a.cost or 0.0, b.cost or 0.0, LEAST_PRICE) if costs_known else None,
    )


def _side(run: Run) -> Side:
    report = run.report
    settings = {setting.name: setting.value for setting in report.settings}
    return Side(
        place=run.place,
        pipeline=report.pipeline,
        started=report.started,
        status=report.status,
        stopped=report.stopped,
        duration=report.total_duration,
        sequential=report.sequential_estimate,
        speedup=report.speedup,
        workers=report.workers,
        schedule=str(settings.get("schedule", "")) if settings.get("parallel", True) else "one after another",
        waited=report.waits.waited,
        cost=report.cost,
        cost_unknown=report.cost_unknown,
        counts=report.counts,
        manifest=run.records is not None,
    )


def _steps(run: Run) -> dict[str, StepSide]:
    records: dict[str, list[Mapping[str, Any]]] = {}
    for record in run.records or ():
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


def _with_likes(pairs: Sequence[StepPair]) -> Iterator[StepPair]:
    """The pairs; of steps that one run alone has, those are named that do the same under another name."""
    alone: dict[str, deque[str]] = {}
    for pair in pairs:
        if pair.a is None and pair.b is not None and (does := _does(pair.b)):
            alone.setdefault(does, deque()).append(pair.name)
    other_names: dict[str, str] = {}
    for pair in pairs:
        if pair.b is None and pair.a is not None and (found := alone.get(_does(pair.a))):
            other_names[pair.name] = found.popleft()
    other_names |= {theirs: ours for ours, theirs in other_names.items()}
    for pair in pairs:
        yield replace(pair, like=other_names.get(pair.name, ""))


def _does(side: StepSide) -> str:
    """What a step does, to be held against others; empty where its parameters are not known."""
    if side.params is None:
        return ""
    return repr(
        (side.type, side.model, side.provider, sorted((k, v) for k, v in side.params.items() if k != "seed"))
    )


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
            ("reason", _word(a.reason), _word(b.reason)),
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
