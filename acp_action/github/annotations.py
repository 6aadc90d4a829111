"""Annotations: what went wrong, at its place in the pipeline file, and never more than the runner takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.github.commands import Note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.engine.result import RunResult, StepResult
    from acp_action.errors import Position, Problem
    from acp_action.github.commands import Level, Log

MOST: Final = 9
"""Annotations of one level; the runner keeps ten in a step, and the tenth counts the rest."""

_NO_FILE: Final = "pipeline"
_VERBS: Final = {"timed_out": "timed out", "refused": "was refused", "doubt": "is in doubt"}


def notes_of_problems(problems: Iterable[Problem], workspace: Path | None = None) -> list[Note]:
    """One annotation for each problem of a pipeline file, errors and warnings, in order."""
    return [_note_of(problem, workspace) for problem in problems]


def notes_of_result(result: RunResult, *, file: str = "", workspace: Path | None = None) -> list[Note]:
    """One annotation for each step that went wrong, where it stands in ``file`` (default: the plan's own).

    Of steps that a closed account turned away for the same reason, the first has one for all.
    """
    place = relative_file(file or result.plan.source_name, workspace)
    pairs = list(zip(result.plan.steps, result.steps, strict=True))
    alike = Counter(ended.reason for _, ended in pairs if ended.closed)
    notes = []
    for step, ended in pairs:
        if not ended.status.bad or (ended.closed and not alike[ended.reason]):
            continue
        text = _ending(ended)
        if ended.closed and (more := alike.pop(ended.reason) - 1):
            text += f" (and so {'has' if more == 1 else 'have'} {more:,} more step{'' if more == 1 else 's'})"
        notes.append(_at(Note("error", text, ended.name, place), step.position))
    return notes


class Annotations:
    """Writes notes as annotations while the runner keeps them, and as plain lines from then on.

    ``most``: of each level in the whole step; ``close`` adds one to each level that tells of the rest.
    """

    def __init__(self, log: Log, most: int = MOST) -> None:
        self._log = log
        self._most = most
        self._seen: Counter[Level] = Counter()

    def add(self, *notes: Note) -> None:
        """Tell of these."""
        for note in notes:
            self._seen[note.level] += 1
            if self._seen[note.level] <= self._most:
                self._log.annotate(note)
            else:
                self._log.lines(_as_line(note))

    def close(self) -> None:
        """Tell how many more there were; called once, at the end."""
        for level, seen in self._seen.items():
            if (more := seen - self._most) > 0:
                words = level if more == 1 else f"{level}s"
                self._log.annotate(
                    Note(level, f"and {more:,} more {words}: see the log and the job's summary")
                )
        self._seen.clear()


def _as_line(note: Note) -> str:
    place = f"{note.file}:{note.line}:{note.column}" if note.line else note.file
    told = ": ".join(part for part in (place, note.title, note.message) if part)
    return f"[{note.level.upper()}] {told}"


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
