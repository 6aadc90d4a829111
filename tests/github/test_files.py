"""Outputs and summary arrive as they were meant, or the caller learns why not (S20, G1, I33)."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acp_action.github.files import OUTPUTS, SUMMARY_LIMIT, append_summary, write_output
from tests.github.runner_port import read_outputs

if TYPE_CHECKING:
    from pathlib import Path

VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.lists(
    st.sampled_from(["\n", "\r", "\r\n", "=", "<<", "EOF", "acp_1", "acp_2", "status<<acp_1", " "])
).map("".join)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A command file, for tests that hypothesis runs many times."""
    return tmp_path_factory.mktemp("commands") / "output"


@given(st.lists(st.tuples(st.sampled_from(OUTPUTS), VALUES), max_size=4))
@example([("json", "acp_1\nacp_2"), ("status", "")])
def test_the_runner_reads_what_was_written(file: Path, pairs: list[tuple[str, str]]) -> None:
    """Writer and the runner's reader are inverse, for any values in any order (I33)."""
    file.write_bytes(b"")
    tokens = map(str, itertools.count(1))
    for name, value in pairs:
        assert write_output(file, name, value, token=lambda: next(tokens)) == ""
    assert read_outputs(file.read_bytes().decode()) == dict(pairs)


def test_a_guessed_delimiter_is_not_used(file: Path) -> None:
    """A value that holds the delimiter gets another, even when the tokens repeat."""
    file.write_bytes(b"")
    value = "x\nacp_same\nstatus=forged"
    assert write_output(file, "json", value, token=lambda: "same") == ""
    assert read_outputs(file.read_text(encoding="utf-8")) == {"json": value}


def test_what_cannot_be_sent_is_replaced(file: Path) -> None:
    """NUL and halves of characters become U+FFFD; everything else arrives."""
    file.write_bytes(b"")
    assert write_output(file, "report", "a\0b\udcffc🙂", token=lambda: "t") == ""
    assert read_outputs(file.read_bytes().decode()) == {"report": "a\ufffdb\ufffdc🙂"}


@pytest.mark.parametrize("name", ["PATH", "status\nx=1", "a<<b", "", "Status"])
def test_only_our_own_outputs_are_written(file: Path, name: str) -> None:
    """A name that is not in the list is a mistake of ours, never written."""
    with pytest.raises(ValueError, match="is not an output"):
        write_output(file, name, "x", token=lambda: "t")


@pytest.mark.parametrize("path", [None, ""])
def test_an_unset_file_is_told(path: str | None) -> None:
    """Outside of Actions there is none, which fails nothing."""
    assert write_output(path, "status", "x", token=lambda: "t") == "GITHUB_OUTPUT is not set"
    assert append_summary(path, "x") == "GITHUB_STEP_SUMMARY is not set"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder in its place, a missing folder above it, a file as folder, an impossible path."""
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "no" / "file", tmp_path / "file" / "x", "a\0b"):
        assert "GITHUB_OUTPUT" in write_output(path, "status", "x", token=lambda: "t")
        assert "GITHUB_STEP_SUMMARY" in append_summary(path, "x")


def test_a_summary_is_added_to(tmp_path: Path) -> None:
    """What stood there stays, with an empty line between."""
    path = tmp_path / "summary"
    assert append_summary(path, "# One\n") == ""
    assert append_summary(path, "two \ud800") == ""
    assert path.read_text(encoding="utf-8") == "# One\n\ntwo \ufffd\n\n"


def test_a_summary_too_large_is_not_added(tmp_path: Path) -> None:
    """The runner would show nothing at all; what stands there already is kept."""
    path = tmp_path / "summary"
    assert append_summary(path, "x" * (SUMMARY_LIMIT - 10)) == ""
    assert "1,048,576 are the most" in append_summary(path, "ü" * 10)
    assert path.stat().st_size == SUMMARY_LIMIT - 8


def test_a_write_cut_short_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves whole entries, because half of one would fail the step."""
    path = tmp_path / "output"
    assert write_output(path, "status", "succeeded", token=lambda: "t") == ""
    before = path.read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:5]))
    assert "only 5 of" in write_output(path, "json", "x" * 100, token=lambda: "t")
    assert path.read_bytes() == before
