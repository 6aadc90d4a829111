"""run_plan on real threads: listeners, lanes shared by runs, very short steps, stops from outside."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.artifacts import Output
from acp_action.engine.cancel import StopSwitch
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.errors import FatalError, RateLimited
from acp_action.events import Event, RunFinished, StepFinished, StepStarted
from acp_action.providers.base import Product
from tests.engine.plans import Spec, group_of, plan_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.engine.result import RunResult, StepResult
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Request, Token


class Doer:
    """A provider that does what it is told, and a publisher that keeps nothing; counts who is at work."""

    name = "fake"

    def __init__(self, act: Callable[[Request, Token], Any] = lambda _request, _token: None) -> None:
        self._act = act
        self._lock = threading.Lock()
        self.busy = self.peak = self.calls = 0

    def check(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

    def expected_seconds(self, *_: Any) -> None:
        return

    def run(self, request: Request, token: Token) -> Product:
        with self._lock:
            self.busy += 1
            self.calls += 1
            self.peak = max(self.peak, self.busy)
        try:
            self._act(request, token)
        finally:
            with self._lock:
                self.busy -= 1
        return Product("image")

    def stage_for(self, stem: str) -> Any:
        return None

    def publish(self, stem: str, product: Product) -> Output:
        return Output("image", ())

    def fault(self, stem: str, error: OSError) -> None:
        return

    def discard(self, stem: str) -> None: ...


def run(plan: Plan, doer: Doer, **wishes: Any) -> RunResult:
    """Run with real threads, and without limits at the provider."""
    wishes.setdefault("lanes", Lanes(lambda _provider: Limits(none=True)))
    return run_plan(plan, providers={"fake": doer}, publisher=doer, **wishes)


def test_a_listener_that_raises_is_detached_and_named() -> None:
    """The run goes on, the others hear everything, and the result says who is gone."""
    heard: list[Event] = []

    def broken(_: Event) -> None:
        raise ValueError("no more paper")

    result = run(plan_of([Spec("a"), Spec("b")]), Doer(), listeners=[broken, heard.append])
    assert result.success
    assert result.detached == (f"{broken.__qualname__}: ValueError: no more paper",)
    assert isinstance(heard[-1], RunFinished)


def test_whoever_notes_results_hears_each_before_its_event() -> None:
    """Whole results, by the step's place in the plan; also of steps that never start."""
    told: list[object] = []
    specs = [Spec("a"), Spec("b", data=[0], enabled=False), Spec("c", data=[1])]
    result = run(
        plan_of(specs),
        Doer(),
        note=lambda index, result: told.append((index, result)),
        listeners=[lambda event: told.append(event.step) if isinstance(event, StepFinished) else None],
    )
    assert told == [(0, result["a"]), "a", (1, result["b"]), "b", (2, result["c"]), "c"]


def test_whoever_notes_results_and_raises_is_detached_and_named() -> None:
    """As a listener is: the run goes on, and nothing more is noted."""
    calls: list[int] = []

    def broken(index: int, _result: StepResult) -> None:
        calls.append(index)
        raise ValueError("no more paper")

    result = run(plan_of([Spec("a"), Spec("b", after=[0])]), Doer(), note=broken)
    assert (result.success, calls) == (True, [0])
    assert result.detached == (f"{broken.__qualname__}: ValueError: no more paper",)


@pytest.mark.parametrize("free", [True, False])
def test_very_short_steps_never_pass_their_groups_cap(free: bool) -> None:
    """Steps that are handed out several at a time are done one after another: three places, three at work."""
    specs = [Spec(str(n), group=0) for n in range(600)]
    plan = plan_of(specs, [group_of(0, range(600), max_workers=3)])
    doer = Doer()
    heard: list[Event] = []
    lanes = Lanes(lambda _provider: Limits(none=free, concurrency=None if free else 2, per_second=1e6))
    assert run(plan, doer, lanes=lanes, listeners=[heard.append]).success
    assert doer.calls == 600
    assert doer.peak <= (3 if free else 2)
    assert sum(isinstance(e, StepStarted) for e in heard) == 600


def test_each_start_is_told_before_its_end() -> None:
    """Also of steps that travel together."""
    heard: list[Event] = []
    run(plan_of([Spec(str(n)) for n in range(300)], max_workers=4), Doer(), listeners=[heard.append])
    told: set[str] = set()
    for event in heard:
        if isinstance(event, StepStarted):
            told.add(event.step)
        elif isinstance(event, StepFinished):
            assert event.step in told


def test_a_failure_among_very_short_steps_stops_the_rest() -> None:
    """X8: what was handed out beforehand is called back; only what was under way is done."""

    def act(request: Request, token: Token) -> None:
        if request.step == "300":
            raise FatalError("told to fail")

    doer = Doer(act)
    result = run(plan_of([Spec(str(n)) for n in range(3000)], max_workers=2), doer)
    assert result["300"].status.value == "failed"
    assert doer.calls < 1000
    assert {s.status.value for s in result} <= {"succeeded", "failed", "skipped", "cancelled"}


def test_two_runs_share_a_providers_limit() -> None:
    """C1: one lane for both; each hears of the room the other makes, and both end."""
    lanes = Lanes(lambda _provider: Limits(concurrency=2, per_second=1e6))
    doer = Doer(lambda _request, token: token.wait(0.002))
    plan = plan_of([Spec(str(n)) for n in range(40)], max_workers=8)
    results: list[RunResult] = []
    threads = [
        threading.Thread(target=lambda: results.append(run(plan, doer, lanes=lanes))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    assert [r.success for r in results] == [True] * 3
    assert doer.peak <= 2


def test_a_lane_thought_unlimited_counts_from_its_first_refusal() -> None:
    """A refusal teaches it; nothing is lost and everything comes back."""
    refused: set[str] = set()

    def act(request: Request, token: Token) -> None:
        if request.step not in refused:
            refused.add(request.step)
            raise RateLimited("slow down", retry_after=0.001)

    lanes = Lanes(lambda _provider: Limits(none=True, per_second=1e6))
    assert run(plan_of([Spec(str(n)) for n in range(4)]), Doer(act), lanes=lanes).success
    assert lanes.lane("fake").in_flight == 0


def test_a_stop_from_another_thread_ends_the_run() -> None:
    """The step under way hears it at once; the result says why."""
    switch = StopSwitch()

    def act(_: Request, token: Token) -> None:
        switch.stop("enough")
        token.wait(60.0)

    doer = Doer(act)
    result = run(plan_of([Spec("a"), Spec("b", data=[0])]), doer, stop=switch)
    assert (result.stopped, [s.status.value for s in result]) == ("enough", ["cancelled", "skipped"])


def test_no_thread_is_left_behind() -> None:
    """A thousand jobs later only the caller's threads are there."""
    run(plan_of([Spec(str(n)) for n in range(1000)], max_workers=8), Doer())
    for thread in threading.enumerate():
        if thread.name.startswith("acp-worker"):
            thread.join(10.0)
            assert not thread.is_alive()
