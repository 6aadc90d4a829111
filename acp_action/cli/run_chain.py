"""run-chain: a pipeline file, carried out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from acp_action.cli.options import (
    Fresh,
    Json,
    LogLevel,
    OutputDir,
    ProviderName,
    Quiet,
    ResubmitDoubtful,
    Timeout,
    read_input,
)
from acp_action.cli.page import show_page
from acp_action.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.api.prepare import Wishes
    from acp_action.api.run import PipelineResult
    from acp_action.cli.display import Display
    from acp_action.engine.cancel import StopSwitch
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Provider


class Again(NamedTuple):
    """What is to be paid for although an earlier run did, or may have: all, or what is in doubt."""

    fresh: bool
    doubtful: bool


def run_chain(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", help="The pipeline file.", show_default=False)
    ],
    text: Annotated[
        str | None,
        typer.Option("--input", "-i", metavar="TEXT|@FILE|-", help="What {{input}} stands for."),
    ] = None,
    output_dir: OutputDir = None,
    parallel: Annotated[
        bool | None, typer.Option("--parallel/--no-parallel", help="Whether groups run concurrently.")
    ] = None,
    max_workers: Annotated[
        int | None, typer.Option("--max-workers", metavar="N", help="The most operations at once.")
    ] = None,
    provider: ProviderName = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and print the plan; write nothing.")
    ] = False,
    as_json: Json = False,
    stream: Annotated[bool, typer.Option("--stream", help="Write each event as a line of JSON.")] = False,
    quiet: Quiet = False,
    step: Annotated[
        list[str] | None,
        typer.Option("--step", metavar="NAME", help="Only this step and what it needs; may be repeated."),
    ] = None,
    allow_env: Annotated[
        list[str] | None,
        typer.Option("--allow-env", metavar="NAME", help="Open a variable to {{env.NAME}}; may be repeated."),
    ] = None,
    timeout: Timeout = None,
    log_level: LogLevel = None,
    fresh: Fresh = False,
    resubmit_doubtful: ResubmitDoubtful = False,
) -> int:
    """Run a pipeline file.

    Results go to the output folder, with report.html, report.md, report.json and manifest.json.

    Ctrl-C ends the run and keeps what was finished.
    """
    if as_json and stream:
        raise UsageError("--json and --stream both want standard output; give one of them")
    from acp_action.api.prepare import Wishes
    from acp_action.cli.display import Display
    from acp_action.config.cascade import Overrides

    overrides = Overrides(
        parallel=parallel,
        max_workers=max_workers,
        provider=provider,
        output_dir=output_dir,
        log_level=log_level,
        timeout=timeout,
        door="flag --{}",
    )
    wishes = Wishes(overrides, read_input(text), tuple(step or ()), tuple(allow_env or ()))
    display = Display(as_json=as_json, stream=stream, quiet=quiet)
    again = Again(fresh, resubmit_doubtful)
    return _dry_run(config, wishes, display) if dry_run else _run(config, wishes, display, again)


def _dry_run(config: Path, wishes: Wishes, display: Display) -> int:
    from acp_action.api.accounts import open_accounts
    from acp_action.api.prepare import keys_of, make_ready, plan_pipeline
    from acp_action.report.plan_view import plan_dict, plan_text

    providers = open_accounts()
    plan = plan_pipeline(config, wishes, providers, need_input=True)
    make_ready(plan, providers, dry=True)
    display.warn(plan)
    if display.as_json or display.stream:
        display.document(plan_dict(plan, keys_of(plan, providers)))
    else:
        show_page(plan_text(plan, keys_of(plan, providers)))
    return 0


def _run(config: Path, wishes: Wishes, display: Display, again: Again) -> int:
    from acp_action.api.accounts import open_accounts
    from acp_action.api.codes import exit_code
    from acp_action.api.prepare import make_ready, plan_pipeline
    from acp_action.cli.signals import Signals

    with Signals() as signals, open_accounts().lent() as providers:
        plan = plan_pipeline(config, wishes, providers, need_input=True)
        folder = make_ready(plan, providers)
        display.warn(plan)
        result = _carried_out(plan, folder, display, signals.switch, providers, again)
        code = exit_code(result, signals.number)
        display.result(result, code)
        return code


def _carried_out(
    plan: Plan,
    folder: Path,
    display: Display,
    switch: StopSwitch,
    providers: Mapping[str, Provider],
    again: Again,
) -> PipelineResult:
    from acp_action.api.run import carry_out

    with display.listening(plan) as listeners:
        return carry_out(
            plan,
            folder,
            providers=providers,
            listeners=listeners,
            stop=switch,
            fresh=again.fresh,
            resubmit_doubtful=again.doubtful,
        )
