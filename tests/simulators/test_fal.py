"""The simulated fal does what fal's documentation says."""

from __future__ import annotations

import io
import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.simulators.client import Client, calling
from tests.simulators.fal import FalSimulator
from tests.simulators.latency import Latency

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "/fal-ai/flux/schnell"
CAT = {"prompt": "a cat", "image_size": "square"}


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hands:
    """Seconds of the simulator."""
    return Hands()


@pytest.fixture
def fal(clock: Hands) -> Iterator[Client]:
    """A fal with two runners, whose jobs take ten seconds."""
    sim = FalSimulator(concurrency=2, latency=Latency(10, sigma=0), clock=clock)
    with calling(sim, Authorization=f"Key {sim.key}") as client:
        yield client


def order(fal: Client, text: str = "a cat", **headers: str) -> Any:
    """The answer to a submit."""
    given = {"headers": {"Authorization": f"Key {fal.sim.key}", **headers}} if headers else {}
    return fal("POST", MODEL, json={**CAT, "prompt": text}, **given).json()


def test_a_job_is_queued_runs_and_is_done(fal: Client, clock: Hands) -> None:
    """202 until it is done, then 200; the addresses are the simulator's, with the app's two parts."""
    job = order(fal)
    assert job["status_url"] == f"{fal.sim.url}/fal-ai/flux/requests/{job['request_id']}/status"
    running = fal("GET", job["status_url"] + "?logs=1")
    assert (running.status_code, running.json()["status"]) == (202, "IN_PROGRESS")
    assert running.json()["logs"][0]["message"]
    clock.now = 10
    done = fal("GET", job["status_url"])
    assert (done.status_code, done.json()["status"], done.json()["logs"]) == (200, "COMPLETED", None)


def test_jobs_above_the_concurrency_wait_in_line(fal: Client, clock: Hands) -> None:
    """They are not refused; the first to end lets the next begin."""
    jobs = [order(fal, f"cat {n}") for n in range(5)]
    waiting = [fal("GET", job["status_url"]).json() for job in jobs]
    assert [w["status"] for w in waiting] == ["IN_PROGRESS"] * 2 + ["IN_QUEUE"] * 3
    assert [w.get("queue_position") for w in waiting[2:]] == [0, 1, 2]
    clock.now = 25
    states = [fal("GET", job["status_url"]).json()["status"] for job in jobs]
    assert states == ["COMPLETED"] * 4 + ["IN_PROGRESS"]
    assert isinstance(fal.sim, FalSimulator)
    assert fal.sim.queue.most == 2


def test_the_result_is_a_real_picture_that_tells_its_prompt(fal: Client, clock: Hands) -> None:
    """Files are decoded whole by those who fetch them, and mix-ups must show."""
    job = order(fal)
    early = fal("GET", job["response_url"])
    assert early.status_code == 400
    clock.now = 10
    (image,) = fal("GET", job["response_url"]).json()["images"]
    answer = fal("GET", image["url"], headers={})
    picture = Image.open(io.BytesIO(answer.content))
    picture.load()
    assert (picture.format, picture.size, picture.info["comment"]) == ("JPEG", (512, 512), b"a cat")
    assert answer.headers["Content-Type"] == image["content_type"] == "image/jpeg"


def test_each_order_is_billed_once_at_the_catalogues_price(fal: Client) -> None:
    """The ledger is what tests believe."""
    order(fal, "two cats")
    order(fal, "a dog")
    (bill,) = fal.sim.ledger.by("cats")
    assert (bill.endpoint, bill.price) == ("fal-ai/flux/schnell", 0.001)
    assert fal("GET", "/_sim/ledger").json()[1]["text"] == "a dog"


def test_a_job_cancelled_in_the_queue_is_not_billed(fal: Client) -> None:
    """One that runs is."""
    jobs = [order(fal, f"cat {n}") for n in range(3)]
    answers = [fal("PUT", job["cancel_url"]) for job in (jobs[2], jobs[0])]
    assert [a.json()["status"] for a in answers] == ["CANCELLATION_REQUESTED"] * 2
    assert [b.text for b in fal.sim.ledger.bills] == ["cat 0", "cat 1"]
    assert fal("GET", jobs[0]["response_url"]).status_code == 499


def test_a_cancel_after_the_end_says_so(fal: Client, clock: Hands) -> None:
    """And nothing of it for a job that never was."""
    job = order(fal)
    clock.now = 10
    late = fal("PUT", job["cancel_url"])
    assert (late.status_code, late.json()) == (400, {"status": "ALREADY_COMPLETED"})
    never = fal("PUT", "/fal-ai/flux/requests/none/cancel")
    assert (never.status_code, never.json()) == (404, {"status": "NOT_FOUND"})


def test_a_job_that_began_too_late_is_given_up(fal: Client, clock: Hands) -> None:
    """504 with the header that says whose deadline it was; not billed."""
    for n in range(2):
        order(fal, f"cat {n}")
    job = order(fal, "late cat", **{"X-Fal-Request-Timeout": "5"})
    clock.now = 6
    answer = fal("GET", job["response_url"])
    assert (answer.status_code, answer.json()["error_type"]) == (504, "request_timeout")
    assert answer.headers["X-Fal-Request-Timeout-Type"] == "user"
    assert fal.sim.ledger.by("late cat") == []


def test_the_stream_tells_each_state_once_and_ends() -> None:
    """Server-sent events, the last of which is COMPLETED."""
    sim = FalSimulator(latency=Latency(0.4, sigma=0))
    with calling(sim, Authorization=f"Key {sim.key}") as fal:
        text = fal("GET", order(fal)["status_url"] + "/stream").text
    states = [json.loads(line[6:])["status"] for line in text.splitlines() if line.startswith("data: ")]
    assert [state for state, _ in itertools.groupby(states)] == ["IN_PROGRESS", "COMPLETED"]


def test_a_direct_run_is_held_and_refused_above_the_concurrency() -> None:
    """Where the queue would let it wait."""
    sim = FalSimulator(concurrency=0, latency=Latency(0.01, sigma=0))
    sim.direct.size = 1
    with calling(sim, Authorization=f"Key {sim.key}") as fal:
        good = fal("POST", sim.urls["run"] + MODEL, json=CAT)
        sim.direct.size = 0
        refused = fal("POST", sim.urls["run"] + MODEL, json=CAT)
    assert good.json()["images"]
    assert refused.status_code == 429
    assert len(sim.ledger) == 1


def test_both_ways_of_uploading_serve_the_bytes(fal: Client) -> None:
    """With a token, and by an address to put them to, where the key has no business."""
    token = fal("POST", "/storage/auth/token?storage_type=fal-cdn-v3", json={}).json()
    headers = {"Authorization": f"{token['token_type']} {token['token']}", "X-Fal-File-Name": "a.png"}
    first = fal("POST", token["base_url"] + "/files/upload", data=b"one", headers=headers).json()[
        "access_url"
    ]
    places = fal(
        "POST", "/storage/upload/initiate", json={"file_name": "b.mp4", "content_type": "video/mp4"}
    ).json()
    assert fal("GET", places["file_url"], headers={}).status_code == 404
    fal("PUT", places["upload_url"], data=b"two", headers={})
    assert fal("GET", first, headers={}).content == b"one"
    assert fal("GET", places["file_url"], headers={}).content == b"two"


def test_without_the_key_nothing_is_done(fal: Client) -> None:
    """401, and no bill."""
    assert fal("POST", MODEL, json=CAT, headers={"Authorization": "Key other"}).status_code == 401
    assert len(fal.sim.ledger) == 0


def test_orders_beyond_the_credit_are_refused(fal: Client) -> None:
    """In mid-run, when it is used up."""
    fal.sim.credit = 0.0015
    assert [fal("POST", MODEL, json=CAT).status_code for _ in range(2)] == [200, 403]
