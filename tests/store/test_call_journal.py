"""The journal of a single call comes and goes beside those of others, and waits for nobody for ever."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from acp_action.engine.paper import Kept
from acp_action.errors import OutputError
from acp_action.store import call_journal as module
from acp_action.store import vault
from acp_action.store.call_journal import call_journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Somebody has the door, and does not let go of it."""
    door = os.open(folder / "acp-state/calls.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(door, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(door)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door is looked at three times."""
    monkeypatch.setattr(module, "_LOOKS", 3)
    monkeypatch.setattr(module, "_PAUSE", 0.001)


def test_a_folder_that_a_preview_takes_away_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview that ends between the making of the folder and its first file spoils no paid call."""
    make = vault.make_private
    taken: list[Path] = []

    def made(state: Path) -> None:
        make(state)
        if state.name == "acp-state" and not taken:
            taken.append(state)
            state.rmdir()

    monkeypatch.setattr(vault, "make_private", made)
    monkeypatch.setattr(module, "make_private", made)
    with call_journal(tmp_path, "x") as journal:
        journal.trail("x", "k").intended(0.05)
    assert taken


@pytest.mark.usefixtures("impatient")
def test_a_door_that_nobody_opens_is_named(tmp_path: Path) -> None:
    """A process that was suspended in it must not hold up every call for ever."""
    (tmp_path / "acp-state").mkdir()
    said = r"calls\.lock has been locked for .* let it go on"
    with held(tmp_path), pytest.raises(OutputError, match=said), call_journal(tmp_path, "x"):
        pass
    with call_journal(tmp_path, "x"):
        pass


@pytest.mark.usefixtures("impatient")
def test_a_call_that_cannot_tidy_up_has_its_result_all_the_same(tmp_path: Path) -> None:
    """And is made anew when it is asked for again: nothing that was made is taken for its result."""
    with ExitStack() as stack, call_journal(tmp_path, "x") as journal:
        trail = journal.trail("x", "k")
        trail.intended(0.05)
        trail.fetched(Kept("text", text="a"))
        trail.published()
        stack.enter_context(held(tmp_path))
    with call_journal(tmp_path, "x") as journal:
        assert journal.trail("x", "k").kept is None
