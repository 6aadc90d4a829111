"""simulate: how long a pipeline would take, what it would cost, and how many workers are worth it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acp_action.cli.options import Json, ProviderName, read_numbers
from acp_action.cli.page import columns, show_page, tell_page
from acp_action.cli.streams import show_json


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The pipeline file.", show_default=False)],
    max_workers: Annotated[
        str | None,
        typer.Option("--max-workers", metavar="N[,N…]", help="A cap on the whole run; several are compared."),
    ] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="NAME", help="ordered or dataflow.")
    ] = None,
    provider: ProviderName = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Where chance begins.")] = 0,
    runs: Annotated[
        int | None, typer.Option("--runs", metavar="N", help="How many runs (default: by size, up to 25).")
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option("--spread", metavar="SIGMA", help="How much times vary; 0: exactly as expected."),
    ] = None,
    limits: Annotated[
        bool, typer.Option("--limits/--no-limits", help="Whether providers have rate limits.")
    ] = True,
    allow_env: Annotated[
        list[str] | None,
        typer.Option("--allow-env", metavar="NAME", help="Open a variable to {{env.NAME}}; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Foresee time, requests and cost on a virtual clock.

    Nothing is sent or paid for, and no key is needed.
    """
    from acp_action.api.accounts import open_accounts
    from acp_action.api.prepare import Wishes, plan_pipeline
    from acp_action.api.simulate import Question
    from acp_action.api.simulate import simulate as simulated
    from acp_action.config.cascade import Overrides
    from acp_action.report.simulation_view import simulation_text

    workers = read_numbers(max_workers)
    overrides = Overrides(
        max_workers=workers[0] if len(workers) == 1 else None,
        provider=provider,
        schedule=schedule,
        door="flag --{}",
    )
    providers = open_accounts()
    plan = plan_pipeline(file, Wishes(overrides, allow_env=tuple(allow_env or ())), providers)
    for problem in plan.warnings:
        tell_page(f"[WARNING] {problem}")
    compare = workers if len(workers) > 1 else ()
    found = simulated(plan, providers, Question(seed, runs, spread, limits, compare))
    if as_json:
        show_json(found.to_dict())
    else:
        show_page(simulation_text(found, columns()))
    return 0
