"""Anything goes wrong anywhere, by seed: a run and its reruns still end, and nothing is paid for twice.

Every other seed begins with a run that is killed in the middle of it.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.oracle.books import GOOD, check_books, check_hidden, open_jobs, unknown_orders
from tests.oracle.cloud import CHAOTIC, Cloud, written
from tests.oracle.extent import EVERYTHING
from tests.oracle.harness import Ran, Runs, RunsPool
from tests.oracle.paying import files_of
from tests.simulators.faults import Fault
from tests.simulators.wire import Call, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulators.core import Simulator
    from tests.simulators.wire import Reply

REMOTE = "tests.oracle.remote:carried_out"
SEEDS = range(500)
IN_THE_GATE = 75
AT_ONCE = 2
# How many seeds one test takes.
SHARE = 25
# Different ones in a share of the seeds.
FEWEST_FAULTS = 60
# A run passes that many places to be killed at, and some more.
LAST_PLACE = 320
# Runs in bad weather.
STORMY = 2


def _tells_the_key(sim: Simulator, call: Call, make: Any) -> Reply:
    """An error that shows what was sent, the key with it, as debug pages do."""
    seen = " ".join(f"{name}: {value}" for name, value in call.headers.items())
    return json_reply(500 if call.kind != "order" else 400, {"detail": f"bad request: {seen} {sim.key}"})


TELLS = Fault("S24.echo", frozenset({"order", "status", "result"}), "an error with the key", _tells_the_key)


def weather(cloud: Cloud, seed: int) -> None:
    """What goes wrong by this seed: a share of all calls, and one answer that shows the key."""
    chance = Random(seed)
    cloud.chaos(seed, chance.choice([0.05, 0.1, 0.2, 0.3, 0.5]))
    sim = chance.choice(sorted(cloud.sims.items()))[1]
    sim.script(TELLS, skip=chance.randrange(3))


class Story:
    """One seed from its first run to the end; ``whole``: the files of an undisturbed run."""

    def __init__(self, runs: Runs, pipeline: Path, place: Path, whole: dict[str, bytes]) -> None:
        self.runs, self.pipeline, self.place, self.whole = runs, pipeline, place, whole
        self.output = place / "output"
        self.ran: list[Ran] = []
        self.faults: Counter[str] = Counter()
        self.may_repeat: Counter[str] = Counter()

    def tell(self, seed: int) -> Self:
        """Run in bad weather, then in good, and hold after each run what has to be true."""
        self.place.mkdir()
        with Cloud() as cloud:
            weather(cloud, seed)
            if seed % 2:
                self.kill(cloud, Random(seed).randrange(1, LAST_PLACE))
            for _ in range(STORMY):
                self.run(cloud)
            cloud.calm()
            last = self.settle(cloud)
            assert (last.code, set(last.steps.values()) - set(GOOD)) == (0, set()), last
            assert files_of(self.output) == self.whole
            orders = cloud.orders()
            assert set(self.run(cloud).steps.values()) == {"cached"}
            assert cloud.orders() == orders, "a finished run ordered again"
            check_hidden(cloud.keys, self.place, *map(str, self.ran))
            self.faults.update(cloud.faults())
        return self

    def kill(self, cloud: Cloud, place: int) -> None:
        """Begin with a run that is killed somewhere."""
        killed = self.runs.run(self.pipeline, self.place, environment=cloud.environment, kill_at=place)
        assert killed.code in (-9, 0, 1, 3), killed
        assert max(cloud.billed().values(), default=0) <= 1

    def settle(self, cloud: Cloud) -> Ran:
        """Run on in good weather, and do what the messages say, until nothing is left to do."""
        last = self.run(cloud)
        if last.doubtful:
            self.may_repeat.update(unknown_orders(self.output))
            last = self.run(cloud, resubmit=True)
        # Paid answers without a result: only who asks for it by name pays for them again.
        lost = [name for name, reason in last.reasons.items() if "only with --fresh" in reason]
        if lost:
            self.may_repeat.update(lost)
            self.run(cloud, fresh=True, only=lost)
            last = self.run(cloud)
        return last

    def run(self, cloud: Cloud, **wishes: Any) -> Ran:
        """One run, and the invariants."""
        before = files_of(self.output) if self.output.exists() else {}
        ran = self.runs.run(self.pipeline, self.place, environment=cloud.environment, **wishes)
        self.ran.append(ran)
        assert not ran.left, ran
        assert ran.code == expected_code(set(ran.steps.values())), ran
        if "only" in wishes:
            return ran
        assert check_books(self.output) == ran.steps
        assert before.items() <= files_of(self.output).items(), "a fetched file is gone"
        twice = cloud.billed() - Counter(ran.steps.keys()) - self.may_repeat
        assert not twice, f"paid twice: {twice}"
        unknown = unknown_orders(self.output)
        assert unknown <= ran.doubtful, ran
        # What has an id is looked for again by the next run.
        assert ran.doubtful - unknown <= open_jobs(self.output), ran
        return ran


def expected_code(statuses: set[str]) -> int:
    """I22: the exit code is a function of the final states."""
    bad = statuses & {"failed", "timed_out", "refused", "doubt"}
    return 1 if bad - {"doubt"} else 3 if bad else 0


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs' standard error goes."""
    return tmp_path_factory.mktemp("log") / "stderr.txt"


@pytest.fixture(scope="module")
def pool(log: Path) -> Iterator[RunsPool]:
    """Processes that fork for each run."""
    with log.open("ab") as errors, RunsPool(REMOTE, AT_ONCE, errors) as made:
        yield made


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen steps."""
    return written(tmp_path_factory.mktemp("pipeline"), CHAOTIC)


@pytest.fixture(scope="module")
def whole(pool: RunsPool, pipeline: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a run that nothing happens to."""
    place = tmp_path_factory.mktemp("whole")
    with pool.lent() as runs, Cloud() as cloud:
        ran = runs.run(pipeline, place, environment=cloud.environment)
        assert (ran.code, ran.left) == (0, []), ran
    return files_of(place / "output")


def check_seeds(
    seeds: range, pool: RunsPool, pipeline: Path, folder: Path, whole: dict[str, bytes]
) -> list[Story]:
    """Tell the story of each seed, several at once."""

    def tell(seed: int) -> Story:
        with pool.lent() as runs:
            try:
                return Story(runs, pipeline, folder / f"seed_{seed}", whole).tell(seed)
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(tell, seeds))


@pytest.mark.oracle
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "first",
    [n for n in SEEDS[::SHARE] if EVERYTHING or n < IN_THE_GATE],
    ids=lambda n: f"{n}_to_{n + SHARE - 1}",
)
def test_whatever_goes_wrong_nothing_is_paid_for_twice(
    first: int, pool: RunsPool, pipeline: Path, whole: dict[str, bytes], tmp_path: Path, log: Path
) -> None:
    """I13, I15 to I18, I21, I22, S24 over many seeds of faults in all calls."""
    told = check_seeds(range(first, first + SHARE), pool, pipeline, tmp_path, whole)
    ends = {status for story in told for ran in story.ran for status in ran.steps.values()}
    assert {"failed", "doubt", "succeeded", "cached"} <= ends
    faults = sum((story.faults for story in told), Counter())
    assert len(faults) > FEWEST_FAULTS, "little went wrong"
    with (log.parent / "faults.json").open("a") as file:
        file.write(json.dumps(faults) + "\n")
    said = log.read_text()
    assert "Traceback" not in said
    with Cloud() as cloud:
        check_hidden(cloud.keys, log.parent)
