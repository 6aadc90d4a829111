"""compare: two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acp_action.cli.options import Json
from acp_action.cli.streams import show, show_json


def compare(
    a: Annotated[
        Path,
        typer.Argument(metavar="A", help="A run's output folder, or its report.json.", show_default=False),
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="The run to hold against it.", show_default=False)],
    as_json: Json = False,
) -> int:
    """Set two runs side by side: time, cost, and what became of each step."""
    from acp_action.api.compare import compare as compared
    from acp_action.report.compare_view import comparison_text

    found = compared(a, b)
    if as_json:
        show_json(found.to_dict())
    else:
        show(comparison_text(found))
    return 0
