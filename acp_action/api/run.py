"""Carries a plan out and leaves outputs, manifest and reports on disk, whatever happens on the way."""

from __future__ import annotations

import logging
import random
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from acp_action.api.interrupt import Interrupts
from acp_action.api.logged import logged, watched
from acp_action.engine.cancel import StopSwitch
from acp_action.engine.crew import InlineCrew
from acp_action.engine.gates import fingerprint_of
from acp_action.engine.paid import Books
from acp_action.engine.result import RunResult
from acp_action.engine.run import new_origin, run_plan
from acp_action.errors import OutputError, Problem
from acp_action.progress.log import LogLines
from acp_action.providers.registry import LOCAL
from acp_action.report.files import write_reports
from acp_action.report.summarise import summarise
from acp_action.store.faults import explain
from acp_action.store.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acp_action.engine.crew import Crew
    from acp_action.engine.request import Origin
    from acp_action.engine.result import StepResult
    from acp_action.engine.throttle import Lanes
    from acp_action.engine.verdict import Patience
    from acp_action.events import Listener
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Provider
    from acp_action.report.model import RunReport
    from acp_action.store.run_log import RunLog

_log = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class PipelineResult(RunResult):
    """A finished run and where its files are.

    Iterable over its StepResults in plan order, indexable by step name or position. ``output_dir``: absolute.
    ``unwritten``: which of manifest and reports could not be written, and why; empty when all are there.
    """

    output_dir: Path = Path()
    unwritten: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line: the plan and every result of it would fill screens."""
        done = sum(step.success for step in self)
        state = "stopped" if self.stopped else "succeeded" if self.success else "failed"
        took = f"{self.total_duration:.1f} s"
        return f"<PipelineResult {self.plan.name!r}: {state}, {done} of {len(self)} steps, {took}>"

    @cached_property
    def report(self) -> RunReport:
        """The figures of ``report.json`` as a value."""
        return summarise(self, self.output_dir)


def carry_out(
    plan: Plan,
    folder: Path,
    *,
    providers: Mapping[str, Provider],
    listeners: Sequence[Listener] = (),
    stop: StopSwitch | None = None,
    crew: Crew | None = None,
    patience: Patience | None = None,
    fresh: bool = False,
    resubmit_doubtful: bool = False,
) -> PipelineResult:
    """Run a plan and write the manifest and the reports beside the outputs.

    ``folder``: as ``make_ready`` gave it. ``patience``: how long an attempt that hears no stop is waited for
    (default: 5 s). ``fresh``: what an earlier run paid for is made anew. ``resubmit_doubtful``: paid requests
    of an earlier run, of which nobody knows what became, are sent again. Failures of steps are in the result.
    A Ctrl-C on the main thread, where nobody else listens for it, stops the run, keeps what was finished, and
    comes out as KeyboardInterrupt.

    Raises OutputError when another run that pays is at work in the folder.
    """
    switch = stop or StopSwitch()
    with Interrupts(switch), _desk(plan, folder, fresh, resubmit_doubtful) as (outbox, books, warnings):
        if warnings:
            plan = replace(plan, warnings=(*plan.warnings, *warnings))
        with logged(plan, folder) as log:
            with _limits(plan, folder, providers) as lanes:
                run = run_plan(
                    plan,
                    providers=providers,
                    publisher=outbox,
                    books=watched(books, log),
                    # The log is the first to hear, so that it has whatever others act upon.
                    listeners=(log.heard, *listeners),
                    note=log.settled,
                    stop=switch,
                    lanes=lanes,
                    crew=crew,
                    patience=patience,
                )
            log.ended(run)
            if books is not None and run.success:
                _finished(plan, folder)
            return _kept(run, folder, log)


def _finished(plan: Plan, folder: Path) -> None:
    from acp_action.store.unfinished import finished

    # What cannot be noted costs nothing: the next run fills in the same once more.
    with suppress(OSError):
        finished(folder, plan.source_name)


def may_be_billed(plan: Plan) -> bool:
    """Whether any step of the plan is carried out by a provider that takes money."""
    return any(step.enabled and step.provider != LOCAL for step in plan.steps)


@contextmanager
def _desk(
    plan: Plan, folder: Path, fresh: bool, resubmit: bool
) -> Iterator[tuple[Outbox, Books | None, Sequence[Problem]]]:
    """Where a run puts what it makes and, if it may be billed, the books it keeps; and what is odd there."""
    if not may_be_billed(plan):
        yield Outbox(folder), None, ()
        return
    from acp_action.store.journal import Journal

    with Journal(folder, fresh=fresh, resubmit=resubmit) as journal:
        for warning in journal.warnings:
            _log.warning("%s", warning)
        warnings = [Problem("", text, file="journal", severity="warning") for text in journal.warnings]
        outbox = Outbox(folder, vault=journal.vault)
        yield outbox, Books(journal, outbox, _origin(plan, folder, fresh=fresh)), warnings


@contextmanager
def _call_desk(plan: Plan, folder: Path) -> Iterator[tuple[Outbox, Books | None]]:
    """The same for a single call."""
    if not may_be_billed(plan):
        yield Outbox(folder), None
        return
    from acp_action.store.call_journal import call_journal

    with call_journal(folder, plan.steps[0].stem) as journal:
        for warning in journal.warnings:
            _log.warning("%s", warning)
        outbox = Outbox(folder, vault=journal.vault)
        yield outbox, Books(journal, outbox)


def _origin(plan: Plan, folder: Path, *, fresh: bool) -> Origin:
    """What templates are filled with: the same as in the run that this one takes up."""
    from acp_action.store.unfinished import taken_up

    new = new_origin(time.time(), random.SystemRandom())
    try:
        return taken_up(folder, plan.source_name, new, fresh=fresh)
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {explain(error, folder)}") from error


@contextmanager
def _limits(plan: Plan, folder: Path, providers: Mapping[str, Provider]) -> Iterator[Lanes | None]:
    """The lanes of a run that may be billed, which remember from run to run; None for any other."""
    if not may_be_billed(plan):
        yield None
        return
    from acp_action.store.learnt import remembered

    names = {step.provider for step in plan.steps if step.enabled} - {LOCAL}
    accounts = {(name, fingerprint_of(providers.get(name))) for name in names}
    with remembered(folder, accounts) as lanes:
        yield lanes


def _kept(run: RunResult, folder: Path, log: RunLog) -> PipelineResult:
    """The run with its reports on disk; a disk that takes none of them does not take the result."""
    values = {field.name: getattr(run, field.name) for field in fields(RunResult)}
    result = PipelineResult(**values, output_dir=folder)
    written = write_reports(result, folder, result.report)
    for problem in written.problems:
        _log.error("%s", problem)
    # What the reports do not tell, it goes on telling.
    log.close(keep=written.manifest is None or written.json is None)
    return replace(result, unwritten=written.problems) if written.problems else result


def run_step_plan(
    plan: Plan, folder: Path, *, providers: Mapping[str, Provider], stop: StopSwitch | None = None
) -> StepResult:
    """Run a plan of one step; no manifest, no report, the result says it all.

    What an earlier call of the same name left unfinished, because its process died, is gone on with. Raises
    PlaceTaken when that call is being made elsewhere.
    """
    switch = stop or StopSwitch()
    with Interrupts(switch), _call_desk(plan, folder) as (outbox, books):
        run = run_plan(
            plan,
            providers=providers,
            publisher=outbox,
            books=books,
            listeners=(LogLines(plan.settings.log_level),),
            stop=switch,
            # What a service's job is waiting for is told by this thread while another one waits for it.
            crew=None if may_be_billed(plan) else InlineCrew(),
        )
    return run.steps[0]
