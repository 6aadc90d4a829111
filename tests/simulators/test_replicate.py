"""The simulated Replicate does what Replicate's documentation says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.simulators.client import Client, calling
from tests.simulators.latency import Latency
from tests.simulators.limits import InFlight, SlidingWindow
from tests.simulators.replicate import ReplicateSimulator
from tests.simulators.test_fal import Hands

if TYPE_CHECKING:
    from collections.abc import Iterator

FAULTY: dict[str, tuple[str, Any]] = {
    "N5.unknown": ("status", "preparing"),
    "N5.backwards": ("status", "starting"),
    "N5.404": ("status", 404),
    "P6.failed": ("error", "CUDA out of memory"),
    "P7.refused": ("status", "failed"),
    "P9.fewer": ("output", None),
    "P9.empty": ("output", None),
    "P9.null": ("output", None),
    "P10.stuck": ("status", "starting"),
    "P10.aborted": ("status", "aborted"),
    "P13.missing": ("metrics", {}),
    "P13.negative": ("metrics", {"predict_time": -3}),
    "P14.garbage": ("output", "data:image/png;base64,!!! no base64 !!!"),
}
MODEL = "/v1/models/bytedance/seedream-3/predictions"
CAT = {"input": {"prompt": "a cat", "size": "small", "width": 64, "height": 64}}


@pytest.fixture
def clock() -> Hands:
    """Seconds of the simulator."""
    return Hands()


@pytest.fixture
def replicate(clock: Hands) -> Iterator[Client]:
    """A Replicate whose jobs start for one second and run for ten."""
    sim = ReplicateSimulator(latency=Latency(10, sigma=0), clock=clock)
    with calling(sim, Authorization=f"Bearer {sim.key}") as client:
        yield client


def create(replicate: Client, **headers: str) -> Any:
    """The answer to a create."""
    key = {"Authorization": f"Bearer {replicate.sim.key}"}
    return replicate("POST", MODEL, json=CAT, headers={**key, **headers}).json()


def test_a_prediction_starts_runs_and_succeeds(replicate: Client, clock: Hands) -> None:
    """Its output is one address for this model."""
    made = replicate("POST", MODEL, json=CAT)
    assert (made.status_code, made.json()["status"]) == (201, "starting")
    seen = []
    for clock.now in (2, 11):
        seen.append(replicate("GET", made.json()["urls"]["get"]).json())
    assert [s["status"] for s in seen] == ["processing", "succeeded"]
    assert seen[1]["metrics"] == {"predict_time": 10}
    assert replicate("GET", seen[1]["output"], headers={}).headers["Content-Type"] == "image/jpeg"


def test_results_are_gone_after_an_hour(replicate: Client, clock: Hands) -> None:
    """The file as well as its address in the prediction."""
    made = create(replicate)
    clock.now = 11
    output = replicate("GET", made["urls"]["get"]).json()["output"]
    clock.now = 11 + 3601
    late = replicate("GET", made["urls"]["get"]).json()
    assert (late["status"], late["output"], late["data_removed"]) == ("succeeded", None, True)
    assert replicate("GET", output, headers={}).status_code == 404


@pytest.mark.parametrize(
    ("at", "state", "bills"), [(0.5, "canceled", 0), (5, "canceled", 1), (12, "succeeded", 1)]
)
def test_a_cancel_is_billed_by_what_ran(
    replicate: Client, clock: Hands, at: float, state: str, bills: int
) -> None:
    """Nothing before the start; and what had ended stays as it is."""
    made = create(replicate)
    clock.now = at
    assert replicate("POST", made["urls"]["cancel"]).json()["status"] == state
    assert len(replicate.sim.ledger) == bills


@pytest.mark.parametrize(
    ("after", "state", "bills"), [("1s", "aborted", 0), ("5s", "canceled", 1), ("1m", "succeeded", 1)]
)
def test_a_deadline_aborts_or_cancels(
    replicate: Client, clock: Hands, after: str, state: str, bills: int
) -> None:
    """Aborted, the sixth state, is for what had not begun, and free."""
    made = create(replicate, **{"Cancel-After": after})
    clock.now = 20
    assert replicate("GET", made["urls"]["get"]).json()["status"] == state
    assert len(replicate.sim.ledger) == bills


def test_a_held_answer_comes_with_the_end() -> None:
    """``Prefer: wait`` holds it until then."""
    sim = ReplicateSimulator(latency=Latency(0.05, sigma=0))
    with calling(sim, Authorization=f"Bearer {sim.key}") as replicate:
        assert create(replicate, Prefer="wait")["status"] == "succeeded"


def test_versions_and_deployments_are_ordered_by_their_own_paths(replicate: Client) -> None:
    """A model that the catalogue does not know answers with a list."""
    hexed = "5c" * 32
    made = replicate("POST", "/v1/predictions", json={**CAT, "version": hexed}).json()
    assert made["version"] == hexed
    assert replicate("POST", "/v1/deployments/own/name/predictions", json=CAT).status_code == 201
    assert replicate("POST", "/predictions", json=CAT).status_code == 422


def test_an_upload_is_known_by_its_sums(replicate: Client) -> None:
    """Name, type and size are as sent."""
    sent = replicate("POST", "/v1/files", files={"content": ("a.png", b"picture", "image/png")})
    about = replicate("GET", sent.json()["urls"]["get"]).json()
    assert (about["name"], about["content_type"], about["size"]) == ("a.png", "image/png", 7)


def test_one_too_many_is_told_in_the_text_alone(clock: Hands) -> None:
    """There is no Retry-After."""
    sim = ReplicateSimulator(clock=clock, limits=[SlidingWindow(1, 60)])
    with calling(sim, Authorization=f"Bearer {sim.key}") as replicate:
        create(replicate)
        clock.now = 29.5
        refused = replicate("POST", MODEL, json=CAT)
    assert refused.json()["detail"] == "Request was throttled. Your rate limit resets in ~31s."
    assert "Retry-After" not in refused.headers


@pytest.mark.parametrize("name", FAULTY)
def test_what_goes_wrong_shows_in_the_prediction(replicate: Client, clock: Hands, name: str) -> None:
    """A job that made nothing is not billed."""
    field, wanted = FAULTY[name]
    replicate.sim.script(name)
    made = create(replicate)
    clock.now = 12
    shown = replicate("GET", made["urls"]["get"]).json()
    assert shown[field] == wanted
    assert len(replicate.sim.ledger) == (0 if name in ("P6.failed", "P7.refused", "P10.aborted") else 1)


def test_a_prediction_can_end_at_the_moment_of_its_cancel(replicate: Client) -> None:
    """It is billed, and its output is there."""
    replicate.sim.script("P11.completed")
    answer = replicate("POST", create(replicate)["urls"]["cancel"]).json()
    assert (answer["status"], answer["output"] is None) == ("succeeded", False)
    assert len(replicate.sim.ledger) == 1


def test_concurrency_counts_held_answers_until_they_are_out() -> None:
    """Whoever hangs up makes room."""
    limit = InFlight(1)
    sim = ReplicateSimulator(latency=Latency(30, sigma=0), limits=[limit])
    with calling(sim, Authorization=f"Bearer {sim.key}") as replicate:
        with pytest.raises(requests.ReadTimeout):
            replicate("POST", MODEL, json=CAT, headers={"Prefer": "wait", **replicate.headers}, timeout=0.05)
        assert limit.most == 1
        replicate.close()
        assert create(replicate)["status"] == "starting"
