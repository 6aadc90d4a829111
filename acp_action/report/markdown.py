"""report.md: the report for people, in Markdown that holds nothing but text from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.report.escape import md_code, md_prose
from acp_action.report.lines import seconds, span_words
from acp_action.report.wording import (
    PREVIEW,
    counts_words,
    failures_first,
    figures,
    path_words,
    setting_words,
    status_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acp_action.report.model import GroupLine, RunReport, StepLine

ROWS: Final = 1000
"""Most steps in the table; a page of more is not read, and report.json has them all."""

_REASON_SHOWN: Final = 300


def render_markdown(report: RunReport) -> str:
    """The report as Markdown: figures, groups, steps (failures first), critical path, settings, warnings."""
    parts = [
        [f"# {md_code(report.pipeline) or 'Pipeline'} {md_prose(report.status)}"],
        [f"> **PREVIEW**: {PREVIEW}"] if report.preview else [],
        _headline(report),
        _figures(report),
        _groups(report.groups),
        _steps(report.steps),
        _critical_path(report),
        _settings(report),
        _warnings(report.warnings),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _headline(report: RunReport) -> list[str]:
    total, sequential = span_words(report.total_duration), span_words(report.sequential_estimate)
    lines = [
        f"**{total}** (vs {sequential} sequential, **{report.speedup:.1f}x**): {counts_words(report)}.",
        "",
        f"What limited it: {md_prose(report.limit)}.",
    ]
    return lines if not report.stopped else [f"Stopped: {md_code(report.stopped)}", "", *lines]


def _figures(report: RunReport) -> list[str]:
    *ours, started, source = figures(report)
    foreign = [(name, md_code(text)) for name, text in (started, source)]
    return _table(("Figure", "Value"), [*ours, *foreign])


def _groups(groups: Sequence[GroupLine]) -> list[str]:
    if not groups:
        return []
    rows = [
        (
            md_code(group.name),
            md_code(group.line) or "never began",
            seconds(group.started) if group.line else "",
            f"{group.succeeded} of {group.steps}",
            str(group.max_workers),
        )
        for group in groups
    ]
    return ["## Groups", "", *_table(("Group", "Result", "Began at", "Succeeded", "max_workers"), rows)]


def _steps(steps: Sequence[StepLine]) -> list[str]:
    head = ("Step", "Status", "Model", "Provider", "Service", "Waited", "Attempts", "Output or reason")
    rows = [
        (
            md_code(step.name),
            md_prose(status_words(step.status)),
            md_code(step.model),
            md_code(step.provider) + (" (preview)" if step.preview else ""),
            span_words(step.split.service),
            span_words(step.split.waited),
            str(len(step.attempts)),
            _outcome(step),
        )
        for step in failures_first(steps)[:ROWS]
    ]
    more = len(steps) - len(rows)
    rest = ["", f"And {more:,} more in report.json."] if more > 0 else []
    return ["## Steps", "", *_table(head, rows), *rest]


def _outcome(step: StepLine) -> str:
    if step.files:
        return ", ".join(map(md_code, step.files))
    return md_code(step.reason, _REASON_SHOWN)


def _critical_path(report: RunReport) -> list[str]:
    if not report.critical_path:
        return []
    items = [
        f"1. {md_code(item.step)}: {path_words(item, md_code, md_prose)}" for item in report.critical_path
    ]
    shown = items[:ROWS]
    rest = ["", f"And {len(items) - ROWS:,} more in report.json."] if len(items) > ROWS else []
    return ["## Critical path", "", *shown, *rest]


def _settings(report: RunReport) -> list[str]:
    rows = [
        (
            md_code(item.name),
            md_code(setting_words(item.value)),
            md_code(item.origin),
        )
        for item in report.settings
    ]
    return ["## Settings", "", *_table(("Setting", "Value", "From"), rows)]


def _warnings(warnings: Sequence[str]) -> list[str]:
    return ["## Warnings", "", *(f"- {md_code(text)}" for text in warnings)] if warnings else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
