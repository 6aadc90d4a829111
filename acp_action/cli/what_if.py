"""what-if: a recorded run, or a pipeline, under other numbers of workers, schedules and rate limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from acp_action.cli.options import Json, OutputFile, read_numbers
from acp_action.cli.page import deliver_page
from acp_action.cli.streams import deliver, show_json
from acp_action.errors import UsageError

if TYPE_CHECKING:
    from acp_action.api.player import Limit

_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0}
_PACE: Final = re.compile(r"(\d+(?:\.\d+)?)/(s|min|h)", re.ASCII)


def what_if(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|FILE", help="A run's output folder, or a pipeline file.", show_default=False
        ),
    ],
    max_workers: Annotated[
        str, typer.Option("--max-workers", metavar="N,N…", help="Numbers of workers to try.")
    ] = "1,2,3,4,6,8,12,16",
    schedule: Annotated[
        Literal["ordered", "dataflow"] | None,
        typer.Option("--schedule", help="Try this one alone (default: both)."),
    ] = None,
    rate_limit: Annotated[
        list[str] | None,
        typer.Option(
            "--rate-limit",
            metavar="NAME=LIMIT",
            help="A provider's limit: 60/min, 10 (at once), 60/min,10 or none; may be repeated.",
        ),
    ] = None,
    form: Annotated[
        Literal["text", "html"], typer.Option("--format", "-f", help="Text, or a page with a picture.")
    ] = "text",
    output: OutputFile = None,
    as_json: Json = False,
) -> int:
    """Play a run again with other workers, schedule or limits.

    Nothing is sent or paid for, and no key is needed.
    """
    from acp_action.api.accounts import open_accounts
    from acp_action.api.player import Trials
    from acp_action.api.what_if import what_if as tried
    from acp_action.config.cascade import SCHEDULES
    from acp_action.report.what_if_view import what_if_text

    trials = Trials(
        read_numbers(max_workers), (schedule,) if schedule else SCHEDULES, _limits(rate_limit or ())
    )
    found = tried(place, trials, open_accounts())
    if as_json:
        show_json(found.to_dict())
    elif form == "html":
        from acp_action.report.html.answers import render_what_if

        deliver(render_what_if(found), output)
    else:
        deliver_page(what_if_text(found), output)
    return 0


def _limits(written: list[str] | tuple[()]) -> dict[str, Limit]:
    limits: dict[str, Limit] = {}
    for pair in written:
        name, found, value = pair.partition("=")
        limit = _limit(value) if found and name else None
        if limit is None:
            raise UsageError(
                f"--rate-limit is '{pair}'; write NAME=60/min, NAME=10 for so many at once, "
                "both as NAME=60/min,10, or NAME=none"
            )
        if name in limits:
            raise UsageError(f"--rate-limit {name} is given twice; give it once")
        limits[name] = limit
    return limits


def _limit(value: str) -> Limit | None:
    from acp_action.api.player import Limit

    if value == "none":
        return Limit()
    limit = Limit()
    words = value.split(",")
    for word in words:
        pace = _PACE.fullmatch(word)
        if pace and limit.per_minute is None:
            per_minute = float(pace[1]) * 60 / _SECONDS[pace[2]]
            limit = Limit(per_minute, limit.concurrency)
        elif word.isascii() and word.isdigit() and limit.concurrency is None:
            limit = Limit(limit.per_minute, int(word))
        else:
            return None
    return limit
