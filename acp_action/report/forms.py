"""The forms that a finished run can be shown in, made from its report.json and manifest.json."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from acp_action.report.markdown import render_markdown
from acp_action.report.text import render_text
from acp_action.store.manifest import MANIFEST, read_manifest
from acp_action.store.strict_json import to_json

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.report.model import RunReport

Form: TypeAlias = Literal["text", "md", "json", "html", "svg", "trace", "csv", "jsonl"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


def render(form: Form, report: RunReport, folder: Path, beside: Path) -> str:
    """The report of the run in ``folder`` as a text with a line end.

    ``beside``: the folder that the text will stand in, from which a page sees the output files.
    """
    match form:
        case "text":
            return render_text(report)
        case "md":
            return render_markdown(report)
        case "json":
            return to_json(report.to_dict()).decode()
        case "html":
            return _html(report, folder, beside)
    return _late(form, report)


def _late(form: Form, report: RunReport) -> str:
    """The forms whose modules are not needed otherwise."""
    if form == "svg":
        from acp_action.report.svg import render_svg

        return render_svg(report)
    if form == "trace":
        from acp_action.report.trace import trace_dict

        return json.dumps(trace_dict(report), separators=(",", ":"), allow_nan=False) + "\n"
    if form == "csv":
        from acp_action.report.steps_csv import render_csv

        return render_csv(report)
    from acp_action.report.replay import replayed

    return "".join(json.dumps(event, allow_nan=False) + "\n" for event in replayed(report))


def _html(report: RunReport, folder: Path, beside: Path) -> str:
    from acp_action.report.html.page import render_html
    from acp_action.report.html.thumbnails import Budget

    manifest = read_manifest(folder / MANIFEST)
    if manifest is not None and manifest.get("started") != report.started:
        # That of another run; its prompts and sizes would be wrong.
        manifest = None
    return render_html(report, manifest, folder, base=seen_from(folder, beside), budget=Budget(seconds=10.0))


def seen_from(folder: Path, beside: Path) -> str:
    """The folder as an address relative to another one."""
    from urllib.parse import quote

    path = os.path.relpath(folder.resolve(), beside.resolve())
    return "./" if path == os.curdir else f"./{quote(path)}/"
