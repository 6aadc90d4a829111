"""The journal on disk: what a later run finds, and what it makes of damage."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from acp_action.engine.paper import Kept
from acp_action.errors import OutputError, Unrecorded
from acp_action.providers.base import RemoteJob
from acp_action.redaction import SECRETS
from acp_action.store import vault
from acp_action.store.journal import Journal, look
from acp_action.store.journal_lines import encode

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.engine.paper import StepPaper

JOB = RemoteJob("id-1", {"status": "https://queue/1"})


def reopened(folder: Path) -> StepPaper:
    """The trail of the one step as a later run finds it."""
    with Journal(folder) as journal:
        return journal.trail("hero", "k")


def lines(folder: Path) -> list[bytes]:
    """What stands in the file."""
    return (folder / "acp-state/journal.jsonl").read_bytes().splitlines(keepends=True)


def rewrite(folder: Path, content: bytes) -> None:
    """Put something else in the file's place."""
    (folder / "acp-state/journal.jsonl").write_bytes(content)


def accepted(folder: Path) -> None:
    """A run that ended when the order was accepted."""
    with Journal(folder) as journal:
        paper = journal.trail("hero", "k")
        paper.intended(0.5)
        paper.accepted(JOB)


def test_a_later_run_finds_the_job(tmp_path: Path) -> None:
    """What was accepted is asked for, not ordered again."""
    accepted(tmp_path)
    paper = reopened(tmp_path)
    assert (paper.job, paper.result, paper.doubtful) == (JOB, None, None)


def test_a_later_run_finds_an_order_of_which_nothing_is_known(tmp_path: Path) -> None:
    """An intent alone is in doubt, with its greatest cost."""
    with Journal(tmp_path) as journal:
        journal.trail("hero", "k").intended(0.5)
    doubtful = reopened(tmp_path).doubtful
    assert doubtful
    assert (doubtful.cost, doubtful.here) == (0.5, False)


def test_another_request_of_the_step_knows_nothing_of_it(tmp_path: Path) -> None:
    """The key is the step and what it asks for."""
    accepted(tmp_path)
    with Journal(tmp_path) as journal:
        assert journal.trail("hero", "other").job is None
        assert journal.trail("villain", "k").job is None


def test_a_text_comes_back_whole(tmp_path: Path) -> None:
    """A result's fields are those it had."""
    with Journal(tmp_path, now=lambda: 0.0) as journal:
        journal.trail("hero", "k").fetched(Kept("text", text="zwölf", cost=0.25, seed=4, params={"a": [1]}))
    kept = reopened(tmp_path).kept
    when = "1970-01-01T00:00:00.000Z"
    assert kept == Kept("text", (), "zwölf", 0.25, 4, {"a": [1]}, {}, when)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """S26: addresses in it open paid results to whoever has them."""
    accepted(tmp_path)
    state = tmp_path / "acp-state"
    modes = [path.stat().st_mode & 0o777 for path in (state, state / "journal.jsonl", state / "lock")]
    assert modes == [0o700, 0o600, 0o600]


def test_no_key_is_written(tmp_path: Path) -> None:
    """S24: the canary is in no file of the state folder."""
    SECRETS.add("kid:ksecret-for-tests")
    try:
        with Journal(tmp_path) as journal:
            paper = journal.trail("hero", "k")
            paper.settled({"url": "https://x/?key=kid%3Aksecret-for-tests", "text": "kid:ksecret-for-tests"})
    finally:
        SECRETS.clear()
    assert b"ksecret" not in b"".join(lines(tmp_path))
    assert reopened(tmp_path).result == {"url": "https://x/?key=***", "text": "***"}


def test_a_second_run_is_refused_with_the_first_ones_process(tmp_path: Path) -> None:
    """X13: at once, and it says who is there."""
    with Journal(tmp_path):
        with pytest.raises(OutputError, match=rf"another run .* \(process {os.getpid()} on .*\); wait"):
            Journal(tmp_path)
        with pytest.raises(OutputError, match="another run"):
            look(tmp_path)
    Journal(tmp_path).close()


def test_a_refused_run_leaves_no_file_open(tmp_path: Path) -> None:
    """A program that tries until the folder is free must not run out of descriptors."""
    with Journal(tmp_path):
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough
        for _ in range(3):
            with pytest.raises(OutputError):
                Journal(tmp_path)
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - names are enough


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    """X13: killed without a word, it holds nothing any more."""
    program = (
        "import os, signal, sys; from pathlib import Path; from acp_action.store.journal import Journal; "
        "Journal(Path(sys.argv[1])).trail('hero', 'k').intended(0.5); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    assert killed.returncode == -9
    assert reopened(tmp_path).doubtful


def test_a_file_system_without_locks_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some shares of a network have none; the run goes on, and a person knows."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    look(tmp_path)
    with Journal(tmp_path) as journal:
        assert "cannot be locked" in journal.warnings[0]
        look(tmp_path)


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    """F6: what it says cannot be known, and guessing costs money."""
    accepted(tmp_path)
    rewrite(tmp_path, b'{"journal":"acp-journal/2"}\n')
    for opening in (Journal, look):
        with pytest.raises(OutputError, match=r"newer version of acp-action \(form 2, this one reads 1\)"):
            opening(tmp_path)


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """A dry run leaves the folder as it was."""
    look(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    """A kill in a write is nothing special: no warning, and the next line is whole."""
    accepted(tmp_path)
    rewrite(tmp_path, b"".join(lines(tmp_path)) + b'{"crc":"0123')
    with Journal(tmp_path) as journal:
        assert journal.warnings == []
        journal.trail("hero", "k").settled({"url": "u"})
    assert reopened(tmp_path).result == {"url": "u"}


def test_a_last_line_without_its_end_counts(tmp_path: Path) -> None:
    """All of it is there but the line end."""
    accepted(tmp_path)
    rewrite(tmp_path, b"".join(lines(tmp_path))[:-1])
    with Journal(tmp_path) as journal:
        journal.trail("hero", "k").settled({"url": "u"})
    paper = reopened(tmp_path)
    assert (paper.job, paper.result) == (JOB, {"url": "u"})


@pytest.mark.parametrize("torn", [b"", b"\0" * 4096, b'{"crc":"01'])
def test_a_journal_that_never_began_is_begun(tmp_path: Path, torn: bytes) -> None:
    """A kill or a power cut before its first line was whole."""
    accepted(tmp_path)
    rewrite(tmp_path, torn)
    with Journal(tmp_path) as journal:
        assert journal.warnings == []
    assert len(lines(tmp_path)) == 1


def test_garbage_in_the_middle_is_put_aside_and_told(tmp_path: Path) -> None:
    """F6: accepted ids are not lost, and what was found is kept for a person to look at."""
    with Journal(tmp_path) as journal:
        for step in ("a", "b"):
            paper = journal.trail(step, "k")
            paper.intended(0.5)
            paper.accepted(JOB)
    found = lines(tmp_path)
    damaged = b"".join([*found[:3], b"\x00garbage\n", *found[3:]])
    rewrite(tmp_path, damaged)
    with Journal(tmp_path) as journal:
        assert [journal.trail(step, "k").job for step in ("a", "b")] == [JOB, JOB]
        assert "1 line cannot be read, and 4 can" in journal.warnings[0]
    assert (tmp_path / "acp-state/damaged-1.jsonl").read_bytes() == damaged
    with Journal(tmp_path) as journal:
        assert journal.warnings == []


def test_a_lost_first_line_loses_nothing_else(tmp_path: Path) -> None:
    """The lines are of the only form there is."""
    accepted(tmp_path)
    rewrite(tmp_path, b"".join(lines(tmp_path)[1:]))
    assert reopened(tmp_path).job == JOB
    assert b"acp-journal/1" in lines(tmp_path)[0]


def test_a_link_in_the_journals_place_is_not_followed(tmp_path: Path) -> None:
    """A checkout could bring one, to have another file written."""
    (tmp_path / "acp-state").mkdir()
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "acp-state/journal.jsonl").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError, match="symbolic links"):
        Journal(tmp_path)
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_link_in_the_state_folders_place_is_not_followed(tmp_path: Path) -> None:
    """The same for the folder."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "acp-state").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is a symbolic link; remove it"):
        Journal(tmp_path)


def test_what_was_said_is_on_the_disk_before_the_next_thing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X5: what cannot be undone waits for the disk, and a result for its file; the rest does not."""
    told: list[str] = []
    monkeypatch.setattr(vault, "sync_folder", lambda folder: told.append(folder.name))
    with Journal(tmp_path, sync=lambda _descriptor: told.append("journal")) as journal:
        paper = journal.trail("hero", "k")
        made = tmp_path / "made"
        made.write_bytes(b"x")
        told.clear()
        paper.intended(0.5)
        paper.accepted(JOB)
        assert told == ["journal", "journal"]
        paper.accepted(JOB._replace(begun=True))
        assert told == ["journal", "journal"]
        paper.settled({"url": "u"})
        journal.vault.take(made, "0" * 64)
        paper.fetched(Kept("text", text="it"))
        assert told[2:] == ["journal", "blobs", "journal"]
        paper.published()
        paper.withdrawn("nothing is open")
        assert len(told) == 5


@pytest.mark.parametrize("odd", [float("nan"), -1.0, float("inf")])
def test_what_a_service_told_wrong_costs_no_line(tmp_path: Path, odd: float) -> None:
    """P13: nonsense for a price is an unknown one, a seed that is no number is none; the result counts."""
    with Journal(tmp_path) as journal:
        paper = journal.trail("hero", "k")
        paper.intended(odd)
        paper.accepted(RemoteJob(7, {"status": None}))  # type: ignore[arg-type, dict-item]
        paper.settled({"seconds": odd})
        notes = {"odd": odd, "when": tmp_path}
        paper.fetched(Kept("text", text="it", cost=odd, seed="4", notes=notes))  # type: ignore[arg-type]
    with Journal(tmp_path) as journal:
        assert journal.warnings == []
        kept = journal.trail("hero", "k").kept
    assert kept
    assert (kept.cost, kept.seed, kept.text) == (None, None, "it")


class Disk:
    """A disk that is full when told so."""

    def __init__(self, journal: Journal) -> None:
        self.full = False
        self._write = journal._file._write
        journal._file._write = self

    def __call__(self, descriptor: int, content: bytes) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return self._write(descriptor, content)


def test_no_request_is_sent_that_cannot_be_written_down(tmp_path: Path) -> None:
    """F2: the intent is refused, and is no intent."""
    with Journal(tmp_path) as journal:
        Disk(journal).full = True
        paper = journal.trail("hero", "k")
        with pytest.raises(
            Unrecorded, match=r"^nothing was sent, because .*journal.jsonl cannot be written: the"
        ):
            paper.intended(0.5)
        assert paper.doubtful is None
    assert reopened(tmp_path).doubtful is None


def test_what_happened_is_written_as_soon_as_it_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An accepted order is known to this run, its id is logged, and the journal has it when there is room."""
    with caplog.at_level(logging.ERROR), Journal(tmp_path) as journal:
        paper, disk = journal.trail("hero", "k"), Disk(journal)
        paper.intended(0.5)
        disk.full = True
        paper.accepted(JOB)
        assert paper.job == JOB
        disk.full = False
    assert "'hero' is accepted (job id-1), but" in caplog.text
    assert reopened(tmp_path).job == JOB


def test_after_the_run_nothing_is_sent(tmp_path: Path) -> None:
    """A worker that was given up may come back when another run has the folder."""
    journal = Journal(tmp_path)
    paper = journal.trail("hero", "k")
    journal.close()
    with pytest.raises(Unrecorded, match="the run has ended"):
        paper.intended(0.5)


def test_a_key_that_was_seen_is_not_written_twice(tmp_path: Path) -> None:
    """Polling tells of the same job again and again."""
    with Journal(tmp_path) as journal:
        paper = journal.trail("hero", "k")
        for begun in (False, False, True, True):
            paper.accepted(JOB._replace(begun=begun))
    assert len(lines(tmp_path)) == 3


def test_foreign_lines_are_kept_with_the_damage(tmp_path: Path) -> None:
    """A sound checksum does not make a record sensible."""
    accepted(tmp_path)
    rewrite(
        tmp_path, b"".join(lines(tmp_path)) + encode({"do": "exploded", "step": "a", "key": "k", "at": ""})
    )
    with Journal(tmp_path) as journal:
        assert len(journal.warnings) == 1
        assert journal.trail("hero", "k").job == JOB
