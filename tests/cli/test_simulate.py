"""The command: a simulation as text and as JSON, without keys, sockets or files."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """
name: Batch
steps:
  - type: parallel_group
    name: images
    max_workers: 2
    steps:
      - {name: a, type: text_to_image, params: {prompt: "{{input}}"}}
      - {name: b, type: text_to_image, params: {prompt: a dog}}
  - {name: said, type: text_to_speech, params: {text: a cat}}
"""


@pytest.fixture(autouse=True)
def _pipeline(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, and no sockets at all."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a socket was made")

    (in_tmp / "p.yaml").write_text(PIPELINE)
    monkeypatch.setattr(socket, "socket", refuse)


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What the command writes with --json."""
    assert main(["simulate", "p.yaml", "--json", *words]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_the_text_has_every_part(capsys: pytest.CaptureFixture[str], in_tmp: Path) -> None:
    """Time, cost, what limits it, traffic, timeline, comparison and advice; and nothing is written."""
    assert main(["simulate", "p.yaml", "--max-workers", "1,2", "--seed", "5"]) == 0
    text = capsys.readouterr().out
    parts = (
        "Batch: 3 steps", "from seed 5", "Expected time:", "One after another:", "Cost:", "What limits it:",
        "Providers:", "assumed: 2 at once", "Timeline", "  said", "With max_workers", "Advice:",
    )  # fmt: skip
    assert [part for part in parts if part not in text] == []
    assert [path.name for path in in_tmp.iterdir()] == ["p.yaml"]


def test_one_number_of_workers_is_the_cap_of_a_real_run(capsys: pytest.CaptureFixture[str]) -> None:
    """As run-chain's flag: nothing is compared."""
    value = document(capsys, "--max-workers", "1", "--spread", "0", "--no-limits")
    assert value["comparison"] == []
    assert value["duration"]["median"] == pytest.approx(value["sequential"])


def test_the_schedule_can_be_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """With dataflow the last step need not wait for the group."""
    exact = ("--spread", "0", "--no-limits")
    ordered = document(capsys, *exact, "--schedule", "ordered")["duration"]["median"]
    dataflow = document(capsys, *exact, "--schedule", "dataflow")["duration"]["median"]
    assert dataflow < ordered


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--max-workers", "four"), "--max-workers is 'four'"),
        (("--max-workers", ","), "--max-workers is ','"),
        (("--max-workers", "0,2"), "max_workers is 0"),
        (("--schedule", "orderd"), "did you mean 'ordered'?"),
        (("--runs", "0"), "runs is 0"),
    ],
)
def test_a_wrong_flag_is_told(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the value seen and how to mend it, and the code of a wrong flag."""
    assert main(["simulate", "p.yaml", *words]) == 2
    assert told in capsys.readouterr().err
