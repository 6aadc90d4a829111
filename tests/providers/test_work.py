"""What counts as a step's own work, and what as being held up by others on the same machine."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from acp_action import AIPipelineManager
from acp_action.engine.cancel import CancelToken
from acp_action.engine.clock import SystemClock
from acp_action.providers.local.work import Work

if TYPE_CHECKING:
    from pathlib import Path


def work() -> Work:
    """A fresh measure on the real clock: processor time cannot be made up."""
    return Work(CancelToken(SystemClock()))


def test_waits_on_purpose_add_up() -> None:
    """Through the token, and those that are told."""
    own = work()
    own.wait(0.02)
    own.awaited(5.0)
    assert 5.02 <= own.on_purpose() < 6.0


def test_standing_still_is_not_on_purpose() -> None:
    """Time that went by without a wait of the step's own was taken by others."""
    own = work()
    threading.Event().wait(0.02)
    assert own.on_purpose() == 0.0


def test_a_delay_is_a_promise_of_how_long_it_takes() -> None:
    """Computing and waiting together make it up, whoever had the processors meanwhile."""
    own, begun = work(), time.thread_time()
    while time.thread_time() - begun < 0.02:
        pass
    assert 59.0 < own.on_purpose(at_least=60.0) <= 60.0 - 0.02


def test_the_other_doors_are_the_tokens() -> None:
    """Time, deadline and stop are those of the attempt."""
    token = CancelToken(SystemClock(), deadline=SystemClock.now() + 60.0)
    own = Work(token)
    own.check()
    assert 0.0 < own.remaining() <= 60.0
    assert own.now() > 0.0


@pytest.mark.parametrize("parallel", [True, False])
def test_no_time_is_claimed_that_processors_did_not_work(parallel: bool, tmp_path: Path) -> None:
    """Rule 9: drawing side by side counts as the drawing alone, so that the estimate is the processor's time.

    Twelve pictures share the processors; together they cannot have worked longer than the processors did.
    """
    steps = [
        {
            "name": f"p{n}",
            "type": "text_to_image",
            "params": {"prompt": f"a mill {n}", "width": 512, "height": 512},
        }
        for n in range(12)
    ]
    config = {"steps": [{"type": "parallel_group", "max_workers": 12, "steps": steps}]}
    manager = AIPipelineManager(provider="local", output_dir=tmp_path)
    manager.run_pipeline({"steps": steps[:1]})  # what is loaded on first use is nobody's work
    begun = time.process_time()
    result = manager.run_pipeline(config, parallel=parallel)
    worked = time.process_time() - begun
    assert result.success
    assert result.sequential_estimate <= worked + 12 * 0.005
    for step in result:
        assert sum(step.waits) + step.duration == pytest.approx(step.settled)
