"""Runs on a virtual clock that keep a log, with every end that an attempt can have."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

from acp_action.artifacts import MediaFile, Output
from acp_action.engine.clock import VirtualClock
from acp_action.engine.outcome import Done, Doubt, Expired, Fatal, Refused, Transient
from acp_action.engine.run import run_plan
from acp_action.engine.throttle import Lanes, Limits
from acp_action.engine.virtual_crew import VirtualCrew
from acp_action.providers.base import Announced, Product
from acp_action.report.planned import plan_values
from acp_action.store.journal_lines import sealed
from acp_action.store.run_log import RunLog
from acp_action.store.run_logs import newest_log
from acp_action.store.strict_json import to_json
from tests.plan.make import plan_text
from tests.report.test_recorded import any_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.engine.crew import Job
    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan

NOWHERE: Any = None


class Logged(NamedTuple):
    """A run that is over, and its log, as if it could not write its reports."""

    run: RunResult
    folder: Path
    log: Path

    @property
    def lines(self) -> list[bytes]:
        """Those of the log, with their ends."""
        return self.log.read_bytes().splitlines(keepends=True)


def logged_run(
    folder: Path,
    seed: int,
    plan: Plan | None = None,
    *,
    limits: Limits = Limits(none=True),  # noqa: B008 - frozen
    kind: type[RunLog] = RunLog,
) -> Logged:
    """Any pipeline, with refusals, retries, failures and doubts by chance; its log, of this kind, stays."""
    chance = random.Random(seed)
    plan = plan or plan_text(any_pipeline(chance).replace("{schedule", "{fail_fast: false, schedule"))
    clock = VirtualClock()
    log = kind(folder, plan, plan_values(plan), now=clock.now)

    def answer(job: Job) -> tuple[float, Outcome]:
        return chance.uniform(0.0, 4.0), _outcome(chance, plan, folder, job.step)

    run = run_plan(
        plan, providers={}, publisher=NOWHERE, lanes=Lanes(lambda _provider: limits),
        crew=VirtualCrew(clock, answer), clock=clock, seed=seed, note=log.settled, listeners=[log.heard],
    )  # fmt: skip
    log.ended(run)
    log.close(keep=True)
    path = newest_log(folder)
    assert path is not None
    return Logged(run, folder, path)


def _outcome(chance: random.Random, plan: Plan, folder: Path, step: int) -> Outcome:
    roll = chance.random()
    if roll < 0.1:
        told = chance.choice((None, 0.5, 3.0))
        return Refused("too many", told, "requests", Announced(2, 1.5, 0, told))
    if roll < 0.2:
        return Transient("the line was cut")
    if roll < 0.25:
        return chance.choice((Fatal("no"), Fatal("never", policy=True), Doubt("who knows"), Expired("late")))
    product = Product(
        "image", cost=chance.choice((None, 0.0, 0.05)), seed=step, params={"prompt": f"a {step} ü"},
        queued=chance.choice((0.0, 0.1)), notes={"preview": chance.random() < 0.5},
    )  # fmt: skip
    path = folder / f"{plan.steps[step].stem}.png"
    media = MediaFile("image", path, 12, "ab" * 32, {"width": 4, "height": 3})
    if chance.random() < 0.2:
        return Done(Output("text", (media,), "a text"), product, "asked")
    return Done(Output("image", (media,)), product, held=chance.choice((0.0, 0.01)))


def resealed(record: Any) -> bytes:
    """A record as a line whose seal is sound, whatever is in it."""
    return sealed(to_json(record).replace(b"\n", b""))
