"""The report as a few plain lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.report.escape import one_line
from acp_action.report.lines import span_words
from acp_action.report.wording import (
    PREVIEW,
    by_reason,
    cost_words,
    counts_words,
    failures_first,
    next_words,
    trouble_words,
)

if TYPE_CHECKING:
    from acp_action.report.model import GroupLine, RunReport

_GOOD: Final = ("succeeded", "cached")
_TROUBLES_SHOWN: Final = 20


def render_text(report: RunReport) -> str:
    """A summary for a terminal: result, groups, what went wrong, what limited the run. Ends in a line end."""
    total, sequential = span_words(report.total_duration), span_words(report.sequential_estimate)
    result = f"{report.status} in {total} (vs {sequential} sequential, {report.speedup:.1f}x)"
    lines = [f"{one_line(report.pipeline)}: {one_line(result)}"]
    if report.preview:
        lines.append(f"PREVIEW: {PREVIEW}")
    if report.stopped:
        lines.append(f"Stopped: {one_line(report.stopped)}")
    lines.append(f"Steps: {counts_words(report)}")
    lines += [f"  {_group(group)}" for group in report.groups if group.line]
    lines += _troubles(report)
    lines += [f"Next: {told}" for told in [next_words(report)] if told]
    lines.append(f"Cost: {cost_words(report)}")
    lines.append(f"What limited it: {one_line(report.limit)}")
    lines += [f"Warning: {one_line(text)}" for text in report.warnings]
    return "\n".join(lines) + "\n"


def _group(group: GroupLine) -> str:
    line, name = one_line(group.line), one_line(group.name)
    # The line of a group that did not end well has its name.
    return line if f"'{name}'" in line else f"{name}: {line}"


def _troubles(report: RunReport) -> list[str]:
    troubled = [step for step in failures_first(report.steps) if step.status not in _GOOD and step.enabled]
    alike = by_reason((step.name, step.status, step.reason) for step in troubled)
    shown = list(alike.items())[:_TROUBLES_SHOWN]
    more = len(troubled) - sum(len(names) for _, names in shown)
    rest = [f"  and {more:,} more"] if more else []
    places = {step.name: step.place for step in troubled}
    return [f"  {trouble_words(*end, names, places[names[0]])}" for end, names in shown] + rest
