"""What a run does, written down while it does it, so that one that is killed can be reported all the same.

One private file in the state folder, locked while its run lives, and removed once the reports are there.
Nothing waits for the disk: what a process has written stays when it is killed, and only a power cut may take
the end.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import OutputError
from acp_action.events import GroupStarted, RunStarted, StepParked, StepStarted, StopRequested
from acp_action.store import run_lines
from acp_action.store.faults import explain
from acp_action.store.temporary import fresh_path, sweep
from acp_action.store.vault import STATE, make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from acp_action.engine.result import RunResult, StepResult
    from acp_action.events import Event
    from acp_action.plan.model import Plan

LOG: Final = re.compile(r"run-[0-9]{8}T[0-9]{9}-[0-9a-f]{8}\.jsonl")
"""What logs are called: by the time at which they were begun, so that the last name is the newest."""

_NEW: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES: Final = 5


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
        self._file = -1
        self._head = self._size = 0
        self._fault: OutputError | None = None
        self._told = False
        self._path = folder / STATE
        try:
            self._open(run_lines.header(planned, wall()), wall())
        except OSError as error:
            self._give_up(error)
        except OutputError as error:
            self._fault = error

    @property
    def fault(self) -> OutputError | None:
        """Why not all that happened is in the log."""
        return self._fault

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
                index = self._groups[event.group]
                self._keep(run_lines.line({"do": "group", "group": index, "at": event.at}))
            case StopRequested() if not event.scope:
                self._keep(run_lines.line({"do": "stopping", "reason": event.reason, "at": event.at}))
            case RunStarted():
                self._begin = self._now() - event.at
                self._keep(run_lines.line({"do": "began", "wall": event.wall, "workers": event.workers}))
                self._beat = threading.Thread(target=self._keep_time, name="acp-run-log", daemon=True)
                self._beat.start()

    def settled(self, index: int, result: StepResult) -> None:
        """Write a result down."""
        self._keep(run_lines.settled(index, result, self._folder))

    def asked(self, step: str, key: str) -> None:
        """A step looks at its page of the journal; ``key``: the fingerprint that it is found by."""
        self._try(run_lines.line({"do": "asked", "step": self._steps[step], "key": key}))

    def ended(self, run: RunResult) -> None:
        """All steps are settled; what could not be written before is written now, if it can be."""
        last = run_lines.ended(run)
        if self._fault is None:
            self._try(last)
        elif self._head:
            lines = [run_lines.settled(i, result, self._folder) for i, result in enumerate(run.steps)]
            with suppress(OSError), self._guard:
                os.ftruncate(self._file, self._head)
                self._size = self._head
                self._write(b"".join([*lines, last]))

    def broke(self, error: BaseException) -> None:
        """The run came out of itself, by a fault of the program or an interrupt that could not wait."""
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self._try(run_lines.line({"do": "broke", "reason": why, "at": max(self._now() - self._begin, 0.0)}))

    def close(self, *, keep: bool) -> None:
        """Let go; the log stays only with ``keep``."""
        self._over.set()
        if self._beat is not None:
            self._beat.join()
        with self._guard:
            file, self._file = self._file, -1
        if file < 0:
            return
        with suppress(OSError):
            if not keep:
                self._path.unlink(missing_ok=True)
                # Previews leave nothing else in it; and what is not empty stays.
                self._path.parent.rmdir()
        os.close(file)

    # --- writing

    def _keep(self, line: bytes) -> None:
        if self._fault is None:
            try:
                with self._guard:
                    self._write(line)
            except OSError as error:
                self._give_up(error)
        if self._fault is not None and not self._told:
            self._told = True
            raise self._fault

    def _try(self, line: bytes) -> None:
        """As ``_keep``, for those who must not hear of a fault; the next who may will."""
        with suppress(OutputError):
            told, self._told = self._told, True
            self._keep(line)
            self._told = told

    def _write(self, line: bytes) -> None:
        if self._file < 0:
            return
        try:
            if (written := os.write(self._file, line)) < len(line):
                # A disk that is full takes what still fits; the rest says why there is no more.
                os.write(self._file, line[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
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

    # --- opening

    def _open(self, head: bytes, wall: float) -> None:
        state = self._folder / STATE
        for attempt in range(_TRIES):
            make_private(state)
            try:
                self._file, self._path = _opened(state, head, wall)
            except FileNotFoundError:
                # Another run took the empty folder away with its own log.
                if attempt == _TRIES - 1:
                    raise
            else:
                self._head = self._size = len(head)
                _sweep(state, self._path.name)
                return


def _opened(state: Path, head: bytes, wall: float) -> tuple[int, Path]:
    """A locked log that begins with this line: there is none that does not."""
    temporary = fresh_path(state, "run", "jsonl")
    file = os.open(temporary, _NEW, 0o600)
    try:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        left = memoryview(head)
        while left:
            left = left[os.write(file, left) :]
        path = state / _new_name(wall)
        temporary.rename(path)
    except BaseException:
        os.close(file)
        temporary.unlink(missing_ok=True)
        raise
    return file, path


def _new_name(wall: float) -> str:
    stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    return f"run-{stamp}-{secrets.token_hex(4)}.jsonl"


def _sweep(state: Path, own: str) -> None:
    """Remove what dead runs left; what cannot be removed does no harm, because newer ones win."""
    with suppress(OSError):
        sweep(state)
        for entry in os.scandir(state):
            if entry.name != own and LOG.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_dead(entry.path)


def _remove_if_dead(path: str) -> None:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)  # noqa: PTH108 - what scandir gives
    finally:
        os.close(file)
