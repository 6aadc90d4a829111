"""What a run does, written down while it does it, so that one that is killed can be reported all the same.

One private file in the state folder, locked while its run lives, and removed once the reports are there.
Nothing waits for the disk: what a process has written stays when it is killed, and only a power cut may take
the end.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from acp_action.errors import OutputError
from acp_action.events import GroupStarted, RunStarted, StepParked, StepStarted, StopRequested
from acp_action.store import run_lines
from acp_action.store.faults import explain
from acp_action.store.run_log_files import begin_log
from acp_action.store.vault import STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from acp_action.engine.result import RunResult, StepResult
    from acp_action.events import Event
    from acp_action.plan.model import Plan
    from acp_action.store.held import Held


class RunLog:
    """The log of a run, from before it starts until ``close``; used by all its workers at once.

    ``folder``: the real path of the output folder. ``planned``: the plan as plain values. Logs of dead runs
    are removed. ``beat``: seconds after which a run that has nothing to tell says that it is alive, or a
    hundredth of its length where that is more. Making one raises nothing: what is wrong is raised by the
    first call of ``heard`` or ``settled``, once, as an OutputError.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        planned: Mapping[str, Any],
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        beat: float = 1.0,
    ) -> None:
        self._folder, self._now, self._pause = folder, now, beat
        self._steps = {step.name: step.index for step in plan.steps}
        self._groups = {group.name: group.index for group in plan.groups}
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._beat: threading.Thread | None = None
        self._begin = now()
        self._quiet = True
        self._file: Held | None = None
        self._size = 0
        # The steps whose results are in the log.
        self._written: set[int] = set()
        self._fault: OutputError | None = None
        self._told = False
        self._path = folder / STATE
        try:
            begun = wall()
            head = run_lines.header(planned, begun)
            self._path, self._file = begin_log(self._path, head, begun)
            self._size = len(head)
        except OSError as error:
            self._give_up(error)
        except OutputError as error:
            self._fault = error

    # --- what happens

    def heard(self, event: Event) -> None:
        """Write down what began; a listener."""
        match event:
            case StepStarted():
                index = self._steps[event.step]
                self._keep(run_lines.started(index, event.attempt, event.worker, event.at))
            case StepParked():
                index = self._steps[event.step]
                told = {"attempt": event.attempt, "why": event.why, "reason": event.reason, "at": event.at}
                self._keep(run_lines.line({"do": "parked", "step": index, **told}))
            case GroupStarted():
                self._keep(run_lines.group(self._groups[event.group], event.at))
            case StopRequested() if not event.scope:
                self._keep(run_lines.line({"do": "stopping", "reason": event.reason, "at": event.at}))
            case RunStarted():
                self._begin = self._now() - event.at
                self._keep(run_lines.began(event.wall, event.workers))
                self._beat = threading.Thread(target=self._keep_time, name="acp-run-log", daemon=True)
                self._beat.start()

    def settled(self, index: int, result: StepResult) -> None:
        """Write a result down."""
        if self._try(run_lines.settled(index, result, self._folder)):
            self._written.add(index)
        self._tell()

    def asked(self, step: str, key: str) -> None:
        """A step looks at its page of the journal; ``key``: the fingerprint that it is found by."""
        self._try(run_lines.line({"do": "asked", "step": self._steps[step], "key": key}))

    def ended(self, run: RunResult) -> None:
        """All steps are settled; what a fault has kept out of the log is written now, if it can be.

        Then the log tells of the run as if nothing had been amiss.
        """
        last = run_lines.ended(run)
        if self._fault is not None:
            missing = [i for i in range(len(run.steps)) if i not in self._written]
            missing.sort(key=lambda index: run.steps[index].settled)
            last = b"".join(
                (
                    run_lines.began(run.started_wall, run.workers),
                    *(run_lines.group(i, group.started) for i, group in enumerate(run.groups)),
                    *(run_lines.settled(i, run.steps[i], self._folder) for i in missing),
                    last,
                )
            )
        with suppress(OSError), self._guard:
            self._write(last)

    def broke(self, error: BaseException) -> None:
        """The run came out of itself, by a fault of the program or an interrupt that could not wait."""
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self._try(run_lines.line({"do": "broke", "reason": why, "at": max(self._now() - self._begin, 0.0)}))

    def close(self, *, keep: bool) -> None:
        """Let go; the log stays only with ``keep``."""
        self._over.set()
        if self._beat is not None:
            self._beat.join()
        file, self._file = self._file, None
        # In a forked child it is closed already: the log is its parent's.
        if file is None or not file.is_open:
            return
        with self._guard:
            with suppress(OSError):
                if not keep:
                    self._path.unlink(missing_ok=True)
                    # Previews leave nothing else in it; and what is not empty stays.
                    self._path.parent.rmdir()
            file.close()

    # --- writing

    def _keep(self, line: bytes) -> None:
        self._try(line)
        self._tell()

    def _tell(self) -> None:
        """Raise the fault, once, whoever met it; called by listeners alone, which are all of one thread."""
        if self._fault is not None and not self._told:
            self._told = True
            raise self._fault

    def _try(self, line: bytes) -> bool:
        """Whether it is written; the next listener tells of a fault."""
        # In a forked child, whose copy is closed, somebody may hold the guard for ever.
        if self._fault is not None or self._file is None or not self._file.is_open:
            return False
        try:
            with self._guard:
                self._write(line)
        except OSError as error:
            self._give_up(error)
            return False
        return True

    def _write(self, line: bytes) -> None:
        if self._file is None or not self._file.is_open:
            return
        file = self._file.number
        try:
            if (written := os.write(file, line)) < len(line):
                # A disk that is full takes what still fits; the rest says why there is no more.
                os.write(file, line[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, self._size)
            raise
        self._size += len(line)
        self._quiet = False

    def _give_up(self, error: OSError) -> None:
        why = explain(error, self._folder)
        self._fault = OutputError(
            f"{self._path} cannot be written: {why}; if this run is killed, its report will not tell all"
        )

    def _keep_time(self) -> None:
        while not self._over.wait(max(self._pause, (self._now() - self._begin) / 100)):
            if self._quiet:
                self._try(run_lines.line({"do": "alive", "at": self._now() - self._begin}))
            self._quiet = True
