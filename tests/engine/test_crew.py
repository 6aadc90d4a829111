"""The contract of crews: every way to carry jobs out hands back the same."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.engine.cancel import CancelToken
from acp_action.engine.clock import SystemClock, VirtualClock
from acp_action.engine.crew import ExecutorCrew, InlineCrew, Job, ThreadCrew
from acp_action.engine.outcome import Delivery, Expired, Fatal, Opened, Stop, Stopped
from acp_action.engine.virtual_crew import VirtualCrew
from tests.engine.harness import DONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.engine.crew import Crew
    from acp_action.engine.outcome import Message

CLOCK = SystemClock()


def job(step: int, token: CancelToken | None = None) -> Job:
    """A first attempt at a step."""
    return Job(step, 1, 0, token or CancelToken(CLOCK))


@pytest.fixture(params=["threads", "executor", "inline"])
def crew(request: pytest.FixtureRequest) -> Iterator[Crew]:
    """Every crew that makes real attempts."""
    if request.param == "executor":
        with ThreadPoolExecutor(4) as pool:
            yield ExecutorCrew(pool)
        return
    made: Crew = ThreadCrew() if request.param == "threads" else InlineCrew()
    yield made
    made.close()


def collect(crew: Crew, count: int) -> list[Message]:
    """Wait for so many messages."""
    found: list[Message] = []
    while len(found) < count:
        found += crew.collect(30.0)
    return found


def test_every_job_comes_back_once_with_its_worker_and_times(crew: Crew) -> None:
    """The delivery names step, attempt, worker, and a start that is not after the end."""
    crew.open(lambda _job: DONE, CLOCK)
    for step in range(8):
        crew.start([job(step)], step % 4)
    back = [m for m in collect(crew, 8) if isinstance(m, Delivery)]
    assert sorted((d.step, d.worker) for d in back) == [(n, n % 4) for n in range(8)]
    assert all(d.outcome == DONE and d.started <= d.finished for d in back)


def test_a_message_from_outside_is_collected(crew: Crew) -> None:
    """Stops and openings come through the same door."""
    crew.open(lambda _job: DONE, CLOCK)
    crew.post(Opened(3))
    assert crew.collect(30.0) == [Opened(3)]


def test_collecting_nothing_ends_after_the_time_given(crew: Crew) -> None:
    """A timer of the scheduler is not missed because nothing came."""
    crew.open(lambda _job: DONE, CLOCK)
    assert crew.collect(0.0) == []


def test_jobs_of_several_workers_run_side_by_side() -> None:
    """Two jobs that wait for each other both end: each worker has a thread of its own."""
    meet = threading.Barrier(2, timeout=30)
    crew = ThreadCrew()
    crew.open(lambda _job: (meet.wait(), DONE)[1], CLOCK)
    crew.start([job(0)], 0)
    crew.start([job(1)], 1)
    assert len(collect(crew, 2)) == 2
    crew.close()


def test_an_executor_that_breaks_fails_the_step_and_not_the_run() -> None:
    """A future with an exception, or cancelled, comes back as an outcome."""

    class Broken:
        def __init__(self) -> None:
            self.futures: list[Future[Any]] = []

        def submit(self, *_: Any) -> Future[Any]:
            self.futures.append(Future())
            return self.futures[-1]

    broken = Broken()
    crew = ExecutorCrew(broken)  # type: ignore[arg-type]
    crew.open(lambda _job: DONE, CLOCK)
    crew.start([job(0)], 0)
    crew.start([job(1)], 1)
    broken.futures[0].set_exception(OSError("gone"))
    broken.futures[1].cancel()
    broken.futures[1].set_running_or_notify_cancel()
    outcomes = {d.step: d.outcome for d in collect(crew, 2) if isinstance(d, Delivery)}
    assert outcomes == {
        0: Fatal("the executor failed: OSError('gone')"),
        1: Stopped("the executor dropped the job"),
    }


def test_a_stop_reaches_the_attempt_that_the_calling_thread_makes() -> None:
    """Inline: the scheduler cannot read its mail meanwhile, so the token is told directly."""
    crew = InlineCrew()
    token = CancelToken(CLOCK)

    def perform(_: Job) -> Any:
        crew.post(Stop("enough"))
        return DONE

    crew.open(perform, CLOCK)
    crew.start([job(0, token)], 0)
    assert token.cancelled


def test_a_stop_just_before_an_attempt_reaches_it_too() -> None:
    """Inline: a stop that comes while the start is announced is not lost until the attempt is over."""
    crew = InlineCrew()
    token = CancelToken(CLOCK)
    crew.open(lambda _: DONE, CLOCK)
    crew.post(Stop("enough"))
    crew.start([job(0, token)], 0)
    assert token.cancelled


def test_a_virtual_job_late_for_its_deadline_comes_back_expired_at_it() -> None:
    """Virtual attempts keep to their token as real ones do."""
    clock = VirtualClock()
    crew = VirtualCrew(clock, lambda _job: (9.0, DONE))
    crew.start([job(0, CancelToken(clock, deadline=4.0))], 0)
    (back,) = crew.collect(None)
    assert isinstance(back, Delivery)
    assert (back.outcome, back.finished) == (Expired("no result in time"), 4.0)


def test_waiting_for_ever_on_a_virtual_clock_is_a_bug_and_says_so() -> None:
    """Nothing due and no time-out would hang a simulation."""
    clock = VirtualClock()
    with pytest.raises(RuntimeError, match="nothing will ever come"):
        VirtualCrew(clock, lambda _job: (1.0, DONE)).collect(None)
    inline = InlineCrew()
    inline.open(lambda _job: DONE, clock)
    with pytest.raises(RuntimeError, match="nothing will ever come"):
        inline.collect(None)
