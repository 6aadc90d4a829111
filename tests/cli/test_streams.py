"""The two streams of the program: nothing that happens to them costs a result."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.cli.streams import StandardError, flush_streams, prepare_streams, show, show_json, tell
from acp_action.errors import AcpError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Broken(io.StringIO):
    """A stream whose every write fails."""

    def __init__(self, code: int, number: int) -> None:
        super().__init__()
        self._code = code
        self._number = number

    def write(self, text: str) -> int:
        """Fail."""
        raise OSError(self._code, os.strerror(self._code))

    def fileno(self) -> int:
        """The stream's number."""
        return self._number


@pytest.fixture
def pipe() -> Iterator[int]:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def encoded(encoding: str) -> Any:
    """A text stream in an encoding, as Python opens standard output."""
    return io.TextIOWrapper(io.BytesIO(), encoding, errors="strict", write_through=True)


def test_a_reader_that_leaves_is_no_error(monkeypatch: pytest.MonkeyPatch, pipe: int) -> None:
    """After ``| head`` has gone nothing raises, and the stream leads nowhere from then on."""
    monkeypatch.setattr(sys, "stdout", Broken(errno.EPIPE, pipe))
    show("one")
    assert os.write(pipe, b"two") == 3


def test_a_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch, pipe: int) -> None:
    """Results that cannot be written are not lost silently."""
    monkeypatch.setattr(sys, "stdout", Broken(errno.ENOSPC, pipe))
    with pytest.raises(AcpError, match="standard output: No space left"):
        show("one")


def test_messages_that_cannot_be_written_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is for people; where there is none, the run goes on."""
    monkeypatch.setattr(sys, "stderr", Broken(errno.EIO, 2))
    tell("one")
    assert StandardError().write("two") == 0


def test_an_unwritten_rest_is_told(monkeypatch: pytest.MonkeyPatch, pipe: int) -> None:
    """What was still to be written at the end counts: the caller ends with a failure."""
    monkeypatch.setattr(sys, "stdout", Broken(errno.ENOSPC, pipe))
    assert flush_streams() is False


def test_closed_streams_are_opened_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program started with ``>&-`` has no standard output; ours then has one that leads nowhere."""
    before = os.dup(1)
    try:
        os.close(1)
        monkeypatch.setattr(sys, "stdout", None)
        prepare_streams()
        show("one")
        assert sys.stdout is not None
        assert os.fstat(1).st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116
    finally:
        os.dup2(before, 1)
        os.close(before)


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
def test_every_character_can_be_shown(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """No text breaks on the terminal's encoding, lone surrogates included."""
    stream = encoded(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    show("café 🎈 \udc80")
    assert stream.buffer.getvalue().startswith(b"caf")


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
def test_json_is_json_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """What ``--json`` writes can be read back, whatever the encoding."""
    stream = encoded(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    show_json({"text": "café 🎈"})
    assert json.loads(stream.buffer.getvalue().decode(encoding)) == {"text": "café 🎈"}
