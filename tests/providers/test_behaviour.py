from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acp_action.errors import Cancelled, FatalError, ProviderError, RateLimited, TransientError
from acp_action.providers.local import LocalProvider
from tests.providers.making import ManualToken, ask, model_of

if TYPE_CHECKING:
    from pathlib import Path

SMALL: dict[str, Any] = {"width": 16, "height": 16}


def attempts(folder: Path, count: int, **params: Any) -> list[str]:
    """How the first attempts of a step end, by the name of what they raise."""
    ends = []
    for number in range(1, count + 1):
        try:
            request = ask(folder, "text_to_image", "x", attempt=number, **SMALL, **params)
            LocalProvider().run(request, ManualToken())
            ends.append("done")
        except ProviderError as error:
            ends.append(type(error).__name__)
    return ends


def test_refusals_come_first_then_transient_failures(tmp_path: Path) -> None:
    """With refuse and transient, attempts are refused first, then fail in passing, then succeed."""
    ends = attempts(tmp_path, 4, refuse=2, transient="1")
    assert ends == ["RateLimited", "RateLimited", "TransientError", "done"]


def test_fail_fails_for_good_after_the_others(tmp_path: Path) -> None:
    """A step that is told to fail fails, also when it was refused before."""
    assert attempts(tmp_path, 3, transient=1, fail=True) == ["TransientError", "FatalError", "FatalError"]


def test_a_refusal_carries_its_wait_and_answers_at_once(tmp_path: Path) -> None:
    """A refusal takes no service time, even with a delay, and says when to come back."""
    token = ManualToken()
    with pytest.raises(RateLimited, match=r"params.refuse, 1 of 1") as caught:
        LocalProvider().run(ask(tmp_path, "text_to_image", "x", refuse=1, retry_after="2.5", delay=9), token)
    assert caught.value.retry_after == 2.5
    assert token.waits == []


@pytest.mark.parametrize(
    ("params", "error"), [({"transient": 1}, TransientError), ({"fail": "true"}, FatalError)]
)
def test_failures_come_after_the_delay(
    tmp_path: Path, params: dict[str, Any], error: type[Exception]
) -> None:
    """A failing attempt takes its service time too."""
    token = ManualToken()
    with pytest.raises(error, match="params"):
        LocalProvider().run(ask(tmp_path, "text_to_image", "x", delay=9, **params), token)
    assert token.waits == [9.0]


def test_the_delay_is_the_whole_attempt(tmp_path: Path) -> None:
    """The work counts towards the delay: only the rest is waited for."""

    class Working(ManualToken):
        def check(self) -> None:
            self.time += 0.25

    token = Working()
    LocalProvider().run(ask(tmp_path, "text_to_image", "x", delay="2.3s", **SMALL), token)
    assert token.time == pytest.approx(102.3)
    assert 0 < token.waits[0] < 2.3


def test_work_longer_than_its_delay_is_not_cut(tmp_path: Path) -> None:
    """Where the work itself takes longer, nothing is waited for."""

    class Slow(ManualToken):
        def check(self) -> None:
            self.time += 10

    token = Slow()
    LocalProvider().run(ask(tmp_path, "text_to_image", "x", delay=1, **SMALL), token)
    assert token.waits == []


def test_a_stopped_attempt_makes_nothing(tmp_path: Path) -> None:
    """The token is asked before anything else."""
    with pytest.raises(Cancelled):
        LocalProvider().run(ask(tmp_path, "text_to_image", "x"), ManualToken(cancel_at=1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("step_type", "params", "seconds"),
    [
        ("text_to_image", {"delay": 2.3}, 2.3),
        ("text_to_image", {}, 0.1),
        ("image_to_video", {"duration": "10"}, 3.2256),
        ("image_to_video", {"duration": "{{input}}"}, 1.6128),
        ("image_to_video", {"resolution": "1080p"}, 3.6288),
        ("image_to_video", {"width": 9000, "height": 9000}, None),
        ("unheard_of", {}, None),
    ],
)
def test_the_expected_time_is_the_delay_or_what_is_usual(
    step_type: str, params: dict[str, Any], seconds: float | None
) -> None:
    """Planning works with the asked delay, else with measured times; templates fall back to the default."""
    model = model_of("image_to_video", "kling_2_6_pro")
    expected = LocalProvider().expected_seconds(step_type, model, params)
    assert expected == (seconds if seconds is None else pytest.approx(seconds))
