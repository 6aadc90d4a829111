"""What one run learns of a provider's limits, the next one begins with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acp_action import AIPipelineManager
from acp_action.engine.throttle import Lanes
from tests.simulators.latency import Latency
from tests.simulators.limits import TokenBucket
from tests.simulators.openrouter import OpenRouterSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS = [
    {"name": f"s{n}", "type": "generate_prompt", "model": "openrouter_chat", "params": {"prompt": f"say {n}"}}
    for n in range(8)
]
CONFIG: dict[str, Any] = {
    "steps": [{"name": "all", "type": "parallel_group", "max_workers": 8, "steps": STEPS}]
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouterSimulator]:
    """One that lets two requests in at once, and twenty a second."""
    bucket = TokenBucket(20.0, 2)
    with OpenRouterSimulator(limits=[bucket], latency=Latency(0.01, 0.0), told="absent") as sim:
        for name, value in sim.environment().items():
            monkeypatch.setenv(name, value)
        yield sim


def a_process(monkeypatch: pytest.MonkeyPatch) -> Lanes:
    """As if a new one had begun."""
    lanes = Lanes()
    monkeypatch.setattr("acp_action.engine.run._SHARED", lanes)
    return lanes


def test_the_next_process_knows_what_this_one_was_refused_for(
    service: OpenRouterSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file names provider, account and lane, but no key; and it is read again."""
    lanes = a_process(monkeypatch)
    assert AIPipelineManager(output_dir=tmp_path).run_pipeline(CONFIG).success
    text = (tmp_path / "acp-state/lanes.json").read_text()
    (name,) = json.loads(text)["lanes"]
    provider, account, lane = name.split("/", 2)
    assert (provider, lane) == ("openrouter", "google/gemini-2.5-flash-lite")
    assert service.key not in text
    learnt = lanes.lane(provider, account, lane).snapshot()
    later = a_process(monkeypatch)
    assert AIPipelineManager(output_dir=tmp_path).run_pipeline(CONFIG).success  # all of it is there already
    assert later.lane(provider, account, lane).snapshot() == learnt
