"""The last lines of a run: what was made, what went wrong, what parallelism was worth, and what is next."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.cli.page import Light
from acp_action.report.cells import steady
from acp_action.report.escape import one_line
from acp_action.report.lines import span_words
from acp_action.report.wording import by_reason, cost_words, next_words, status_words, trouble_words

if TYPE_CHECKING:
    from acp_action.api.run import PipelineResult
    from acp_action.engine.result import RunResult, StepResult

# More files than this are counted; the manifest names them all.
_FILES_SHOWN: Final = 8
_TROUBLES_SHOWN: Final = 8
# A ratio below this is noise, and not worth a word.
_WORTH_TELLING: Final = 1.05
LIGHTS: Final = (Light(r"^(Done): ", "green"), Light(r"^(Failed|Stopped): ", "red"))


def summary(result: PipelineResult) -> str:
    """Several lines: files, what went wrong, the headline, what it cost, what to do and to read next."""
    folder = result.output_dir
    lines = [_file_line(step, path) for step, path in _files(result)]
    if len(lines) > _FILES_SHOWN:
        more = f"{len(lines) - _FILES_SHOWN:,} more files, see {_shown(folder / 'manifest.json')}"
        lines[_FILES_SHOWN:] = [f"  and {more}"]
    lines += [*_troubles(result), headline(result)]
    lines += [f"Next: {told}" for told in [next_words(result.report)] if told]
    previews = [step.preview for step in result.plan.steps]
    if any(previews):
        lines.append("These are previews by the embedded provider 'local', not the models' own work.")
    if not all(previews):
        lines.append(f"Cost: {cost_words(result.report)}")
    lines += [f"Not written: {one_line(problem)}" for problem in result.unwritten]
    return "\n".join([*lines, f"Report: {_shown(folder / 'report.html')}"])


def _file_line(step: StepResult, path: Path) -> str:
    # A file is called like its step, unless a file system or another step stands against it.
    return (
        f"  {_shown(path)}" if path.stem == step.name else f"  {one_line(steady(step.name))}: {_shown(path)}"
    )


def _troubles(result: RunResult) -> list[str]:
    """What went wrong, once for all steps with which it went wrong alike."""
    alike = by_reason((s.name, s.status.value, s.reason) for s in result if s.status.bad)
    file = result.plan.source_name
    places = {step.name: step.position.of(file) for step in result.plan.steps if step.position}
    lines = [f"  {trouble_words(*end, names, places.get(names[0], ''))}" for end, names in alike.items()]
    more = len(lines) - _TROUBLES_SHOWN
    return lines if more <= 0 else [*lines[:_TROUBLES_SHOWN], f"  and {more} more reasons, see report.md"]


def headline(result: RunResult) -> str:
    """How it ended and in what time: ``Done: 4 steps in 2.8s instead of 10.3s one after another: 3.7x``."""
    counts = Counter(step.status.value for step in result)
    time = span_words(result.total_duration)
    if result.success:
        earlier = f" ({counts['cached']:,} of them by an earlier run)" if counts["cached"] else ""
        good = counts["succeeded"] + counts["cached"]
        steps = f"{good:,} step{'' if good == 1 else 's'}{earlier}"
        return f"Done: {steps} in {time}{_gain(result)}"
    done = f"{counts.pop('succeeded', 0) + counts.pop('cached', 0):,} of {len(result):,} steps done"
    rest = [f"{number:,} {status_words(status)}" for status, number in counts.items()]
    word = f"Stopped: {one_line(result.stopped)}; " if result.stopped else "Failed: "
    return f"{word}{', '.join([done, *rest])}, in {time}"


def _gain(result: RunResult) -> str:
    # Of a run that did not end well nobody knows what it would have taken one after another.
    if result.speedup < _WORTH_TELLING:
        return ""
    return f" instead of {span_words(result.sequential_estimate)} one after another: {result.speedup:.1f}x"


def _files(result: PipelineResult) -> list[tuple[StepResult, Path]]:
    return [(step, file.path) for step in result if step.output for file in step.output.files]


def _shown(path: Path) -> str:
    """The path as a person in this folder would write it, on one line."""
    here = Path.cwd()
    return one_line(str(path.relative_to(here)) if path.is_relative_to(here) else str(path))
