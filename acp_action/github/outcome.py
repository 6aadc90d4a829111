"""What became of the pipelines of one action, as figures for outputs and as an exit code."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acp_action.api.codes import exit_code
from acp_action.store.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acp_action.api.run import PipelineResult
    from acp_action.report.model import RunReport, StepLine

LONGEST_JSON: Final = 100_000
"""Characters of the output ``json``; the outputs of a job may have 1 MB together, and it has other steps."""

_DONE: Final = ("succeeded", "cached")
_BAD: Final = ("failed", "timed_out", "refused", "doubt")


@dataclass(frozen=True, slots=True)
class Ended:
    """One pipeline that was carried out: its file, and its result."""

    config: Path
    result: PipelineResult

    @property
    def report(self) -> RunReport:
        """The figures of its ``report.json``."""
        return self.result.report


def status_of(ended: Sequence[Ended]) -> str:
    """``failed`` when one failed, else ``stopped`` when one was stopped, else ``succeeded``."""
    found = {one.report.status for one in ended}
    return next((status for status in ("failed", "stopped") if status in found), "succeeded")


def run_code(ended: Sequence[Ended], signal_number: int, *, fail_on_error: bool) -> int:
    """The exit code: 128 + signal, 1 for a failed step, 3 for a run that a limit ended, else 0.

    ``fail_on_error`` false turns 1 and 3 into 0: what a step may do to a run does not fail the job then.
    """
    codes = {exit_code(one.result, signal_number) for one in ended}
    if signal_number:
        return 128 + signal_number
    code = next((code for code in (1, 3) if code in codes), 0)
    return code if fail_on_error else 0


def figures(ended: Sequence[Ended], workspace: Path) -> dict[str, str]:
    """The outputs that come from the runs, by name; sums where there are several pipelines."""
    reports = [one.report for one in ended]
    counts: Counter[str] = Counter()
    for report in reports:
        counts.update(report.counts)
    total = sum(report.total_duration for report in reports)
    sequential = sum(report.sequential_estimate for report in reports)
    costs = [report.cost for report in reports if report.cost is not None]
    folders = [_shown(one.result.output_dir, workspace) for one in ended]
    return {
        "status": status_of(ended),
        "output-dir": "\n".join(folders),
        "manifest": "\n".join(f"{folder}/{MANIFEST}" for folder in folders),
        "report": "\n".join(f"{folder}/report.json" for folder in folders),
        # One that could not be written is not named.
        "report-html": "\n".join(_html(one, workspace) for one in ended if _html(one, workspace)),
        "total-duration": f"{total:.3f}",
        "sequential-estimate": f"{sequential:.3f}",
        "speedup": f"{sequential / total if total > 0 else 1.0:.2f}",
        "steps-total": str(sum(len(report.steps) for report in reports)),
        "steps-succeeded": str(sum(counts[status] for status in _DONE)),
        "steps-failed": str(sum(counts[status] for status in _BAD)),
        "cost": f"{sum(costs):.4f}" if costs else "",
        "json": compact_json(ended, workspace),
    }


def compact_json(ended: Sequence[Ended], workspace: Path, limit: int = LONGEST_JSON) -> str:
    """The runs as JSON on one line; where it would be too long, steps that succeeded are only counted."""
    for steps in ("all", "unfinished", "none"):
        pipelines = [_pipeline(one, workspace, steps) for one in ended]
        text = json.dumps({"status": status_of(ended), "pipelines": pipelines}, separators=(",", ":"))
        if len(text) <= limit:
            return text
    return json.dumps({"status": status_of(ended), "pipelines": len(ended), "truncated": True})


def _pipeline(one: Ended, workspace: Path, steps: str) -> dict[str, Any]:
    report = one.report
    shown = [s for s in report.steps if steps == "all" or (steps == "unfinished" and s.status not in _DONE)]
    return {
        "name": report.pipeline,
        "config": one.config.as_posix(),
        "status": report.status,
        "stopped": report.stopped,
        "preview": report.preview,
        "output_dir": _shown(one.result.output_dir, workspace),
        "total_duration": round(report.total_duration, 3),
        "sequential_estimate": round(report.sequential_estimate, 3),
        "speedup": round(report.speedup, 2),
        "cost": report.cost,
        "counts": report.counts,
        "steps": [_step(step) for step in shown],
        "truncated": len(shown) < len(report.steps),
    }


def _step(step: StepLine) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": step.status,
        "files": list(step.files),
        "seconds": round(step.split.service, 3),
        "cost": step.cost,
        "reason": step.reason[:200],
    }


def _html(one: Ended, workspace: Path) -> str:
    path = one.result.output_dir / "report.html"
    return f"{_shown(one.result.output_dir, workspace)}/report.html" if path.is_file() else ""


def _shown(path: Path, workspace: Path) -> str:
    """As a later step of the job, which starts in the workspace, finds it."""
    root = workspace.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
