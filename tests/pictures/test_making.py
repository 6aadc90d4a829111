"""What pictures are made with, where it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pictures import __main__ as pictures
from tests.pictures.__main__ import main
from tests.pictures.making import MissingError

if TYPE_CHECKING:
    from pathlib import Path


def test_tools_that_are_missing_are_named_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them at once, with how to get them, and before anything is made."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([str(tmp_path / "pictures")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: not installed: tmux, node, fc-match, chromium. ")
    assert "apt-get install" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [MissingError, TimeoutError, RuntimeError])
def test_what_goes_wrong_is_told_in_a_line(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tool that is missing, a screen that never came, a browser that failed: no traceback."""

    def make(_folder: Path) -> None:
        raise kind("no such luck")

    monkeypatch.setattr(pictures, "make", make)
    assert main([]) == 1
    assert capsys.readouterr().err == "error: no such luck\n"
