"""The journal: what was ordered, accepted, answered and kept, on the disk before the next thing happens.

One file of lines in the state folder of the output folder, which only grows. It holds addresses that open
paid results to whoever has them, so it is for its owner alone; keys are blotted out.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from acp_action.engine.paper import Sheet, StepPaper
from acp_action.errors import OutputError, Unrecorded
from acp_action.redaction import SECRETS
from acp_action.store import journal_lines
from acp_action.store.faults import explain
from acp_action.store.group_commit import GroupCommit
from acp_action.store.lock import FolderLock
from acp_action.store.manifest import iso_time
from acp_action.store.target import sync_folder, write_whole
from acp_action.store.vault import STATE, Vault, opened_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_log = logging.getLogger(__name__)
JOURNAL: Final = "journal.jsonl"
"""The file, in the state folder."""

_SYNC: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)
_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Journal:
    """Open from when it is made until ``close``; used by all workers at once.

    ``folder``: the real path of an output folder that is there. ``state``: where the journal is (default:
    the folder's state folder). ``fresh``: results of earlier runs are not used. ``resubmit``: orders of which
    nobody knows what became may be sent again. ``single``: it is of one call. ``now``: the wall clock.

    Raises OutputError when another run is at work in the folder, when the journal is of a newer version, or
    when it cannot be read or written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        state: Path | None = None,
        fresh: bool = False,
        resubmit: bool = False,
        single: bool = False,
        now: Callable[[], float] = time.time,
        sync: Callable[[int], None] = _SYNC,
    ) -> None:
        self._fresh, self._resubmit, self._single, self._now, self._sync = fresh, resubmit, single, now, sync
        self._state = state or folder / STATE
        self._sheets: dict[tuple[str, str], Sheet] = {}
        self._papers: dict[tuple[str, str], StepPaper] = {}
        self._guard = threading.Lock()
        self._backlog: list[bytes] = []
        self._closed = False
        self.warnings: list[str] = []
        try:
            self._lock = opened_in(self._state, lambda: FolderLock(self._state / "lock"))
            if not self._lock.works:
                self.warnings.append(f"{folder} cannot be locked; let no other run use it at the same time")
            try:
                self.vault = Vault(self._state)
                self._file = self._opened()
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise OutputError(f"cannot write to {self._state}: {explain(error, folder)}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def trail(self, step: str, key: str) -> StepPaper:
        """The trail of a step, as far as it was asked for the same; ``key``: the request's fingerprint."""
        with self._guard:
            paper = self._papers.get((step, key))
            if paper is None:
                sheet = self._sheets.setdefault((step, key), Sheet())
                paper = self._papers[step, key] = StepPaper(
                    sheet,
                    partial(self._keep, step, key),
                    fresh=self._fresh,
                    resubmit=self._resubmit,
                    single=self._single,
                )
            return paper

    @property
    def made_before(self) -> frozenset[str]:
        """The steps for which an earlier run may have made what is asked for now."""
        if self._fresh:
            return frozenset()
        return frozenset(step for (step, _), sheet in self._sheets.items() if sheet.kept is not None)

    @property
    def unfinished(self) -> bool:
        """Whether something can still come of it: an order is open, or a result has no name yet."""
        sheets = self._sheets.values()
        return bool(self._backlog) or any(s.order or (s.kept and not s.published) for s in sheets)

    def close(self) -> None:
        """Write what could not be written before, and let the folder go; a second time does nothing."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
        self._catch_up()
        self._file.close()
        self._lock.release()

    @property
    def syncs(self) -> int:
        """How often the disk was waited for."""
        return self._file.syncs

    # --- writing

    def _keep(self, step: str, key: str, line: Mapping[str, Any], /, *, sync: bool) -> Mapping[str, Any]:
        """Write a line of a step; the line with its time."""
        full = {**line, "step": step, "key": key, "at": iso_time(self._now())}
        record = journal_lines.encode(full, SECRETS.bytes)
        try:
            self._append(record, sync=sync)
        except OSError as error:
            why = f"{self._state / JOURNAL} cannot be written: {explain(error, self._state, len(record))}"
            if line["do"] == "intended":
                raise Unrecorded(f"nothing was sent, because {why}") from error
            # It has happened all the same: this run goes on by what it knows, and tries again to write it.
            self._put_back(step, line, record, why)
        return full

    def _append(self, record: bytes, *, sync: bool) -> None:
        if self._closed:
            raise OSError(0, "the run has ended")
        self._catch_up()
        self._file.append(record, sync=sync)

    def _put_back(self, step: str, line: Mapping[str, Any], record: bytes, why: str) -> None:
        with self._guard:
            self._backlog.append(record)
        job = f" (job {line['id']})" if line["do"] == "accepted" else ""
        _log.error("what was paid for '%s' is %s%s, but %s", step, line["do"], job, why)

    def _catch_up(self) -> None:
        if not self._backlog:
            return
        with self._guard:
            waiting, self._backlog = self._backlog, []
            while waiting:
                try:
                    self._file.append(waiting[0], sync=False)
                except OSError:
                    self._backlog = waiting
                    return
                waiting = waiting[1:]

    def _settle(self, descriptor: int) -> None:
        # Files before the lines that speak of them.
        self.vault.settle()
        self._sync(descriptor)

    # --- opening

    def _opened(self) -> GroupCommit:
        path = self._state / JOURNAL
        content = _content(path)
        reading = journal_lines.read(content)
        _check_version(path, reading.version)
        for record in reading.records:
            sheet = self._sheets.setdefault((record["step"], record["key"]), Sheet())
            sheet.apply(record, here=False)
        if reading.garbled or (reading.version is None and reading.records):
            content = self._healed(path, content, reading)
        elif reading.sound < len(content):
            content = content[: reading.sound]
        return self._for_appending(path, content)

    def _for_appending(self, path: Path, content: bytes) -> GroupCommit:
        descriptor = os.open(path, _APPEND, 0o600)
        try:
            # What a kill left of its last line.
            os.ftruncate(descriptor, len(content))
            missing = b"" if content.endswith(b"\n") else b"\n" if content else journal_lines.header()
            file = GroupCommit(descriptor, len(content), sync=self._settle)
            if missing:
                file.append(missing, sync=True)
                sync_folder(self._state)
        except BaseException:
            os.close(descriptor)
            raise
        return file

    def _healed(self, path: Path, content: bytes, reading: journal_lines.Reading) -> bytes:
        """The journal without what cannot be read, which is kept aside as it was found."""
        aside = next(
            place for n in range(1, 1_000_000) if not (place := path.with_name(f"damaged-{n}.jsonl")).exists()
        )
        write_whole(aside, content, durable=True)
        aside.chmod(0o600)
        whole = journal_lines.header() + b"".join(map(journal_lines.encode, reading.records))
        write_whole(path, whole, durable=True)
        path.chmod(0o600)
        lines = len(reading.garbled)
        self.warnings.append(
            f"{path} was damaged: {lines} {'line' if lines == 1 else 'lines'} cannot be read, and "
            f"{len(reading.records)} can; as it was found, it is kept in {aside.name}. What only the lost "
            "lines told of is not known any more: look at your providers' own lists before you pay again"
        )
        return whole


def sheets(folder: Path) -> dict[tuple[str, str], Sheet]:
    """What the journal in a folder says of each step and fingerprint; nothing is made, kept or locked.

    Raises OSError, and OutputError when it is of a newer version.
    """
    state = folder / STATE
    if state.is_symlink():
        return {}
    reading = journal_lines.read(_content(state / JOURNAL))
    _check_version(state / JOURNAL, reading.version)
    found: dict[tuple[str, str], Sheet] = {}
    for record in reading.records:
        found.setdefault((record["step"], record["key"]), Sheet()).apply(record, here=False)
    return found


def look(folder: Path) -> None:
    """Say what ``Journal`` would say, as far as it shows without making anything. Raises OutputError."""
    state = folder / STATE
    try:
        FolderLock.probe(state / "lock")
        _check_version(state / JOURNAL, journal_lines.read(_content(state / JOURNAL)).version)
    except OSError as error:
        raise OutputError(f"cannot read {state}: {explain(error, folder)}") from error


def _check_version(path: Path, version: int | None) -> None:
    if version is not None and version > journal_lines.VERSION:
        raise OutputError(
            f"{path} was written by a newer version of acp-action (form {version}, this one reads "
            f"{journal_lines.VERSION}); use that version, or another folder with --output-dir"
        )


def _content(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
