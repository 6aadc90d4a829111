"""Reports on disk: written whole or not at all, read with an eye for what may be wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.errors import OutputError, UsageError
from acp_action.report.markdown import render_markdown
from acp_action.report.model import RunReport, mend_for
from acp_action.report.summarise import summarise
from acp_action.store.faults import explain
from acp_action.store.manifest import MANIFEST, build_manifest, read_manifest
from acp_action.store.plain_file import read_plain
from acp_action.store.run_logs import newest_log, read_log
from acp_action.store.strict_json import read_json, to_json
from acp_action.store.target import is_stream, obstacle, why_unfit, write_through, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from acp_action.engine.result import RunResult

REPORT_JSON: Final = "report.json"
REPORT_MARKDOWN: Final = "report.md"
REPORT_HTML: Final = "report.html"
_LARGEST: Final = 256 * 1024 * 1024


class ReportPaths(NamedTuple):
    """Where the reports are; None for one that could not be written, with the reason in ``problems``."""

    manifest: Path | None
    json: Path | None
    markdown: Path | None
    html: Path | None
    problems: tuple[str, ...]


def write_reports(result: RunResult, folder: Path, report: RunReport | None = None) -> ReportPaths:
    """Write manifest.json, report.json, report.md and report.html; raises nothing for a bad disk.

    Each is written apart, the manifest first, so that what fits on a full disk is there; one that fails
    leaves the file of the run before as it was. ``report``: a summary made already.
    """
    folder = folder.resolve()
    report = report or summarise(result, folder)
    manifest = build_manifest(result, folder)
    problems: list[str] = []

    def write(name: str, content: Callable[[], bytes]) -> Path | None:
        target = folder / name
        problem = _write(target, content)
        if problem:
            problems.append(problem)
        return None if problem else target

    return ReportPaths(
        write(MANIFEST, lambda: to_json(manifest)),
        write(REPORT_JSON, lambda: to_json(report.to_dict())),
        write(REPORT_MARKDOWN, lambda: render_markdown(report).encode("utf-8", "replace")),
        write(REPORT_HTML, lambda: _page(report, manifest, folder)),
        tuple(problems),
    )


def _page(report: RunReport, manifest: Mapping[str, Any], folder: Path) -> bytes:
    # Late, because its templates are needed for nothing else.
    from acp_action.report.html.page import render_html

    try:
        return render_html(report, manifest, folder).encode("utf-8", "replace")
    except Exception as error:  # a page that cannot be drawn must not cost a result that was paid for
        raise _PageError(f"{type(error).__name__}: {error}") from error


class _PageError(Exception):
    """The page could not be made, through no fault of the disk."""


def _write(target: Path, content: Callable[[], bytes]) -> str:
    """Why the file could not be written, empty when it was."""
    size = 0
    try:
        problem = obstacle(target)
        if not problem:
            made = content()
            size = len(made)
            write_whole(target, made)
    except OSError as error:
        return f"cannot write {target}: {explain(error, target.parent, size)}"
    except _PageError as error:
        return f"cannot make {target}: {error}; the other reports have the same figures"
    return problem


def write_form(target: Path, text: str) -> None:
    """Write one form of a report where a person wants it: a file whole or not at all, or into a stream.

    Raises OutputError that says why it could not be.
    """
    content = text.encode("utf-8", "replace")
    try:
        if is_stream(target):
            write_through(target, content)
        elif problem := why_unfit(target):
            raise OutputError(f"cannot write {target}: {problem}")
        else:
            write_whole(target, content)
    except OSError as error:
        why = explain(error, target.parent, len(content), elsewhere="name another file")
        raise OutputError(f"cannot write {target}: {why}") from error


class Found(NamedTuple):
    """The run that a place holds. ``manifest``: None without one, or with one of another run alone.

    ``filed``: it wrote both as files; else they are made from its log.
    """

    report: RunReport
    manifest: dict[str, Any] | None
    filed: bool = True


def find_run(place: Path) -> Found:
    """The last run of an output folder, also one that was killed or goes on; or that of a report's file.

    Raises UsageError that says what is wrong: nothing there, not a report, torn, or of another version.
    """
    folder = place if place.is_dir() else place.parent
    log = _log_in(place) if place.is_dir() else None
    try:
        report = load_file(place / REPORT_JSON if place.is_dir() else place)
    except UsageError:
        if log is None:
            raise
        return log
    # Both are there when the log's run still goes on, was killed, or could not write its reports.
    if log is not None and log.report.started >= report.started:
        return log
    manifest = read_manifest(folder / MANIFEST)
    known = manifest is not None and manifest.get("started") == report.started
    return Found(report, manifest if known else None)


def load_report(place: Path) -> RunReport:
    """The report of ``find_run``."""
    return find_run(place).report


def _log_in(folder: Path) -> Found | None:
    path = newest_log(folder)
    log = read_log(path) if path is not None else None
    if log is None:
        return None
    # Late: most folders hold no log.
    from acp_action.report.unended import unended

    return Found(*unended(log, folder.resolve()), filed=False)


def load_file(path: Path) -> RunReport:
    """The report in a file. Raises UsageError as ``find_run`` does."""
    try:
        value = read_json(read_plain(path, _LARGEST))
    except FileNotFoundError:
        raise UsageError(
            f"there is no report at {path}; name the output folder of a run (single calls make no report)"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {explain(error, path.parent)}") from error
    except (ValueError, RecursionError) as error:
        if path.suffix in (".yaml", ".yml"):
            raise UsageError(f"{path} is no report; name the output folder of a run of it") from error
        mend = "name the output folder of a run, or its report.json; if that is torn, run the pipeline again"
        raise UsageError(f"{path} is torn or is no report: {error}; {mend}") from error
    try:
        return RunReport.from_dict(value)
    except ValueError as error:
        raise UsageError(f"cannot use {path}: {error}; {mend_for(error)}") from error
