"""How soon the engine reacts: to a failure, to a deadline, to a stop."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.errors import FatalError
from benchmarks.engine import Nowhere, Timed
from benchmarks.measure import Figure
from tests.engine.plans import Spec, plan_of

if TYPE_CHECKING:
    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Product, Request, Token


class Patient(Timed):
    """Waits as a real provider does: on the token."""

    def run(self, request: Request, token: Token) -> Product:
        """Step 0 fails after 50 ms; the others wait for long."""
        if request.step == "0":
            time.sleep(0.05)
            raise FatalError("told to fail")
        token.wait(0.02 if request.params.get("short") else 30.0)
        return super().run(request, token)


def _run(plan: Plan) -> RunResult:
    provider = Patient(lambda _: None)
    return run_plan(
        plan,
        providers={"fake": provider},
        publisher=Nowhere(),
        lanes=Lanes(lambda _provider: Limits(none=True)),
    )


def fail_fast(runs: int) -> Figure:
    """The latest start after a failure, while short steps come and go on 16 workers."""
    specs = [Spec("0"), *(Spec(str(n), params={"short": True}) for n in range(1, 400))]
    latest = []
    for _ in range(runs):
        result = _run(plan_of(specs, max_workers=16))
        failed = result["0"].attempts[0].finished
        starts = [a.started for s in result for a in s.attempts]
        latest.append(max(max(starts) - failed, 0.0) * 1000)
    return Figure("latest start after a failure", statistics.median(latest), 10.0, "ms")


def timeout(runs: int) -> Figure:
    """From a step's deadline to its end in the results."""
    late = []
    for _ in range(runs):
        result = _run(plan_of([Spec("1", timeout=0.2)]))
        late.append((result["1"].settled - 0.2) * 1000)
    return Figure("a time-out is noticed after", statistics.median(late), 50.0, "ms")
