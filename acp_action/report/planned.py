"""A plan as plain values that are quickly written, and back: what reports of its run need of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.errors import Position
from acp_action.plan.model import Links
from acp_action.report.model import PLAN_VERSION, SCHEMA, RunReport
from acp_action.report.recorded import recorded
from acp_action.report.summarise import settings_of
from acp_action.store.strict_json import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.plan.model import Plan, Step

_NO_TIME: Final = {"inputs": 0, "worker": 0, "throttle": 0, "backoff": 0, "processor": 0, "service": 0}


class Planned(NamedTuple):
    """A plan that came back, and a report of a run of it in which nothing happened."""

    plan: Plan
    report: RunReport


def plan_values(plan: Plan) -> dict[str, Any]:
    """The plan, ready for JSON; its steps are rows of ``_StepRow``, their kinds of ``_Kind``."""
    kinds: dict[_Kind, int] = {}
    links = plan.links or (Links(),) * len(plan.steps)
    return {
        "name": plan.name,
        "source": plan.source_name,
        "settings": [(s.name, s.value, s.origin) for s in settings_of(plan)],
        "groups": [(g.name, g.parent, g.max_workers, g.fail_fast) for g in plan.groups],
        "steps": [_row(step, link, kinds) for step, link in zip(plan.steps, links, strict=True)],
        "kinds": [tuple(kind) for kind in kinds],
        "warnings": [str(problem) for problem in plan.warnings],
    }


class _Kind(NamedTuple):
    type: str
    model: str
    model_name: str
    provider: str
    preview: bool


class _StepRow(NamedTuple):
    """``data`` and ``after``: nodes, as in ``plan.model.Links``. ``position``: line and column."""

    name: str
    kind: int
    group: int
    number: int
    total: int
    enabled: bool
    timeout: float
    retries: int
    expected: float | None
    data: list[int]
    after: list[int]
    most_twice: float | None
    position: list[int] | None


def _row(step: Step, link: Links, kinds: dict[_Kind, int]) -> tuple[Any, ...]:
    model, at = step.model, step.position
    kind = kinds.setdefault(_Kind(step.type, model.key, model.name, step.provider, step.preview), len(kinds))
    return (
        step.name, kind, step.group, step.number, step.total, step.enabled, step.timeout, step.retries,
        step.expected, link.data, link.after, step.max_duplicate_cost,
        (at.line, at.column) if at is not None else None,
    )  # fmt: skip


def planned(values: Any) -> Planned:
    """The plan that values are of, and its empty report. Raises ValueError that says what is wrong."""
    try:
        report, rows, kinds = _report(values)
        plan = recorded(report).plan
        return Planned(replace(plan, steps=_steps(plan, rows, kinds)), report)
    except (TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"what was planned cannot be read: {error}") from error


def _report(values: Mapping[str, Any]) -> tuple[RunReport, list[_StepRow], list[_Kind]]:
    kinds = [_Kind(*kind) for kind in values["kinds"]]
    rows = [_StepRow(*row) for row in values["steps"]]
    names = [clean_text(row.name) for row in rows] + [clean_text(name) for name, *_ in values["groups"]]
    groups = [*names[len(rows) :], ""]
    report = {
        "schema": SCHEMA,
        "pipeline": clean_text(values["name"]),
        "source": clean_text(values["source"]),
        "settings": [
            {"name": name, "value": value, "origin": why} for name, value, why in values["settings"]
        ],
        "groups": [_group(row, groups) for row in values["groups"]],
        "steps": [_step(row, kinds[row.kind], groups) for row in rows],
        "warnings": [clean_text(text) for text in values["warnings"]],
        "plan": {"version": PLAN_VERSION, "steps": [_edges(row, names) for row in rows]},
        **_NOTHING,
    }
    return RunReport.from_dict(report), rows, kinds


_NOTHING: Final = {
    "started": "", "status": "stopped", "stopped": "", "preview": False, "total_duration": 0,
    "sequential_estimate": 0, "speedup": 1, "efficiency": 1, "workers": 0, "peak": 0, "counts": {},
    "waits": _NO_TIME, "least_duration": 0, "limit": "", "cost": None, "cost_unknown": 0, "critical_path": [],
}  # fmt: skip
"""What a report says of a run before it begins."""


def _group(row: list[Any], groups: list[str]) -> dict[str, Any]:
    name, parent, max_workers, fail_fast = row
    return {
        "name": clean_text(name), "parent": _at(groups, parent), "max_workers": max_workers,
        "fail_fast": fail_fast, "status": "skipped", "started": 0, "duration": 0, "sequential": 0, "steps": 0,
        "succeeded": 0, "failed": 0, "skipped": 0, "line": "",
    }  # fmt: skip


def _step(row: _StepRow, kind: _Kind, groups: list[str]) -> dict[str, Any]:
    return {
        "name": clean_text(row.name), "type": kind.type, "model": kind.model, "provider": kind.provider,
        "group": _at(groups, row.group), "number": row.number, "total": row.total, "enabled": row.enabled,
        "preview": kind.preview, "status": "skipped", "reason": "", "attempts": [], "split": _NO_TIME,
        "settled": 0, "cost": None, "seed": None, "files": [], "text": None,
    }  # fmt: skip


def _edges(row: _StepRow, names: list[str]) -> dict[str, Any]:
    return {
        "name": clean_text(row.name), "inputs": [_at(names, node) for node in row.data],
        "after": [_at(names, node) for node in row.after], "timeout": row.timeout, "retries": row.retries,
        "expected": row.expected,
    }  # fmt: skip


def _at(names: list[str], index: int) -> str:
    """The name; -1, where there is an empty one at the end, is nobody's."""
    if index < -1:
        raise IndexError(f"there is no place {index}")
    return names[index]


def _steps(plan: Plan, rows: list[_StepRow], kinds: list[_Kind]) -> tuple[Step, ...]:
    """With what the report does not hold of them."""
    models = {(step.type, step.model.key): step.model for step in plan.steps}
    models = {
        (kind.type, kind.model): replace(models[kind.type, kind.model], name=str(kind.model_name))
        for kind in kinds
        if (kind.type, kind.model) in models
    }
    return tuple(
        step._replace(
            model=models[step.type, step.model.key],
            max_duplicate_cost=_usd(row.most_twice),
            position=_position(row.position),
        )
        for step, row in zip(plan.steps, rows, strict=True)
    )


def _position(value: Any) -> Position | None:
    match value:
        case [int(line), int(column)]:
            return Position(line, column)
    return None


def _usd(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and value >= 0 else None
