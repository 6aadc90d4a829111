"""compare: two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from acp_action.cli.options import Json, OutputFile
from acp_action.cli.page import deliver_page
from acp_action.cli.streams import beside, deliver, show_json


def compare(
    a: Annotated[
        Path,
        typer.Argument(metavar="A", help="A run's output folder, or its report.json.", show_default=False),
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="The run to hold against it.", show_default=False)],
    form: Annotated[
        Literal["text", "html"], typer.Option("--format", "-f", help="Text, or a page with the pictures.")
    ] = "text",
    output: OutputFile = None,
    as_json: Json = False,
) -> int:
    """Set two runs side by side: time, cost and every step."""
    from acp_action.api.compare import compare as compared
    from acp_action.api.compare import comparison_page
    from acp_action.report.compare_view import comparison_text

    if as_json:
        show_json(compared(a, b).to_dict())
    elif form == "html":
        deliver(comparison_page(a, b, beside(output, Path())), output)
    else:
        deliver_page(comparison_text(compared(a, b)), output)
    return 0
