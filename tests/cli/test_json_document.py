"""docs/json-output.md: the names that programs rely on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from acp_action import events
from acp_action.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = "steps: [{name: a, type: text_to_image, params: {prompt: a cat}}]"


@pytest.fixture
def told(in_tmp: Path, repository: Path) -> dict[str, list[str]]:
    """For each heading of the document, the fields that its tables name, in order."""
    (in_tmp / "p.yaml").write_text(PIPELINE)
    (in_tmp / "bad.yaml").write_text("nmae: x")
    sections = (repository / "docs/json-output.md").read_text("utf-8").split("\n## ")[1:]
    rows = {
        section.partition("\n")[0]: re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for section in sections
    }
    return {heading: re.findall(r"`(\w+)`", " ".join(found)) for heading, found in rows.items()}


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What a command line writes to standard output."""
    main([*words, "--json"])
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_a_run_has_the_fields_that_are_told(
    told: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every field of a run's document is in the table, and none is missing."""
    run = document(capsys, "run-chain", "-c", "p.yaml", "--provider", "local")
    assert list(run) == told["`run-chain --json`"]


def test_a_failure_has_the_fields_that_are_told(
    told: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure's fields and those of its problems are in the two tables, in order."""
    failure = document(capsys, "run-chain", "-c", "bad.yaml")
    problem = failure["error"]["problems"][0]
    assert [*failure, *problem] == told["Failures, of every command"]
    assert list(failure["error"]) == ["type", "message", "problems"]


def test_a_single_step_has_the_fields_that_are_told(
    told: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same for the commands that carry out one step."""
    step = document(capsys, "generate-image", "a cat", "--provider", "local")
    assert list(step) == told["`generate-image`, `image-to-video` and `analyze-image` with `--json`"]


@pytest.mark.parametrize(
    ("command", "keys"), [("simulate", ["pipeline"]), ("doctor", ["area", "name", "state"])]
)
def test_other_documents_have_the_fields_that_are_told(
    command: str, keys: list[str], told: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every field of the document is in its table, in order."""
    value = document(capsys, command, "p.yaml")
    assert list(value) == told[f"`{command} --json`"]
    assert not keys or set(keys) <= {*value, *(value.get("checks") or [{}])[0]}


@pytest.mark.parametrize("words", [("what-if", "output"), ("compare", "output", "output")])
def test_documents_about_runs_have_the_fields_that_are_told(
    words: tuple[str, ...], told: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same for the commands that look at finished runs."""
    main(["run-chain", "-c", "p.yaml", "--provider", "local", "--quiet"])
    assert list(document(capsys, *words)) == told[f"`{words[0]} --json`"]


def test_every_event_is_told(repository: Path) -> None:
    """The document lists all events there are."""
    text = (repository / "docs/json-output.md").read_text("utf-8")
    kinds = [n for n, kind in vars(events).items() if isinstance(kind, type) and hasattr(kind, "_fields")]
    assert [name for name in kinds if f"`{name}`" not in text] == []
