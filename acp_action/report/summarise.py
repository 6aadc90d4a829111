"""From a RunResult to a RunReport: the arithmetic of every report, in one pure function."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.events import GroupFinished
from acp_action.plan.model import Links
from acp_action.providers.registry import LOCAL
from acp_action.report.critical import critical_path
from acp_action.report.limits import least_duration, limit_sentence
from acp_action.report.lines import log_line
from acp_action.report.model import (
    PLAN_VERSION,
    AnnouncedLimits,
    AttemptLine,
    GroupLine,
    PathItem,
    PlannedStep,
    RecordedPlan,
    RunReport,
    Setting,
    Split,
    StepLine,
    StopLine,
)
from acp_action.store.manifest import is_preview, iso_time, relative_name
from acp_action.store.strict_json import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acp_action.engine.result import Attempt, GroupResult, RunResult, StepResult
    from acp_action.plan.model import Group, Plan, Step

_TEXT_SHOWN: Final = 600
_UNBILLED: Final = frozenset({"refused", "closed", "transient", "unmade"})
"""Ends of attempts that made nothing: limits, closed accounts, broken connections before the request left."""


def summarise(result: RunResult, folder: Path | None = None) -> RunReport:
    """Everything there is to say of a run, in plan order, times rounded to microseconds.

    ``folder``: the real path of the output folder, from which file names are seen (default: the setting's).
    """
    folder = folder or Path(result.plan.settings.output_dir).resolve()
    path = critical_path(result)
    least = least_duration(result)
    pairs = zip(result.plan.steps, result.steps, strict=True)
    steps = tuple(_step(step, end, folder, result.plan.source_name) for step, end in pairs)
    total, sequential = result.total_duration, result.sequential_estimate
    costs = [step.cost for step in result.steps if step.cost is not None]
    return RunReport(
        pipeline=clean_text(result.plan.name),
        source=clean_text(result.plan.source_name),
        started=iso_time(result.started_wall),
        status="succeeded" if result.success else "stopped" if result.stopped else "failed",
        stopped=clean_text(result.stopped),
        preview=any(line.preview and (line.attempts or line.files) for line in steps),
        total_duration=_micro(total),
        sequential_estimate=_micro(sequential),
        speedup=round(result.speedup, 4),
        efficiency=round(sequential / (total * result.workers), 4) if total > 0 and result.workers else 1.0,
        workers=result.workers,
        peak=_peak(a for step in result.steps for a in step.attempts),
        counts=dict(Counter(line.status for line in steps)),
        waits=_total(line.split for line in steps),
        least_duration=_micro(least),
        limit=clean_text(limit_sentence(result, path, least)),
        cost=round(sum(costs), 6) if costs else None,
        cost_unknown=sum(map(_is_cost_unknown, result.plan.steps, result.steps)),
        critical_path=tuple(map(_rounded, path)),
        settings=settings_of(result.plan),
        groups=_groups(result),
        steps=steps,
        warnings=_warnings(result),
        plan=_plan(result.plan),
        stops=tuple(
            StopLine(_micro(stop.at), clean_text(stop.scope), clean_text(stop.reason))
            for stop in result.stops
        ),
    )


def _plan(plan: Plan) -> RecordedPlan:
    names = [clean_text(step.name) for step in plan.steps]
    names += [clean_text(group.name) for group in plan.groups]
    links = plan.links or (Links(),) * len(plan.steps)
    return RecordedPlan(
        PLAN_VERSION,
        tuple(
            PlannedStep(
                name=names[step.index],
                inputs=tuple(names[node] for node in link.data),
                after=tuple(names[node] for node in link.after),
                timeout=step.timeout,
                retries=step.retries,
                expected=step.expected,
            )
            for step, link in zip(plan.steps, links, strict=True)
        ),
    )


def _micro(value: float) -> float:
    return round(value, 6)


def _step(step: Step, result: StepResult, folder: Path, file: str) -> StepLine:
    waits, output = result.waits, result.output
    split = Split(
        _micro(waits.inputs),
        _micro(waits.worker),
        _micro(waits.throttle),
        _micro(waits.backoff),
        _micro(waits.processor),
        _micro(result.duration),
    )
    return StepLine(
        name=clean_text(step.name),
        type=result.type,
        model=result.model,
        provider=result.provider,
        group=clean_text(result.group),
        number=step.number,
        total=step.total,
        enabled=step.enabled,
        preview=is_preview(step, result),
        status=result.status.value,
        reason=clean_text(result.reason),
        attempts=tuple(map(_attempt, result.attempts)),
        split=split,
        settled=_micro(result.settled),
        cost=result.cost,
        seed=result.seed,
        files=tuple(clean_text(relative_name(f.path, folder)) for f in output.files) if output else (),
        text=clean_text(output.text[:_TEXT_SHOWN]) if output and output.text is not None else None,
        place=clean_text(step.position.of(file)) if step.position else "",
    )


def _attempt(attempt: Attempt) -> AttemptLine:
    return AttemptLine(
        attempt.number,
        _micro(attempt.started),
        _micro(attempt.finished),
        attempt.worker,
        attempt.outcome,
        clean_text(attempt.reason),
        _micro(attempt.held),
        _micro(attempt.queued),
        attempt.kind,
        _micro(attempt.told) if attempt.told is not None and isfinite(attempt.told) else None,
        None if attempt.announced is None else AnnouncedLimits(*attempt.announced),
        None if attempt.pause is None else _micro(attempt.pause),
    )


def _peak(attempts: Iterable[Attempt]) -> int:
    # At one moment an end comes before a start, because that is how a worker is handed on.
    changes = sorted(change for a in attempts for change in ((a.started, 1), (a.finished, -1)))
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    return most


def _total(splits: Iterable[Split]) -> Split:
    sums = [0.0] * 6
    for s in splits:
        parts = (s.inputs, s.worker, s.throttle, s.backoff, s.processor, s.service)
        for place, value in enumerate(parts):
            sums[place] += value
    return Split(*map(_micro, sums))


def _is_cost_unknown(step: Step, result: StepResult) -> bool:
    """Whether it may have cost something of which nobody knows how much."""
    if result.cost is not None or result.provider == LOCAL:
        return False
    # With max_duplicate_cost, what is tried again may have been billed before.
    free = _UNBILLED if step.max_duplicate_cost is None else _UNBILLED - {"transient"}
    return any(attempt.outcome not in free for attempt in result.attempts)


def _rounded(item: PathItem) -> PathItem:
    return PathItem(
        clean_text(item.step),
        _micro(item.begin),
        _micro(item.end),
        _micro(item.service),
        _micro(item.waited),
        clean_text(item.after),
        item.held_by,
        item.waited_for,
    )


def settings_of(plan: Plan) -> tuple[Setting, ...]:
    """The settings in effect, with where each value came from."""
    settings = plan.settings
    names = (
        "parallel", "schedule", "max_workers", "worker_cap", "rate_limit_delay", "rate_limits",
        "max_rate_limit_wait", "fail_fast", "timeout", "log_level", "output_dir", "provider",
    )  # fmt: skip
    origins = settings.origins or {}
    values = {name: getattr(settings, name) for name in names}
    return tuple(
        Setting(name, clean_text(value) if isinstance(value, str) else value, origins.get(name, "default"))
        for name, value in values.items()
        # These have no value unless someone gives one.
        if not (value in (None, {}) and name in ("worker_cap", "provider", "rate_limits"))
    )


def _groups(result: RunResult) -> tuple[GroupLine, ...]:
    plan = result.plan
    members: list[list[StepResult]] = [[] for _ in plan.groups]
    for step, end in zip(plan.steps, result.steps, strict=True):
        group = step.group
        while group >= 0:
            members[group].append(end)
            group = plan.groups[group].parent
    return tuple(
        _group(plan, group, end, ends)
        for group, end, ends in zip(plan.groups, result.groups, members, strict=True)
    )


def _group(plan: Plan, group: Group, result: GroupResult, members: Sequence[StepResult]) -> GroupLine:
    succeeded = sum(step.status.good for step in members)
    failed = sum(step.status.bad for step in members)
    cancelled = sum(step.status == "cancelled" for step in members)
    skipped = len(members) - succeeded - failed
    duration, sequential = _micro(result.duration), _micro(result.sequential)
    told = log_line(
        GroupFinished(result.finished, result.name, result.status, duration, sequential,
                      succeeded, failed, skipped - cancelled, cancelled)
    )  # fmt: skip
    began = any(step.attempts for step in members)
    return GroupLine(
        name=clean_text(group.name),
        parent=clean_text(plan.groups[group.parent].name) if group.parent >= 0 else "",
        status=result.status,
        started=_micro(result.started),
        duration=duration,
        sequential=sequential,
        steps=len(members),
        succeeded=succeeded,
        failed=failed,
        skipped=skipped,
        max_workers=group.max_workers,
        fail_fast=group.fail_fast,
        line=clean_text(told.text) if told and began else "",
    )


def _warnings(result: RunResult) -> tuple[str, ...]:
    told = [str(problem) for problem in result.plan.warnings]
    told += [f"a listener failed and was detached: {name}" for name in result.detached]
    return tuple(map(clean_text, told))
