"""A single call killed anywhere and made again is paid for once, unless somebody was told of a doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracle.extent import EVERYTHING
from tests.oracle.harness import Runs
from tests.oracle.paying import Service, files_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.oracle.harness import Ran

KINDS = [("text_to_image", "flux_dev"), ("text_to_speech", "elevenlabs")]


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One process that forks for each call."""
    with Runs("tests.oracle.single:called") as server:
        yield server


def kill_and_call_again(
    runs: Runs, place: Path, wish: dict[str, str], at: int, whole: dict[str, bytes]
) -> str:
    """How the call after the killed one ended; a doubt is told, and the call after that one decides."""
    place.mkdir()
    killed = runs.run(place, place, kill_at=at, **wish)
    assert killed.code == -9
    before = Service(place).billed()
    over = bool(before) and not (place / "output/acp-state/calls/hero/journal.jsonl").exists()
    assert not over or files_of(place / "output") == whole
    again: Ran = runs.run(place, place, **wish)
    # With its trail the call itself was over, and was made once more; what it had left is paid for once.
    bills = 1 + over if not again.doubtful else len(before)
    assert len(Service(place).billed()) == bills
    if again.doubtful:
        assert "sent by an earlier call" in again.reasons["hero"]
        again = runs.run(place, place, **wish)
        assert len(Service(place).billed()) <= 2
        assert not again.doubtful
        assert files_of(place / "output") == whole
        return "doubt"
    assert (again.code, files_of(place / "output")) == (0, whole)
    return again.steps["hero"]


@pytest.mark.parametrize(("kind", "model"), KINDS)
def test_a_call_killed_anywhere_is_paid_for_once(runs: Runs, tmp_path: Path, kind: str, model: str) -> None:
    """A few places in the ordinary suite; the long run takes them all."""
    wish = {"type": kind, "model": model}
    (tmp_path / "whole").mkdir()
    undisturbed = runs.run(tmp_path, tmp_path / "whole", **wish)
    whole = files_of(tmp_path / "whole" / "output")
    assert undisturbed.points > 15
    every = 1 if EVERYTHING else 7
    ends = {
        kill_and_call_again(runs, tmp_path / f"at_{at}", wish, at, whole)
        for at in range(1, undisturbed.points + 1, every)
    }
    assert {"succeeded", "cached"} <= ends <= {"succeeded", "cached", "doubt"}
