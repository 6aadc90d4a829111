"""The pieces of the job's summary, in Markdown that holds nothing but text from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.github.gantt import LEGEND, render_gantt
from acp_action.report.escape import md_code, md_prose, one_line
from acp_action.report.lines import span_words
from acp_action.report.wording import (
    PREVIEW,
    by_reason,
    cost_words,
    counts_words,
    failures_first,
    names_words,
    status_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acp_action.errors import Problem
    from acp_action.report.model import GroupLine, RunReport, StepLine

_SIGNS: Final = {"succeeded": "✅", "failed": "❌", "stopped": "🛑"}
_GOOD: Final = ("succeeded", "cached")
_FILES: Final = 10
_TROUBLES: Final = 20
# Not after a digit: "1. " would begin a list.
_FULL_STOP: Final = re.compile(r"(?<=[A-Za-z]{2})\.(?: |$)")
# Nothing in it ends a Markdown link or leads elsewhere than to the web.
_WEB_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~:/?#@!$&'*+,;=%-]*)?")


class Detail(NamedTuple):
    """How much is told: ``rows`` of any table or list, ``text`` and ``name`` in characters."""

    chart: bool
    rows: int
    text: int
    name: int


class ArtifactLink(NamedTuple):
    """The artifact that holds media and reports, and where it can be had; the address may be empty."""

    name: str
    url: str


def problems_section(problems: Sequence[Problem], detail: Detail) -> Iterator[str]:
    """What is wrong with the pipeline file, each with its place and line, and how to mend it."""
    if not problems:
        return
    errors = sum(problem.severity == "error" for problem in problems)
    told = [_many(errors, "error")] if errors else []
    told += [_many(len(problems) - errors, "warning")] if len(problems) > errors else []
    yield f"## {'❌' if errors else '⚠️'} {' and '.join(told)} in the pipeline file"
    yield ""
    for problem in problems[: detail.rows]:
        yield from _problem(problem, detail)
    yield from _more(len(problems) - detail.rows, "in the log")


def overview(runs: Sequence[RunReport], detail: Detail) -> Iterator[str]:
    """One row for each of several pipelines."""
    if len(runs) < 2:
        return
    rows = [
        (
            md_code(run.pipeline, detail.name),
            f"{_sign(run)} {md_prose(run.status)}",
            span_words(run.total_duration),
            f"{run.speedup:.1f}x",
            counts_words(run),
            cost_words(run),
        )
        for run in runs[: detail.rows]
    ]
    yield from ("## Pipelines", "")
    yield from _table(("Pipeline", "Result", "Time", "Speedup", "Steps", "Cost"), rows)
    yield from _more(len(runs) - detail.rows, "in their reports")


def run_head(run: RunReport, detail: Detail) -> Iterator[str]:
    """How a run ended: what went wrong, then time, speedup and cost, then its groups."""
    yield f"## {_sign(run)} {md_code(run.pipeline, detail.name) or 'Pipeline'} {md_prose(run.status)}"
    if run.preview:
        yield from ("", f"> **PREVIEW**: {PREVIEW}")
    if run.stopped:
        yield from ("", f"Stopped: {md_code(run.stopped, detail.text)}")
    yield from _troubles(run.steps, detail)
    yield from ("", _totals(run), "", f"What limited it: {md_prose(one_line(run.limit, detail.text))}.")
    yield from _groups([group for group in run.groups if group.line], detail)


def run_body(run: RunReport, detail: Detail) -> Iterator[str]:
    """A run step by step, as a table and as a chart, and its warnings."""
    yield from ("### Steps", "")
    head = ("Step", "Status", "Model", "Provider", "Time", "Waited", "Attempts", "Output or reason")
    yield from _table(head, (_row(step, detail) for step in failures_first(run.steps)[: detail.rows]))
    yield from _more(len(run.steps) - detail.rows, "in the report")
    if detail.chart and (chart := render_gantt(run)):
        yield from ("", "### Timeline", "", LEGEND, "", "```mermaid", chart.rstrip("\n"), "```")
    if run.warnings:
        yield from ("", "### Warnings", "")
        yield from (f"- {md_code(text, detail.text)}" for text in run.warnings[: detail.rows])
        yield from _more(len(run.warnings) - detail.rows, "in the report")


def artifact_line(artifact: ArtifactLink | None, detail: Detail) -> Iterator[str]:
    """Where media and reports are."""
    if artifact is None:
        return
    name = md_code(artifact.name, detail.name) or "the artifact"
    if _WEB_ADDRESS.fullmatch(artifact.url):
        yield f"Media, report and manifest: [{name}]({artifact.url})"
    else:
        yield f"Media, report and manifest: {name} {md_code(artifact.url, detail.text)}".rstrip()


def notes_list(notes: Sequence[str], detail: Detail) -> Iterator[str]:
    """Sentences about the job as a whole, foreign words in them as code."""
    for index, note in enumerate(notes[: detail.rows]):
        # No list, because one that follows another would become a part of it.
        yield from ([">"] if index else [])
        yield f"> {_sentences(note, detail)}"
    yield from _more(len(notes) - detail.rows, "in the log")


def _sentences(text: str, detail: Detail) -> str:
    """Sentences of ours that may hold foreign words; a full stop after a plain word stays one."""
    parts = _FULL_STOP.split(one_line(text, detail.text))
    return ". ".join(map(md_prose, parts)).rstrip(" ")


def _problem(problem: Problem, detail: Detail) -> Iterator[str]:
    place = ":".join(map(str, (problem.file, *_numbers(problem))))
    words = f"{problem.what}; {problem.mend}" if problem.mend else problem.what
    parts = (
        f"{problem.severity} at {md_code(place, detail.text)}",
        md_code(problem.where, detail.text),
        _sentences(words, detail),
    )
    yield f"- {': '.join(part for part in parts if part)}"
    if problem.line_text.strip():
        yield f"  - {md_code(problem.line_text.strip(), detail.text)}"


def _numbers(problem: Problem) -> tuple[int, ...]:
    return (problem.position.line, problem.position.column) if problem.position else ()


def _sign(run: RunReport) -> str:
    return _SIGNS.get(run.status, "❔")


def _totals(run: RunReport) -> str:
    took, sequential = span_words(run.total_duration), span_words(run.sequential_estimate)
    figures = f"**{took}** (vs {sequential} sequential, **{run.speedup:.1f}x**)"
    return f"{figures}: {counts_words(run)}. Cost: {cost_words(run)}."


def _troubles(steps: Iterable[StepLine], detail: Detail) -> Iterator[str]:
    troubled = [step for step in failures_first(steps) if step.status not in _GOOD and step.enabled]
    if not troubled:
        return
    yield ""
    alike = by_reason((step.name, step.status, step.reason) for step in troubled)
    shown = list(alike.items())[: min(detail.rows, _TROUBLES)]
    for (status, reason), names in shown:
        why = f": {md_code(reason, detail.text)}" if reason else ""
        told = names_words(names, lambda name: md_code(name, detail.name))
        yield f"- {told} {md_prose(status_words(status))}{why}"
    yield from _more(len(troubled) - sum(len(names) for _, names in shown), "first in the table")


def _groups(groups: Sequence[GroupLine], detail: Detail) -> Iterator[str]:
    if not groups:
        return
    yield ""
    for group in groups[: detail.rows]:
        yield f"- {md_code(group.name, detail.name)}: {md_code(group.line, detail.text)}"
    yield from _more(len(groups) - detail.rows, "in the report")


def _row(step: StepLine, detail: Detail) -> tuple[str, ...]:
    return (
        md_code(step.name, detail.name),
        md_prose(status_words(step.status)),
        md_code(step.model, detail.name),
        md_code(step.provider, detail.name) + (" (preview)" if step.preview else ""),
        span_words(step.split.service),
        span_words(step.split.waited),
        str(len(step.attempts)),
        _outcome(step, detail),
    )


def _outcome(step: StepLine, detail: Detail) -> str:
    if not step.files:
        return md_code(step.reason, detail.text)
    files = ", ".join(md_code(name, detail.text) for name in step.files[:_FILES])
    more = f" and {len(step.files) - _FILES:,} more" if len(step.files) > _FILES else ""
    return f"{files}{more}: {md_code(step.text, detail.text)}" if step.text else f"{files}{more}"


def _more(count: int, where: str) -> list[str]:
    return ["", f"And {count:,} more {where}."] if count > 0 else []


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
