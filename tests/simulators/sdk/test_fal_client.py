"""fal-client, unchanged, gets from the simulator what it gets from fal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.sdk.proof import PYTHON
from tests.simulators.sdk.scenes import play

pytestmark = [
    pytest.mark.sdk,
    pytest.mark.skipif(not PYTHON.exists(), reason="not there: run `make sdk-clients`"),
]


def answer(call: str) -> Any:
    """What the caller of the SDK got."""
    return play("fal", call).answer


def test_a_subscription_sees_the_job_run_and_gets_its_picture() -> None:
    """Submit, status until COMPLETED, and result are as the client expects them."""
    got = answer("generation")
    assert set(got["states"]) == {"InProgress", "Completed"}
    assert got["states"][-1] == "Completed"
    (image,) = got["result"]["images"]
    assert (image["width"], image["height"], image["content_type"]) == (1024, 768, "image/jpeg")


def test_a_long_endpoint_is_polled_by_the_addresses_it_was_given() -> None:
    """The path of status and result has the first two parts of the endpoint only."""
    assert answer("video")["result"]["video"]["url"].endswith(".mp4")


def test_a_poll_tells_the_state() -> None:
    """A job with a runner is in progress."""
    got = answer("poll")
    assert got["state"] == "InProgress"
    assert got["id"].startswith("fal-")


def test_a_cancelled_job_has_no_result() -> None:
    """The result of a cancelled job is refused with 499."""
    assert answer("cancel")["error"]["status"] == 499


def test_a_cancel_after_the_end_is_refused() -> None:
    """400, and the state in the body."""
    got = answer("cancel_late")["error"]
    assert got["status"] == 400
    assert "ALREADY_COMPLETED" in got["message"]


@pytest.mark.parametrize("way", ["upload", "upload_initiate"])
def test_an_upload_yields_an_address(way: str) -> None:
    """By token and by a signed address."""
    assert answer(way)["address"].endswith(".png")


def test_a_direct_run_answers_with_the_result() -> None:
    """The answer is held until the work is done."""
    assert answer("direct")["result"]["images"][0]["url"]


def test_a_refused_prompt_is_an_error_of_the_result() -> None:
    """There is no failed state: the result is refused, with a list of what is wrong."""
    got = answer("refusal")["error"]
    assert got["status"] == 422
    assert "content_policy_violation" in str(got["message"])
