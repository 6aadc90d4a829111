"""plan, validate and report: look at a pipeline or at a finished run without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from acp_action.cli.failure import problem_fields
from acp_action.cli.options import Json, OutputFile, ProviderName
from acp_action.cli.page import deliver_page, show_page, tell_page
from acp_action.cli.streams import beside, deliver, show, show_json
from acp_action.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.plan.model import Plan
    from acp_action.providers.base import Provider

AllowEnv = Annotated[
    list[str] | None,
    typer.Option("--allow-env", metavar="NAME", help="Open a variable to {{env.NAME}}; may be repeated."),
]


def _planned(
    file: Path,
    provider: str | None = None,
    allow_env: list[str] | None = None,
    providers: Mapping[str, Provider] | None = None,
) -> Plan:
    from acp_action.api.prepare import Wishes, plan_pipeline
    from acp_action.config.cascade import Overrides

    overrides = Overrides(provider=provider, door="flag --{}")
    return plan_pipeline(file, Wishes(overrides, allow_env=tuple(allow_env or ())), providers)


def plan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The pipeline file.", show_default=False)],
    provider: ProviderName = None,
    allow_env: AllowEnv = None,
    as_json: Json = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Write the graph as Mermaid.")] = False,
) -> int:
    """Show what a pipeline file would do."""
    from acp_action.api.accounts import open_accounts
    from acp_action.api.prepare import keys_of
    from acp_action.report.plan_view import plan_dict, plan_mermaid, plan_text

    if as_json and mermaid:
        raise UsageError("--json and --mermaid both want standard output; give one of them")
    providers = open_accounts()
    planned = _planned(file, provider, allow_env, providers)
    for problem in planned.warnings:
        tell_page(f"[WARNING] {problem}")
    keys = keys_of(planned, providers)
    if as_json:
        show_json(plan_dict(planned, keys))
    elif mermaid:
        show(plan_mermaid(planned))
    else:
        show_page(plan_text(planned, keys))
    return 0


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Pipeline files.", show_default=False)],
    provider: ProviderName = None,
    allow_env: AllowEnv = None,
    as_json: Json = False,
) -> int:
    """Check pipeline files and show every problem."""
    verdicts = [_verdict(file, provider, allow_env, as_json=as_json) for file in files]
    good = all(verdict["valid"] for verdict in verdicts)
    if not good:
        count = sum(len(verdict["problems"]) for verdict in verdicts if not verdict["valid"])
        bad = sum(not verdict["valid"] for verdict in verdicts)
        where = f" in {bad} of {len(files)} files" if len(files) > 1 else ""
        tell_page(f"\n{count} problem{'' if count == 1 else 's'} found{where}")
    if as_json:
        show_json({"success": good, "exit_code": 0 if good else 2, "files": verdicts})
    return 0 if good else 2


def _verdict(
    file: Path, provider: str | None, allow_env: list[str] | None, *, as_json: bool
) -> dict[str, Any]:
    try:
        planned = _planned(file, provider, allow_env)
    except ConfigError as error:
        tell_page(error.render())
        return {"file": str(file), "valid": False, "problems": [problem_fields(p) for p in error.problems]}
    except UsageError as error:
        about = f"{file}: "
        if not str(error).startswith(about):
            raise
        # The other files are checked all the same.
        tell_page(f"error: {error}")
        what, _, mend = str(error).removeprefix(about).partition("; ")
        problem = Problem("", what, mend, str(file))
        return {"file": str(file), "valid": False, "problems": [problem_fields(problem)]}
    for problem in planned.warnings:
        tell_page(f"[WARNING] {problem}")
    if not as_json:
        count = len(planned.steps)
        show(f"{file}: valid, {count} step{'' if count == 1 else 's'}")
    return {"file": str(file), "valid": True, "problems": [problem_fields(p) for p in planned.warnings]}


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The run's output folder.", show_default=False)
    ],
    form: Annotated[
        Literal["text", "md", "json", "html", "svg", "trace", "csv", "jsonl"],
        typer.Option("--format", "-f", help="What to make of it."),
    ] = "text",
    output: OutputFile = None,
) -> int:
    """Show the report of a run, in any form.

    Also of one that was killed, as far as it came, or is still at work.
    html is a page with the pictures, svg its timeline alone, trace is for Perfetto, csv has a line a step,
    jsonl one an event.
    """
    from acp_action.report.files import find_run
    from acp_action.report.forms import render

    found = find_run(folder)
    home = folder if folder.is_dir() else folder.parent
    place = beside(output, home)
    text = render(form, found.report, home, place, found.manifest, filed=found.filed)
    if form == "text":
        deliver_page(text, output)
    else:
        deliver(text, output)
    return 0
