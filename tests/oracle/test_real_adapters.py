"""X5 over real sockets: the real adapters, killed anywhere, against simulators with a ledger."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from tests.oracle.harness import Runs
from tests.oracle.paying import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIPELINE = """
settings: {fail_fast: false, schedule: dataflow}
steps:
  - {name: day, type: text_to_image, model: flux_dev, params: {prompt: "a car by day"}}
  - {name: night, type: text_to_image, model: flux_dev, params: {prompt: "a car by night"}}
  - {name: clip, type: image_to_video, model: kling_2_6_pro, input_from: night, params: {prompt: "slow"}}
"""
PROMPTS = {"a car by day": "day", "a car by night": "night", "slow": "clip"}


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One process that forks for each run."""
    with Runs() as server:
        yield server


def account(sim: Any, adapter: str) -> dict[str, Any]:
    """What leads an adapter to a simulator, and lets it fetch media from this machine."""
    return {
        "adapter": adapter, "provider": sim.provider, "key": sim.key,
        "private_media": True, "plain_http": True,
        "urls": {role: url for role, url in sim.urls.items() if role != "media"},
    }  # fmt: skip


def simulator(provider: str, **options: Any) -> Any:
    """A simulator of a provider."""
    module = import_module(f"tests.simulators.{provider}")
    return getattr(module, f"{provider.capitalize()}Simulator")(seed=7, speed=1000.0, **options)


def check_kill(runs: Runs, pipeline: Path, place: Path, kill_at: int | None, whole: dict[str, bytes]) -> int:
    """Kill one run, make another, and look into the ledger; how many places the run passed."""
    place.mkdir()
    with simulator("fal") as sim:
        accounts = [account(sim, "acp_action.providers.fal:FalProvider")]
        first = runs.run(pipeline, place, kill_at=kill_at, accounts=accounts)
        again = runs.run(pipeline, place, accounts=accounts)
        bills = Counter(PROMPTS[bill.text] for bill in sim.ledger.bills)
        assert max(bills.values(), default=0) <= 1, f"paid twice: {bills}"
        assert again.code == (3 if again.doubtful else 0), again
        if again.doubtful:
            again = runs.run(pipeline, place, accounts=accounts, resubmit=True)
        assert again.code == 0, again
        orders = len(sim.calls("order"))
        last = runs.run(pipeline, place, accounts=accounts)
        assert set(last.steps.values()) == {"cached"}, last
        assert len(sim.calls("order")) == orders
    assert not whole or {n: len(c) for n, c in files_of(place / "output").items()} == {
        name: len(content) for name, content in whole.items()
    }
    return first.points


@pytest.mark.oracle
@pytest.mark.timeout(900)
def test_fal_killed_anywhere_is_paid_once(runs: Runs, tmp_path: Path) -> None:
    """Every write of the journal, every connection, every rename."""
    pytest.importorskip("tests.simulators.fal")
    pytest.importorskip("acp_action.providers.fal")
    pipeline = tmp_path / "pipeline.yaml"
    pipeline.write_text(PIPELINE)
    points = check_kill(runs, pipeline, tmp_path / "whole", None, {})
    assert points > 30
    whole = files_of(tmp_path / "whole/output")
    for place in range(1, points + 1):
        check_kill(runs, pipeline, tmp_path / f"at_{place}", place, whole)
