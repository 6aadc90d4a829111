"""Services with jobs: ordered once, taken up again, called off or left to go on; what a stop does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from acp_action.errors import Cancelled
from tests.providers.jobs import FAL, FAL_POLLED, KINDS, REPLICATE, Kind, attempt
from tests.providers.services import Remembering, a_token

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.engine.cancel import CancelToken

LONG = 30.0
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
each_service = pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)


def stopping(token: CancelToken, at: str, *, resumable: bool) -> Remembering:
    """A trail that stops the attempt at one of its lines."""
    return Remembering(at, lambda: token.cancel("stopped by hand", resumable=resumable))


@each_kind
def test_a_job_is_ordered_once_and_written_down_in_order(kind: Kind, tmp_path: Path) -> None:
    """Intent before the order, the id at once, the result before it is fetched."""
    with kind.simulate() as sim:
        made = attempt(kind, sim, tmp_path, seed=7)
        assert made.product is not None
        assert [line for line in made.trail.lines if line != "begun"] == ["intended", "accepted", "settled"]
        assert [bill.text for bill in sim.ledger.bills] == ["a cat"]
    file = made.product.files[0]
    assert (file.kind, file.path.exists(), made.product.seed) == ("image", True, 7)
    assert made.product.notes["provider"] == sim.provider
    assert made.product.notes["request"] == made.trail.job.id if made.trail.job else False
    assert made.product.params["seed"] == 7


@each_kind
def test_an_open_job_is_taken_up_and_not_ordered_again(kind: Kind, tmp_path: Path) -> None:
    """A run that was killed after the id was written down."""
    with kind.simulate() as sim:
        first = attempt(kind, sim, tmp_path)
        again = attempt(kind, sim, tmp_path, trail=Remembering(job=first.trail.job))
        assert (again.end, again.trail.lines) == ("done", ["settled"])
        assert len(sim.calls("order")) == len(sim.ledger) == 1


@each_kind
def test_a_known_result_is_only_fetched(kind: Kind, tmp_path: Path) -> None:
    """A run that was killed in mid-download."""
    with kind.simulate() as sim:
        first = attempt(kind, sim, tmp_path)
        before = len(sim.requests)
        again = attempt(kind, sim, tmp_path, trail=Remembering(result=first.trail.result))
        assert again.end == "done"
        assert {call.kind for call in sim.requests[before:]} == {"media"}


@each_kind
def test_an_interrupted_job_that_has_begun_goes_on(kind: Kind, tmp_path: Path) -> None:
    """It is paid whatever comes: nothing is cancelled, and the next run fetches it."""
    token = a_token()
    with kind.simulate(LONG, **({"boot": 0} if kind is REPLICATE else {})) as sim:
        # Stopped as soon as it is seen under way.
        trail = stopping(token, "begun", resumable=True)
        made = attempt(kind, sim, tmp_path, trail=trail, token=token)
        assert isinstance(made.error, Cancelled)
        assert made.error.resumable
        assert "goes on at" in str(made.error)
        assert sim.calls("cancel") == []
    assert trail.job is not None
    assert trail.job.begun


@each_kind
def test_a_job_nobody_wants_any_more_is_cancelled(kind: Kind, tmp_path: Path) -> None:
    """After a failure elsewhere with fail_fast: the remote job is called off too."""
    token = a_token()
    with kind.simulate(LONG, **({"boot": 0} if kind is REPLICATE else {})) as sim:
        made = attempt(kind, sim, tmp_path, token=token, trail=stopping(token, "begun", resumable=False))
        assert isinstance(made.error, Cancelled)
        assert len(sim.calls("cancel")) == 1
    assert made.trail.lines[-1] == "withdrawn"


@pytest.mark.parametrize("resumable", [True, False])
@each_service
def test_a_job_that_has_not_begun_costs_nothing(kind: Kind, resumable: bool, tmp_path: Path) -> None:
    """Stopped in the queue: cancelled there, the cancel confirmed, and free to be ordered anew."""
    token = a_token()
    with kind.simulate(LONG) as sim:
        sim.script("P10.stuck")
        made = attempt(
            kind, sim, tmp_path, token=token, trail=stopping(token, "accepted", resumable=resumable)
        )
        assert isinstance(made.error, Cancelled)
        assert "was called off" in str(made.error)
        assert len(sim.ledger) == 0
        assert made.trail.job is None
        again = attempt(kind, sim, tmp_path, trail=made.trail, token=a_token(0.2))
        assert len(sim.calls("order")) == 2
        assert again.end == "DeadlineExpired"


@each_service
def test_a_cancel_that_comes_too_late_fetches_what_is_paid(kind: Kind, tmp_path: Path) -> None:
    """``ALREADY_COMPLETED``: the product is handed in, although the attempt was stopped."""
    token = a_token()
    with kind.simulate(LONG) as sim:
        sim.script("P11.completed")
        made = attempt(kind, sim, tmp_path, token=token, trail=stopping(token, "accepted", resumable=False))
        assert (made.end, len(sim.ledger)) == ("done", 1)
    assert made.trail.lines[-1] == "settled"


@each_kind
def test_a_deadline_leaves_a_running_job_for_the_next_run(kind: Kind, tmp_path: Path) -> None:
    """The step's time is over, the job goes on, and a later run with more time has it for nothing."""
    with kind.simulate(0.6, **({"boot": 0} if kind is REPLICATE else {})) as sim:
        adapter = kind.adapt(sim, 0.6)
        made = attempt(kind, sim, tmp_path, token=a_token(0.3), adapter=adapter)
        assert made.end == "DeadlineExpired"
        again = attempt(kind, sim, tmp_path, trail=Remembering(job=made.trail.job), adapter=adapter)
        assert (again.end, len(sim.calls("order")), len(sim.ledger)) == ("done", 1, 1)


@each_service
def test_a_job_cancelled_elsewhere_is_ordered_anew_by_the_next_run(kind: Kind, tmp_path: Path) -> None:
    """It is known to have made nothing."""
    token = a_token()
    with kind.simulate(LONG, **({"boot": 0} if kind is REPLICATE else {})) as sim:
        first = attempt(kind, sim, tmp_path, token=token, trail=stopping(token, "begun", resumable=True))
        for job in sim.queue.jobs.values():  # type: ignore[attr-defined]
            sim.queue.cancel(job, sim.now())  # type: ignore[attr-defined]
        trail = Remembering(job=first.trail.job)
        attempt(kind, sim, tmp_path, trail=trail, token=a_token(0.2))
        assert trail.lines[:3] == ["withdrawn", "intended", "accepted"]


@each_service
def test_a_job_the_service_has_forgotten_is_not_ordered_again(kind: Kind, tmp_path: Path) -> None:
    """It was paid, and what it made has expired: a new order is the user's to make."""
    with kind.simulate() as sim:
        first = attempt(kind, sim, tmp_path)
        sim.queue.jobs.clear()  # type: ignore[attr-defined]
        trail, adapter = Remembering(job=first.trail.job), kind.adapt(sim)
        adapter.not_yet = 0.1
        again = attempt(kind, sim, tmp_path, trail=trail, adapter=adapter)
        assert again.end == "FatalError"
        assert first.trail.job is not None
        assert first.trail.job.id in str(again.error)
        assert len(sim.calls("order")) == 1
    assert trail.job is not None


def test_waiting_in_fal_s_queue_is_counted_apart(tmp_path: Path) -> None:
    """With one job at a time, the second waits for the first, and that is no service time."""
    with FAL_POLLED.simulate(0.4, concurrency=1) as sim:
        adapter = FAL_POLLED.adapt(sim, 0.4)

        def one(number: int) -> float:
            folder = tmp_path / str(number)
            folder.mkdir()
            made = attempt(FAL_POLLED, sim, folder, adapter=adapter, token=a_token(9))
            return made.product.queued if made.product else -1.0

        with ThreadPoolExecutor(2) as pool:
            waits = sorted(pool.map(one, (1, 2)))
    assert waits[0] == 0
    assert 0.2 < waits[1] < 0.8
