"""How soon the engine reacts: to a failure, to a deadline, to a stop."""

from __future__ import annotations

import statistics
import threading
import time
from typing import TYPE_CHECKING

from acp_action.engine.cancel import StopSwitch
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.errors import FatalError, RateLimited
from benchmarks.engine import Nowhere, Timed
from benchmarks.measure import Figure
from tests.engine.plans import Spec, plan_of

if TYPE_CHECKING:
    from collections.abc import Callable

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


def stop_while_waiting(runs: int, many: int = 256) -> list[Figure]:
    """How soon a stop ends a run in which all steps wait, before a closed lane or for their provider."""
    plan = plan_of([Spec(str(n)) for n in range(1, many + 1)])
    wait = lambda token: token.wait(600.0)  # noqa: E731
    lane = [_stopped(plan, Lanes(), _refuse) for _ in range(runs)]
    provider = [_stopped(plan, Lanes(lambda _: Limits(none=True)), wait) for _ in range(runs)]
    name = f"a stop wakes {many} steps that wait for"
    return [
        Figure(f"{name} a lane, within", max(late for late, _ in lane), 50.0, "ms"),
        Figure(f"{name} their provider, within", max(late for late, _ in provider), 50.0, "ms"),
        Figure("processor while they wait, of a core", max(cpu for _, cpu in [*lane, *provider]), 0.5, "%"),
    ]


def _refuse(_token: Token) -> None:
    raise RateLimited("429", retry_after=200.0)


def _stopped(plan: Plan, lanes: Lanes, act: Callable[[Token], None]) -> tuple[float, float]:
    """Milliseconds from the stop to the run's end; and processor time while all waited, in per cent."""
    switch, seen = StopSwitch(), dict[str, float]()

    def stop() -> None:
        time.sleep(0.5)  # until all wait
        before = time.process_time()
        time.sleep(1.0)
        seen["cpu"], seen["at"] = time.process_time() - before, time.monotonic()
        switch.stop("enough")

    threading.Thread(target=stop).start()
    run_plan(plan, providers={"fake": _Waiting(act)}, publisher=Nowhere(), lanes=lanes, stop=switch)
    return (time.monotonic() - seen["at"]) * 1000, seen["cpu"] * 100


class _Waiting(Timed):
    def __init__(self, act: Callable[[Token], None]) -> None:
        super().__init__(lambda _: None)
        self._act = act

    def run(self, request: Request, token: Token) -> Product:
        """What it was told."""
        self._act(token)
        return super().run(request, token)


def timeout(runs: int) -> Figure:
    """From a step's deadline to its end in the results."""
    late = []
    for _ in range(runs):
        result = _run(plan_of([Spec("1", timeout=0.2)]))
        late.append((result["1"].settled - 0.2) * 1000)
    return Figure("a time-out is noticed after", statistics.median(late), 50.0, "ms")
