"""A process that forks for each run it is asked for, so that runs can be killed and cost little.

Reads one JSON object a line: ``pipeline`` (a path), ``folder``, ``state`` (the folder of the fake services'
ledger), ``kill_at``, ``resubmit``, ``fresh``. Answers with one line: ``code`` (negative: the signal), and
what the run left word of, if it lived to.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

# Everything that a run needs, before the first fork.
from acp_action.api.codes import exit_code
from acp_action.api.prepare import Wishes, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.config.cascade import Overrides
from acp_action.errors import AcpError
from acp_action.providers.registry import adapters
from tests.oracle.kills import KillPoints
from tests.oracle.paying import paying_providers

if TYPE_CHECKING:
    from collections.abc import Callable

Carrying: TypeAlias = "Callable[[dict[str, Any]], dict[str, Any]]"


def carried_out(wish: dict[str, Any]) -> dict[str, Any]:
    """One run; what is to be told of it."""
    points = KillPoints(wish["kill_at"])
    providers: dict[str, Any] = {**paying_providers(Path(wish["state"]), points)}
    providers |= {"local": adapters()["local"]}
    overrides = Overrides(output_dir=wish["folder"])
    pipeline = Path(wish["pipeline"])
    wishes = Wishes(overrides, "a red car", workspace=pipeline.parent)
    plan = plan_pipeline(pipeline, wishes, providers, need_input=True)
    try:
        folder = make_ready(plan, providers)
        points.install()
        result = carry_out(
            plan, folder, providers=providers, fresh=wish["fresh"], resubmit_doubtful=wish["resubmit"]
        )
    except AcpError as error:
        return {"code": error.exit_code, "error": str(error), "steps": {}, "points": len(points.passed)}
    return {
        "code": exit_code(result),
        "steps": {step.name: step.status.value for step in result},
        "reasons": {step.name: step.reason for step in result if step.reason},
        "cost": sum(step.cost or 0.0 for step in result),
        "points": len(points.passed),
    }


def answer(wish: dict[str, Any], carried_out: Carrying) -> dict[str, Any]:
    """Fork, run, and tell how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            told = carried_out(wish)
            os.write(writing, json.dumps(told).encode())
            code = told["code"]
        except BaseException:  # noqa: BLE001 - the parent is told by the code
            traceback.print_exc()
        finally:
            # Threads and all: nothing of the parent's is to be tidied up twice.
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    return {
        "steps": {},
        **(json.loads(content) if content else {}),
        "code": os.waitstatus_to_exitcode(status),
    }


def main(carrying: str = "tests.oracle.child:carried_out") -> None:
    """Answer until there is nothing more to read. ``carrying``: what makes a run, as ``module:function``."""
    module, _, name = carrying.partition(":")
    carry = getattr(import_module(module), name)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line), carry)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
