"""N1 … N14, P1 … P14 through the whole engine, with the real adapters: each fault has its outcome."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.oracle.books import check_books, check_hidden
from tests.oracle.cloud import Cloud, a_step, steps_at_once, written
from tests.oracle.harness import TOP, Ran, Runs, RunsPool
from tests.oracle.paying import files_of
from tests.oracle.rows import (
    ALONE,
    ELSEWHERE,
    HANGS,
    KINDS,
    OF_THEIR_OWN,
    OUTCOMES,
    PICTURES,
    Outcome,
    is_right,
    outcome_of,
)
from tests.simulators import fal_faults, replicate_faults
from tests.simulators.certificates import authority_file, tls
from tests.simulators.named import simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REMOTE = "tests.oracle.remote:carried_out"
AT_ONCE = 2
HURRY = 100.0
# Seconds; what hangs is run by the true clock.
PATIENCE = 2
# A file that is another one from now on cannot be the one of an undisturbed run.
CHANGED = "N10.another"


@dataclass
class Case:
    """Faults of one provider that strike one run, each another step; ``form``: what the steps are."""

    provider: str
    faults: list[str]
    form: str = ""
    hurry: float = HURRY
    seen: dict[str, Outcome] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For folders and messages."""
        return f"{self.provider}_{self.form}_{step_for(self.faults[0])}"

    def pipeline(self, folder: Path) -> Path:
        """A step for each fault, and one that nothing happens to."""
        timeout = PATIENCE if self.hurry == 1 else 100_000
        steps = [a_step(self.form or self.provider, step_for(name)) for name in ("untouched", *self.faults)]
        return written(folder, steps_at_once(steps, timeout=timeout))


def step_for(fault: str) -> str:
    """The name of the step that a fault strikes."""
    return fault.replace(".", "_")


def faults_of(provider: str) -> list[str]:
    """The faults that calls of the adapter can have."""
    known = simulator(provider).faults().values()
    return [f.name for f in known if f.on & KINDS[provider] and f.name not in ELSEWHERE]


def cases_of(provider: str) -> list[Case]:
    """All faults of a provider, together where they do not get into each other's way.

    What says how long to wait is read by the same code for all: once with all its spellings.
    """
    found = faults_of(provider)
    alone = [f for f in found if ALONE.fullmatch(f)]
    hanging = [f for f in found if HANGS.fullmatch(f)]
    pictures = [f for f in found if PICTURES.fullmatch(f"{provider} {f}")]
    rest = [f for f in found if f not in {*alone, *hanging, *pictures}]
    cases = [Case(provider, rest), Case(provider, hanging, hurry=1.0)]
    cases += [Case(provider, pictures, "picture")] if pictures else []
    return cases + [Case(provider, [f]) for f in alone if not _is_read_once(provider, f)]


def _is_read_once(provider: str, fault: str) -> bool:
    return fault.startswith("P1.") and provider != "fal"


def strike(cloud: Cloud, case: Case) -> None:
    """Let each fault strike its step."""
    sim = cloud[case.provider]
    for name in case.faults:
        about = f"<{step_for(name)}>"
        if name.startswith("P11."):
            sim.script("P10.stuck", about=about)
        if sim.faults()[name].on == {"status"} and case.provider == "fal":
            # Else nobody asks: fal's stream of states tells it all.
            sim.script("N4.drop", when="stream", about=about)
        # What tells the end of a job is told as often as it is asked for.
        lasting = name.startswith(("P9.", "P14.")) and "order" not in sim.faults()[name].on
        sim.script(name, about=about, times=math.inf if lasting else 1)


def check_case(case: Case, runs: Runs, place: Path) -> None:
    """Three runs: struck, calm, and with what the messages tell to do; the ledger after each."""
    place.mkdir()
    pipeline, names = case.pipeline(place), ["untouched", *case.faults]
    whole = undisturbed(case, runs, pipeline, place / "whole")
    output = place / "output"
    with Cloud([case.provider]) as cloud:

        def run(**wishes: Any) -> Ran:
            return runs.run(pipeline, place, environment=cloud.environment, hurry=case.hurry, **wishes)

        strike(cloud, case)
        first, bills = run(), cloud.billed()
        struck = cloud.faults()
        cloud.calm()
        again, bills_again, orders = run(), cloud.billed(), cloud.orders()
        check_books(output)
        for name in names:
            step = step_for(name)
            seen = Outcome(first.steps[step], bills[step], again.steps[step], bills_again[step])
            case.seen[name] = seen
        assert case.seen.pop("untouched") == (("succeeded", 1, "cached", 1))
        assert not [name for name in case.faults if not struck[f"{case.provider} {name}"]], "it never struck"
        last = run(resubmit=True)
        lost = [name for name, reason in last.reasons.items() if "only with --fresh" in reason]
        if lost:
            run(fresh=True, only=lost)
            last = run()
        assert (last.code, set(last.steps.values()) - {"succeeded", "cached"}) == (0, set()), last.reasons
        twice = {step for step, count in cloud.billed().items() if count > 1}
        assert twice <= again.doubtful | set(lost)
        assert set((cloud.orders() - orders).elements()) <= again.doubtful | set(lost)
        found = files_of(output)
        assert {name for name in whole if found[name] != whole[name]} <= {step_for(CHANGED) + ".jpg"}
        assert not [*first.left, *again.left, *last.left]
        check_hidden(cloud.keys, place, str(first), str(again), str(last))


def undisturbed(case: Case, runs: Runs, pipeline: Path, place: Path) -> dict[str, bytes]:
    """The files of a run that nothing happens to."""
    place.mkdir()
    with Cloud([case.provider]) as cloud:
        ran = runs.run(pipeline, place, environment=cloud.environment, hurry=case.hurry)
    assert ran.code == 0, ran
    return files_of(place / "output")


@pytest.fixture(scope="module")
def pool() -> Iterator[RunsPool]:
    """Processes that fork for each run."""
    with RunsPool(REMOTE, AT_ONCE) as made:
        yield made


def test_every_row_of_the_fault_model_is_there() -> None:
    """No row is forgotten, and no line of the table is about nothing."""
    cases = {(provider, name) for provider in KINDS for name in faults_of(provider)}
    rows = {name.partition(".")[0] for _, name in cases} | {*OF_THEIR_OWN}
    assert rows == {f"{letter}{number}" for letter in "NP" for number in range(1, 15)}
    used = {outcome_of(*case) for case in cases}
    assert used == {outcome for _, outcome in OUTCOMES}
    assert all((TOP / "tests" / place).exists() for place in ELSEWHERE.values())


@pytest.mark.oracle
@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", KINDS)
def test_each_fault_has_its_outcome(
    provider: str, pool: RunsPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table: how the step ends, what stands on the bill, and what a calm rerun makes of it."""
    for module in (fal_faults, replicate_faults):
        monkeypatch.setattr(module, "_HUGE", 2**20)  # what 64 MiB do is told where downloads are tested

    def check(case: Case) -> Case:
        with pool.lent() as runs:
            check_case(case, runs, tmp_path / case.name)
        return case

    with ThreadPoolExecutor(AT_ONCE) as threads:
        seen = {
            name: end for case in threads.map(check, cases_of(provider)) for name, end in case.seen.items()
        }
    unlike = {name: end for name, end in seen.items() if not is_right(provider, name, end)}
    assert not unlike, "\n".join(f"{name}: {end}" for name, end in unlike.items())
    assert set(seen) == set(faults_of(provider)) - {
        f for f in faults_of(provider) if _is_read_once(provider, f)
    }


@pytest.mark.oracle
@pytest.mark.parametrize("provider", KINDS)
def test_n1_nobody_there_is_tried_again_and_then_fails(provider: str, pool: RunsPool, tmp_path: Path) -> None:
    """RETRY, then FAIL; a calm rerun makes it, and it is paid once."""
    pipeline = written(tmp_path, steps_at_once([a_step(provider, "alone")]))
    with pool.lent() as runs, Cloud([provider]) as cloud:
        told: dict[str, Any] = {"environment": cloud.environment}
        with cloud[provider].unreachable():
            ran = runs.run(pipeline, tmp_path, **told)
        assert (ran.code, ran.steps["alone"]) == (1, "failed"), ran
        assert "after 3 attempts" in ran.reasons["alone"]
        again = runs.run(pipeline, tmp_path, **told)
        assert (again.code, cloud.billed()) == (0, {"alone": 1})


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["expired", "wrong_name"])
@pytest.mark.parametrize("provider", KINDS)
def test_n14_a_bad_certificate_fails_at_once(
    provider: str, kind: str, pool: RunsPool, tmp_path: Path
) -> None:
    """FAIL; no insecure way is tried, and nothing is asked."""
    pipeline = written(tmp_path, steps_at_once([a_step(provider, "alone")]))
    with pool.lent() as runs, Cloud([provider], tls=tls(kind)) as cloud:
        told = {**cloud.environment, "SSL_CERT_FILE": str(authority_file(tmp_path))}
        ran = runs.run(pipeline, tmp_path, environment=told)
        assert (ran.steps["alone"], cloud[provider].requests) == ("failed", []), ran
        assert "certificate" in ran.reasons["alone"]
        assert "attempts" not in ran.reasons["alone"]


@pytest.mark.oracle
def test_p5_a_bad_key_stops_fifty_steps_after_those_under_way(pool: RunsPool, tmp_path: Path) -> None:
    """P5, P12: no more requests than were in flight, and none again."""
    steps = [a_step("fal", f"step_{n}") for n in range(50)]
    pipeline = written(tmp_path, steps_at_once(steps))
    with pool.lent() as runs, Cloud(["fal"]) as cloud:
        cloud["fal"].script("P5.401", times=math.inf)
        ran = runs.run(pipeline, tmp_path, environment=cloud.environment)
        assert set(ran.steps.values()) == {"failed"}
        assert len(cloud["fal"].calls("order")) <= 16
        assert max(cloud.orders().values()) == 1
