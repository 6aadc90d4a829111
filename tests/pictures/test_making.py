"""What pictures are made with, where it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pictures.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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
