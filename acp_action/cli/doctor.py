"""doctor: is everything there that a run needs? Asked without paying."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from acp_action.cli.options import Json, ProviderName
from acp_action.cli.page import Light, show_page
from acp_action.cli.streams import show_json

_STATES: Final = (Light(r"^  (ok) ", "green"), Light(r"^  (warn) ", "yellow"), Light(r"^  (FAIL) ", "red"))


def doctor(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Look at what this pipeline needs.", show_default=False),
    ] = None,
    provider: ProviderName = None,
    output_dir: Annotated[
        str | None, typer.Option("--output-dir", "-o", metavar="DIR", help="Where files would go.")
    ] = None,
    allow_env: Annotated[
        list[str] | None,
        typer.Option("--allow-env", metavar="NAME", help="Open a variable to {{env.NAME}}; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Check keys, services, disk and ffmpeg without paying."""
    from acp_action import __version__
    from acp_action.api.accounts import open_accounts
    from acp_action.api.doctor import examine
    from acp_action.api.prepare import Wishes, plan_pipeline
    from acp_action.config.cascade import Overrides
    from acp_action.report.diagnosis import diagnosis_dict, diagnosis_text, verdict

    overrides = Overrides(provider=provider, output_dir=output_dir, door="flag --{}")
    wishes = Wishes(overrides, allow_env=tuple(allow_env or ()))
    folder = None if output_dir is None else Path(output_dir)
    with open_accounts().lent() as providers:
        plan = None if file is None else plan_pipeline(file, wishes, providers)
        found = examine(providers, plan=plan, folder=folder, version=__version__)
    if as_json:
        show_json(diagnosis_dict(found))
    else:
        show_page(diagnosis_text(found), _STATES)
    return verdict(found)
