"""X5, I13, I15, I17, I18 with the real adapters: killed anywhere and run again, nothing is paid for twice."""

from __future__ import annotations

import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import acp_action
from tests.oracle.books import check_books, check_hidden, unknown_orders
from tests.oracle.cloud import HYBRID, MIXED, Cloud, written
from tests.oracle.extent import EVERYTHING
from tests.oracle.harness import Runs, RunsPool
from tests.oracle.paying import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOTE = "tests.oracle.remote:carried_out"
AT_ONCE = 2


@pytest.fixture(scope="module")
def pool() -> Iterator[RunsPool]:
    """Processes that fork for each run."""
    with RunsPool(REMOTE, AT_ONCE) as made:
        yield made


def undisturbed(runs: Runs, pipeline: Path, place: Path) -> tuple[dict[str, bytes], int]:
    """The files of a run that nothing happens to, and how many places it passes."""
    place.mkdir()
    with Cloud() as cloud:
        ran = runs.run(pipeline, place, environment=cloud.environment)
        assert (ran.code, set(ran.steps.values()), ran.left) == (0, {"succeeded"}, []), ran
        assert cloud.billed() == dict.fromkeys(ran.steps, 1)
    return files_of(place / "output"), ran.points


def check_kill(
    runs: Runs, pipeline: Path, place: Path, kill_at: int | str, whole: dict[str, bytes]
) -> set[str]:
    """Kill a run at one place, run again, and hold the promise; what the second run found in doubt."""
    place.mkdir()
    output = place / "output"
    with Cloud() as cloud:
        told: dict[str, Any] = {"environment": cloud.environment}
        killed = runs.run(pipeline, place, kill_at=kill_at, **told)
        assert killed.code in (-9, 0), killed
        may_be_doubtful = unknown_orders(output)
        before = files_of(output) if output.exists() else {}
        again = runs.run(pipeline, place, **told)
        assert max(cloud.billed().values(), default=0) <= 1, cloud.billed()
        assert again.doubtful <= may_be_doubtful
        assert again.code == (3 if again.doubtful else 0), again
        statuses = check_books(output)
        paid = {name for name, count in cloud.billed().items() if count}
        assert paid <= {n for n, status in statuses.items() if status in ("succeeded", "cached", "doubt")}
        assert before.items() <= files_of(output).items()
        orders = cloud.orders()
        last = runs.run(pipeline, place, resubmit=True, **told)
        assert (last.code, files_of(output)) == (0, whole), last
        assert set((cloud.orders() - orders).elements()) == {
            name for name, status in statuses.items() if status in ("doubt", "skipped")
        }
        assert {name for name, count in cloud.billed().items() if count > 1} <= again.doubtful
        check_books(output)
        check_hidden(cloud.keys, place)
        assert not [*again.left, *last.left]
    return again.doubtful


def kill_at_places(pool: RunsPool, tmp_path: Path, text: str, every: int, first: int = 0) -> Counter[str]:
    """Kill a run at every so many places, each time in a folder of its own; what was found in doubt."""
    pipeline = written(tmp_path, text)

    def check(number: int) -> set[str]:
        with pool.lent() as runs:
            return check_kill(runs, pipeline, tmp_path / f"at_{number}", number, whole)

    with pool.lent() as runs:
        whole, points = undisturbed(runs, pipeline, tmp_path / "whole")
    places = range(1 + first % every, points + 1, every)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(name for doubtful in threads.map(check, places) for name in doubtful)


def rotation() -> int:
    """A number that is another one for another state of the package: other places are tried then."""
    crc = 0
    for path in sorted(Path(acp_action.__file__).parent.rglob("*.py")):
        crc = zlib.crc32(path.read_bytes(), crc)
    return crc


def test_a_run_killed_with_an_order_under_way_pays_for_nothing_twice(tmp_path: Path) -> None:
    """One place; the long runs take more."""
    pipeline = written(tmp_path, HYBRID)
    with Runs(REMOTE) as runs:
        whole = undisturbed(runs, pipeline, tmp_path / "whole")[0]
        assert check_kill(runs, pipeline, tmp_path / "killed", "the head of an answer", whole) == {
            "base_image"
        }


@pytest.mark.oracle
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("text", "every"), [(HYBRID, 5), (MIXED, 20)], ids=["hybrid", "mixed"])
def test_a_run_killed_anywhere_pays_for_nothing_twice(
    pool: RunsPool, tmp_path: Path, text: str, every: int
) -> None:
    """Every write of the journal, every request, every rename.

    The gate takes some of them, others for each state of the code; ``ORACLE=all`` takes them all.
    """
    doubtful = kill_at_places(pool, tmp_path, text, 1 if EVERYTHING else every, rotation())
    assert doubtful, "no kill left anything in doubt"
