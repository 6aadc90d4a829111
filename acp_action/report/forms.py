"""The forms that a run can be shown in, made from its report and its manifest."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from acp_action.report.markdown import render_markdown
from acp_action.report.text import render_text
from acp_action.store.strict_json import to_json, without_controls

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acp_action.report.model import RunReport

Form: TypeAlias = Literal["text", "md", "json", "html", "svg", "trace", "csv", "jsonl"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


def render(
    form: Form,
    report: RunReport,
    folder: Path,
    beside: Path,
    manifest: Mapping[str, Any] | None = None,
    *,
    filed: bool = True,
) -> str:
    """The report of the run in ``folder`` as a text with a line end.

    ``beside``: the folder that the text will stand in, from which a page sees the output files. ``manifest``:
    the run's own, where there is one. ``filed``: whether the run wrote both as files.
    """
    match form:
        case "text":
            return render_text(report)
        case "md":
            return render_markdown(report)
        case "json":
            return to_json(report.to_dict()).decode()
        case "html":
            return _html(report, folder, beside, manifest, filed=filed)
    return _late(form, report, folder)


def _late(form: Form, report: RunReport, folder: Path) -> str:
    """The forms whose modules are not needed otherwise."""
    if form == "svg":
        from acp_action.report.svg import render_svg

        return render_svg(report)
    if form == "trace":
        from acp_action.report.trace import trace_dict

        return _line(trace_dict(report), (",", ":"))
    if form == "csv":
        from acp_action.report.steps_csv import render_csv

        return render_csv(report)
    from acp_action.report.replay import replayed

    return "".join(map(_line, replayed(report, folder)))


def _line(value: Any, separators: tuple[str, str] | None = None) -> str:
    return without_controls(json.dumps(value, separators=separators, allow_nan=False)) + "\n"


def _html(
    report: RunReport, folder: Path, beside: Path, manifest: Mapping[str, Any] | None, *, filed: bool
) -> str:
    from acp_action.report.html.page import render_html
    from acp_action.report.html.thumbnails import Budget

    base = seen_from(folder, beside)
    return render_html(report, manifest, folder, base=base, budget=Budget(seconds=10.0), filed=filed)


def seen_from(folder: Path, beside: Path) -> str:
    """The folder as an address relative to another one."""
    from urllib.parse import quote

    path = os.path.relpath(folder.resolve(), beside.resolve())
    return "./" if path == os.curdir else f"./{quote(path)}/"
