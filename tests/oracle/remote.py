"""Runs with the real adapters, in the process that ``child`` forks for each; and what they leave behind.

A wish has, beside what ``child`` knows, ``environment`` (the variables that lead to the simulators),
``hurry`` (how many times faster the run's clock goes), and ``only`` (the steps that are wanted). The answer
tells in ``left`` what is still there when the run and its adapters are gone: threads and sockets.
"""

from __future__ import annotations

import gc
import os
import pkgutil
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from stat import S_ISSOCK
from typing import Any

import av.subtitles.stream
import PIL.Image
import PIL.ImageOps
import pydantic.type_adapter
import tenacity

import acp_action
from acp_action.api.accounts import open_accounts
from acp_action.api.codes import exit_code
from acp_action.api.prepare import Wishes, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.config.cascade import Overrides
from acp_action.errors import AcpError
from tests.oracle.hurry import hurry
from tests.oracle.kills import KillPoints

# Everything that a run imports late, before the first fork: it would be imported again in each.
LOADED = [av, PIL.ImageOps, pydantic, tenacity, *(
    import_module(found.name)
    for found in pkgutil.walk_packages(acp_action.__path__, "acp_action.")
    if not found.name.endswith(("__main__", ".compat"))
)]  # fmt: skip
PIL.Image.init()


def carried_out(wish: dict[str, Any]) -> dict[str, Any]:
    """One run; what is to be told of it."""
    hurry(wish.get("hurry", 100.0))
    points = KillPoints(wish["kill_at"])
    told = _ran(wish, points)
    return {**told, "points": len(points.passed), "left": left_over()}


def left_over(patience: float = 5.0) -> list[str]:
    """Threads that do not end, and sockets that stay open, when nobody holds a run and its adapters."""
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    for thread in others:
        # Workers are told to end with the run, and nobody waits for them.
        thread.join(patience)
    gc.collect()
    return [*(each.name for each in others if each.is_alive()), *_sockets()]


def _ran(wish: dict[str, Any], points: KillPoints) -> dict[str, Any]:
    providers = open_accounts(wish["environment"])
    pipeline = Path(wish["pipeline"])
    overrides = Overrides(output_dir=wish["folder"])
    only = tuple(wish.get("only", ()))
    wishes = Wishes(overrides, "a red car", only=only, workspace=pipeline.parent, environ={})
    try:
        plan = plan_pipeline(pipeline, wishes, providers, need_input=True)
        folder = make_ready(plan, providers)
        points.install()
        result = carry_out(
            plan, folder, providers=providers, fresh=wish["fresh"], resubmit_doubtful=wish["resubmit"]
        )
    except AcpError as error:
        return {"code": error.exit_code, "error": str(error), "steps": {}}
    return {
        "code": exit_code(result),
        "steps": {step.name: step.status.value for step in result},
        "reasons": {step.name: step.reason for step in result if step.reason},
        "cost": sum(step.cost or 0.0 for step in result),
    }


def _sockets() -> list[str]:
    found = []
    for entry in Path("/dev/fd").iterdir():
        with suppress(OSError):
            if S_ISSOCK(os.fstat(int(entry.name)).st_mode):
                found.append(f"socket {entry.name}")
    return found
