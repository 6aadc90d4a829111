"""Annotations: what went wrong, at its place in the pipeline file, and never more than the runner takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.github.commands import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acp_action.engine.result import RunResult, StepResult
    from acp_action.errors import Position, Problem

MOST: Final = 9
"""Annotations of one level; the runner keeps ten in a step, and the tenth counts the rest."""

_NO_FILE: Final = "pipeline"
_VERBS: Final = {"timed_out": "timed out", "refused": "was refused", "doubt": "is in doubt"}


def notes_of_problems(problems: Iterable[Problem], workspace: Path | None = None) -> list[Note]:
    """One annotation for each problem of a pipeline file, errors and warnings, in order."""
    return [_note_of(problem, workspace) for problem in problems]


def notes_of_result(result: RunResult, *, file: str = "", workspace: Path | None = None) -> list[Note]:
    """One annotation for each step that went wrong, where it stands in ``file`` (default: the plan's own)."""
    place = relative_file(file or result.plan.source_name, workspace)
    pairs = zip(result.plan.steps, result.steps, strict=True)
    return [
        _at(Note("error", _ending(ended), ended.name, place), step.position)
        for step, ended in pairs
        if ended.status.bad
    ]


def capped(notes: Sequence[Note], most: int = MOST) -> list[Note]:
    """At most so many notes of each level, then one that counts the rest."""
    seen: Counter[str] = Counter()
    kept = []
    for note in notes:
        seen[note.level] += 1
        if seen[note.level] <= most:
            kept.append(note)
    for level in ("error", "warning", "notice"):
        if (more := seen[level] - most) > 0:
            words = level if more == 1 else f"{level}s"
            kept.append(Note(level, f"and {more:,} more {words}: see the log and the job's summary"))
    return kept


def relative_file(name: str, workspace: Path | None) -> str:
    """The file as seen from the workspace, with forward slashes; empty when it is none of its files."""
    if not name or name == _NO_FILE:
        return ""
    path = Path(name)
    if path.is_absolute():
        if workspace is None or not path.is_relative_to(workspace):
            return ""
        path = path.relative_to(workspace)
    return "" if ".." in path.parts else path.as_posix()


def _note_of(problem: Problem, workspace: Path | None) -> Note:
    file = relative_file(problem.file, workspace)
    message = f"{problem.what}; {problem.mend}" if problem.mend else problem.what
    return _at(Note(problem.severity, message, problem.where, file), problem.position)


def _at(note: Note, position: Position | None) -> Note:
    if position is None or not note.file:
        return note
    return note._replace(line=position.line, column=position.column)


def _ending(step: StepResult) -> str:
    verb = _VERBS.get(step.status.value, "failed")
    return f"{verb}: {step.reason}" if step.reason else verb
