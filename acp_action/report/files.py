"""Reports on disk: written whole or not at all, read with an eye for what may be wrong with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.errors import UsageError
from acp_action.report.markdown import render_markdown
from acp_action.report.model import RunReport
from acp_action.report.summarise import summarise
from acp_action.store.faults import explain
from acp_action.store.manifest import MANIFEST, build_manifest
from acp_action.store.strict_json import to_json
from acp_action.store.target import obstacle, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acp_action.engine.result import RunResult

REPORT_JSON: Final = "report.json"
REPORT_MARKDOWN: Final = "report.md"
_LARGEST: Final = 256 * 1024 * 1024


class ReportPaths(NamedTuple):
    """Where the reports are; None for one that could not be written, with the reason in ``problems``."""

    manifest: Path | None
    json: Path | None
    markdown: Path | None
    problems: tuple[str, ...]


def write_reports(result: RunResult, folder: Path, report: RunReport | None = None) -> ReportPaths:
    """Write manifest.json, report.json and report.md beside the outputs; raises nothing for a bad disk.

    Each is written apart, the manifest first, so that what fits on a full disk is there; one that fails
    leaves the file of the run before as it was. ``report``: a summary made already.
    """
    folder = folder.resolve()
    report = report or summarise(result, folder)
    problems: list[str] = []

    def write(name: str, content: Callable[[], bytes]) -> Path | None:
        target = folder / name
        problem = _write(target, content())
        if problem:
            problems.append(problem)
        return None if problem else target

    return ReportPaths(
        write(MANIFEST, lambda: to_json(build_manifest(result, folder))),
        write(REPORT_JSON, lambda: to_json(report.to_dict())),
        write(REPORT_MARKDOWN, lambda: render_markdown(report).encode("utf-8", "replace")),
        tuple(problems),
    )


def _write(target: Path, content: bytes) -> str:
    """Why the file could not be written, empty when it was."""
    try:
        problem = obstacle(target)
        if not problem:
            write_whole(target, content)
    except OSError as error:
        return f"cannot write {target}: {explain(error, target.parent, len(content))}"
    return problem


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def load_report(place: Path) -> RunReport:
    """The report in an output folder, or in the file itself.

    Raises UsageError that says what is wrong: nothing there, not a report, torn, or of another version.
    """
    path = place / REPORT_JSON if place.is_dir() else place
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is too large to be a report")
        value = json.loads(path.read_bytes(), parse_constant=_refuse)
    except FileNotFoundError:
        raise UsageError(f"there is no report at {path}; name the output folder of a finished run") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {explain(error, path.parent)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is torn or is no report: {error}; run the pipeline again") from error
    try:
        return RunReport.from_dict(value)
    except ValueError as error:
        raise UsageError(f"cannot use {path}: {error}; run the pipeline again with this version") from error
