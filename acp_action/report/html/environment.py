"""The templates beside this module, and what they may call."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acp_action.redaction import redact
from acp_action.report.escape import one_line, plain_lines, without_controls
from acp_action.report.lines import seconds, span_words
from acp_action.report.wording import PREVIEW, setting_words, status_words

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Jinja with everything escaped, nothing undefined let through, and secrets blotted out."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    page, chart, script, picture = map(_read, ("page.css", "chart.css", "page.js", "timeline.css"))
    style = page + chart
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finished,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        seconds=seconds,
        span=span_words,
        one_line=one_line,
        lines=plain_lines,
        setting=setting_words,
        words=status_words,
        kind=_kind,
    )
    environment.globals.update(
        style=Markup(style),  # noqa: S704 - ours, read from the package
        script=Markup(script),  # noqa: S704
        svg_style=Markup(picture + chart),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
        preview_words=PREVIEW,
    )
    return environment


def _read(name: str) -> str:
    return _TEMPLATES.joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _kind(status: str) -> str:
    """The name of a status as a class of the style."""
    return one_line(status).replace("_", "-").replace(" ", "-")


def _finished(value: Any) -> Any:
    """Secrets go before the escaping, which could hide them from whoever looks at the file.

    And what a terminal would obey, for whoever looks at the file there.
    """
    return without_controls(redact(value)) if type(value) is str else value
