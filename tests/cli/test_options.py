"""What is written after --input and --param, and what it means."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from acp_action.cli.options import read_input, read_params
from acp_action.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("written", "meant"),
    [(None, None), ("a cat", "a cat"), ("", ""), ("@@home", "@home"), ("a @ b", "a @ b")],
)
def test_a_text_is_itself(written: str | None, meant: str | None) -> None:
    """The input is what was written; a second @ at the start takes the meaning from the first."""
    assert read_input(written) == meant


@pytest.mark.parametrize("content", [b"a cat \xf0\x9f\x90\x88\n", b"\xef\xbb\xbfa cat \xf0\x9f\x90\x88\r\n"])
def test_a_file_gives_its_text(in_tmp: Path, content: bytes) -> None:
    """``@file`` is the file's text without the mark and the line end that editors add."""
    (in_tmp / "prompt.txt").write_bytes(content)
    assert read_input("@prompt.txt") == "a cat 🐈"


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is what comes in on standard input, as UTF-8 whatever the locale says."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("über\nall\n".encode())))
    assert read_input("-") == "über\nall"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "@missing.txt",
            "cannot read the input file 'missing.txt': No such file or directory; check the path",
        ),
        ("@.", "cannot read the input file '.': Is a directory"),
        ("@latin.txt", "not UTF-8 text: byte 4; save it as UTF-8"),
        ("@long.txt", "1,000,001 characters; the input may have 1,000,000"),
        ("a \udc80", "not valid UTF-8"),
        ("@a\0b", "cannot read the input file"),
    ],
)
def test_an_input_that_cannot_be_used_says_why(in_tmp: Path, written: str, message: str) -> None:
    """What is wrong with the input is told before anything runs."""
    (in_tmp / "latin.txt").write_bytes("café".encode("latin-1"))
    (in_tmp / "long.txt").write_text("x" * 1_000_001)
    with pytest.raises(UsageError) as caught:
        read_input(written)
    assert message in str(caught.value)


def test_parameters_are_json_where_they_can_be() -> None:
    """Numbers, truth values and lists have their type; everything else is text."""
    pairs = ["seed=7", "hd=true", "ratio=16:9", "sizes=[1, 2]", "text=", 'quoted="7"', "a=b=c"]
    pairs.append("nan=NaN")
    assert read_params(pairs) == {
        "seed": 7, "hd": True, "ratio": "16:9", "sizes": [1, 2], "text": "", "quoted": "7", "a": "b=c",
        "nan": "NaN",
    }  # fmt: skip


@pytest.mark.parametrize("pairs", [["seed"], ["=7"], ["seed=1", "seed=2"]])
def test_a_pair_that_is_none_is_refused(pairs: list[str]) -> None:
    """Nothing that was written is dropped silently."""
    with pytest.raises(UsageError, match="--param"):
        read_params(pairs)
