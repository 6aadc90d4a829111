"""The replicate client, unchanged, gets from the simulator what it gets from Replicate."""

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
    return play("replicate", call).answer


def kinds(call: str) -> list[str]:
    """What its requests were for."""
    return [request["kind"] for request in play("replicate", call).requests]


def test_a_held_answer_needs_no_poll() -> None:
    """With ``Prefer: wait`` the answer to the order is the result."""
    assert answer("generation")["result"].endswith(".jpg")
    assert kinds("generation") == ["order"]


def test_a_hold_that_ends_first_is_followed_by_polls() -> None:
    """The client polls on when the job is still starting."""
    assert kinds("brief_wait") == ["order", "status"]
    assert answer("brief_wait")["result"].endswith(".jpg")


def test_a_version_is_asked_for_its_schema() -> None:
    """The client looks into the schema of the output."""
    assert len(answer("version")["result"]) == 1
    assert "schema" in kinds("version")


def test_polls_see_the_job_through() -> None:
    """Starting, processing, succeeded."""
    got = answer("poll")
    assert (got["first"], got["status"]) == ("starting", "succeeded")
    assert got["output"].endswith(".jpg")


def test_a_cancel_ends_the_job() -> None:
    """Spelt with one l."""
    assert answer("cancel")["status"] == "canceled"


def test_a_deployment_is_ordered_by_its_own_path() -> None:
    """The same object comes back."""
    assert answer("deployment")["status"] == "starting"


def test_a_file_is_uploaded_and_named_by_its_address() -> None:
    """The upload answers with an address, which stands in the input then."""
    assert answer("upload")["result"].endswith(".jpg")
    assert kinds("upload") == ["upload", "order"]


def test_a_failed_job_raises_its_words() -> None:
    """A refusal is a job that failed."""
    assert "NSFW" in answer("refusal")["error"]


def test_one_too_many_is_refused_in_words() -> None:
    """The wait stands in the text."""
    assert answer("throttled") == {
        "status": 429,
        "detail": "Request was throttled. Your rate limit resets in ~1s.",
    }
