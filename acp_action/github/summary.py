"""The job's summary: how the runs ended, failures first, always small enough to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.github.sections import (
    ArtifactLink,
    Detail,
    artifact_line,
    notes_list,
    overview,
    problems_section,
    run_body,
    run_head,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acp_action.errors import Problem
    from acp_action.report.model import RunReport

__all__ = ["ArtifactLink", "render_summary"]

# What goes first when there is too much: the chart, then rows, then the ends of texts.
_DETAILS: Final = (
    Detail(chart=True, rows=1000, text=300, name=120),
    Detail(chart=False, rows=1000, text=300, name=120),
    Detail(chart=False, rows=200, text=300, name=120),
    Detail(chart=False, rows=50, text=300, name=120),
    Detail(chart=False, rows=20, text=100, name=60),
    Detail(chart=False, rows=5, text=40, name=40),
)
_CUT: Final = "\nThis summary was cut because it grew too large; the reports have everything.\n"


def render_summary(
    runs: Sequence[RunReport],
    *,
    artifact: ArtifactLink | None = None,
    problems: Sequence[Problem] = (),
    notes: Sequence[str] = (),
    limit: int = 1_000_000,
) -> str:
    """The summary of a job in Markdown, at most ``limit`` bytes of UTF-8.

    Of several runs those that went wrong come first. ``problems``: of pipeline files that could not be run.
    ``notes``: sentences of ours on the whole job. With too much to tell the charts go first, then rows, then
    the ends of texts, each with a count of what is left out.
    """
    # What went wrong first, also of several pipelines; sorted is stable, so the rest keeps its order.
    runs = sorted(runs, key=lambda run: run.status == "succeeded")
    text = ""
    for detail in _DETAILS:
        text = _compose(runs, artifact, problems, notes, detail)
        if len(text.encode()) <= limit:
            return text
    return _cut(text, limit)


def _compose(
    runs: Sequence[RunReport],
    artifact: ArtifactLink | None,
    problems: Sequence[Problem],
    notes: Sequence[str],
    detail: Detail,
) -> str:
    whole = (artifact_line(artifact, detail), notes_list(notes, detail))
    if len(runs) == 1:
        (run,) = runs
        parts = [problems_section(problems, detail), run_head(run, detail), *whole, run_body(run, detail)]
    else:
        parts = [problems_section(problems, detail), overview(runs, detail), *whole]
        parts += _several(runs, detail)
    return "\n\n".join(filter(None, ("\n".join(part) for part in parts))) + "\n"


def _several(runs: Sequence[RunReport], detail: Detail) -> Iterator[Iterator[str]]:
    # So many rows in all, as with one pipeline.
    share = detail._replace(rows=max(3, detail.rows // max(1, len(runs))))
    for run in runs[: detail.rows]:
        yield from (run_head(run, share), run_body(run, share))


def _cut(text: str, limit: int) -> str:
    """The first lines of a text, and that there were more; nothing when not even that fits."""
    left = limit - len(_CUT.encode())
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        left -= len(line.encode())
        if left < 0:
            return "".join(kept) + _CUT if limit >= len(_CUT.encode()) else ""
        kept.append(line)
    return text
