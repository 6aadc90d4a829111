"""The command: what the doctor finds, as text and as JSON, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acp_action.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = "steps: [{name: a, type: text_to_image, params: {prompt: a cat}}]"


@pytest.fixture(autouse=True)
def _pipeline(in_tmp: Path) -> None:
    (in_tmp / "p.yaml").write_text(PIPELINE)


def test_without_a_file_no_key_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything is looked at; a provider without a key is told of and is no failure."""
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    parts = ("acp-action", "ffmpeg", "output folder", "fal ", "set FAL_KEY", "openai", "All is well")
    assert [part for part in parts if part not in text] == []


def test_a_key_that_the_pipeline_needs_ends_as_a_run_would(capsys: pytest.CaptureFixture[str]) -> None:
    """Code 3, in the document too."""
    assert main(["doctor", "p.yaml", "--json"]) == 3
    value = json.loads(capsys.readouterr().out)
    assert (value["success"], value["exit_code"]) == (False, 3)
    assert [check["name"] for check in value["checks"] if check["state"] == "fail"] == ["fal"]


def test_a_preview_needs_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    """What is forced to be the embedded provider asks nobody."""
    assert main(["doctor", "p.yaml", "--provider", "local"]) == 0
    assert "Providers" not in capsys.readouterr().out


def test_a_folder_that_cannot_be_used_is_a_failure(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Code 1, for what is no key."""
    assert main(["doctor", "--output-dir", "p.yaml"]) == 1
    assert "FAIL  output folder" in capsys.readouterr().out


def test_no_key_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """S24: neither a good one nor one that is refused before it is sent."""
    monkeypatch.setenv("FAL_KEY", '"canary-for-tests"')
    assert main(["doctor", "p.yaml"]) == 3
    shown = capsys.readouterr()
    assert "FAL_KEY: white space or quotes" in shown.out
    assert "canary" not in shown.out + shown.err
