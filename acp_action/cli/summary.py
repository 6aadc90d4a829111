"""The last lines of a run: what was made, where it is, and what parallelism was worth."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.report.escape import one_line
from acp_action.report.wording import by_reason, trouble_words

if TYPE_CHECKING:
    from acp_action.api.run import PipelineResult
    from acp_action.engine.result import RunResult, StepResult

# More files than this are counted; the manifest names them all.
_FILES_SHOWN: Final = 12
_TROUBLES_SHOWN: Final = 8
# A ratio below this is noise, and not worth a word.
_WORTH_TELLING: Final = 1.05
_WORDS: Final = {"succeeded": "done", "cached": "done", "timed_out": "timed out", "doubt": "in doubt"}


def summary(result: PipelineResult) -> str:
    """Several lines: the files, the headline, and where to read on."""
    lines = [f"  {one_line(step.name)}: {one_line(shown_path(path))}" for step, path in _files(result)]
    if len(lines) > _FILES_SHOWN:
        lines[_FILES_SHOWN:] = [f"  and {len(lines) - _FILES_SHOWN} more files, see manifest.json"]
    lines += _troubles(result)
    lines.append(headline(result))
    if any(step.preview for step in result.plan.steps):
        lines.append("These are previews by the embedded provider 'local', not the models' own work.")
    lines.append(f"Results: {one_line(shown_path(result.output_dir))}{os.sep} (report.html, manifest.json)")
    return "\n".join(lines)


def _troubles(result: RunResult) -> list[str]:
    """What went wrong, once for all steps with which it went wrong alike."""
    alike = by_reason((s.name, s.status.value, s.reason) for s in result if s.status.bad)
    file = result.plan.source_name
    places = {step.name: step.position.of(file) for step in result.plan.steps if step.position}
    lines = [f"  {trouble_words(*end, names, places.get(names[0], ''))}" for end, names in alike.items()]
    more = len(lines) - _TROUBLES_SHOWN
    return lines if more <= 0 else [*lines[:_TROUBLES_SHOWN], f"  and {more} more reasons, see report.md"]


def headline(result: RunResult) -> str:
    """How much was done and in what time, as ``2.8 s instead of 10.3 s one after another: 3.7 x``."""
    time = f"{result.total_duration:.1f} s"
    # Of a run that did not end well nobody knows what it would have taken one after another.
    if result.success and result.speedup >= _WORTH_TELLING:
        time += f" instead of {result.sequential_estimate:.1f} s one after another: {result.speedup:.1f} x"
    if result.success:
        return time
    counts = Counter(_group(step.status.value) for step in result)
    done = f"{counts.pop('done', 0)} of {len(result)} steps done"
    rest = [f"{number} {word}" for word, number in counts.items()]
    stopped = f"stopped: {one_line(result.stopped)}; " if result.stopped else ""
    return f"{stopped}{', '.join([done, *rest])}; {time}"


def _group(status: str) -> str:
    return _WORDS.get(status, status)


def _files(result: PipelineResult) -> list[tuple[StepResult, Path]]:
    return [(step, file.path) for step in result if step.output for file in step.output.files]


def shown_path(path: Path) -> str:
    """The path as a person in this folder would write it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
