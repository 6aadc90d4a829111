"""The README is true: its pipeline runs, its commands work, its tables are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.cli.app import COMMANDS, main
from acp_action.config.cascade import Effective

README = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, cell by cell, without its head."""
    found = re.search(r"(?:^\|.*\n)+", README.split(f"\n{heading}\n", 1)[1], re.MULTILINE)
    assert found
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found.group().splitlines()[2:]]


@pytest.fixture
def pipeline(in_tmp: Path) -> Path:
    """The README's pipeline, saved where its commands expect it."""
    file = in_tmp / "pipeline.yaml"
    file.write_text(blocks("yaml")[0], "utf-8")
    return file


def commands() -> list[str]:
    """The command lines of the program that the README tells people to type."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line.removeprefix("$ ai-content-pipeline ") for line in lines if " ai-content-pipeline " in line]


@pytest.mark.parametrize("command", commands())
def test_commands_work(command: str, pipeline: Path) -> None:
    """Every command line of the README succeeds with the README's pipeline."""
    assert main(shlex.split(command)) == 0


def test_python_works(pipeline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python block runs as it stands and prints what it says."""
    exec(compile(blocks("python")[0], "README.md", "exec"), {})  # noqa: S102 - the block is our own
    assert re.search(r"base_image succeeded .*base_image\.png\n", capsys.readouterr().out)


def test_step_table_is_that_of_the_code() -> None:
    """The table of step types lists all of them, with what they make and their default model."""
    told = [(row[0].strip("`"), row[2], row[3].strip("`")) for row in table("### Steps")]
    assert told == [(t.name, t.makes, t.default_model) for t in STEP_TYPES.values()]


def test_settings_have_their_defaults() -> None:
    """The table of settings gives each one's real default."""
    told = {row[0].strip("`"): row[1].strip("`") for row in table("### Settings")}
    real = Effective()
    assert told.pop("provider") == "the model's own"
    assert told.pop("rate_limits") == "learnt"
    assert {name: str(getattr(real, name)).lower().removesuffix(".0") for name in told} == {
        name: default.lower() for name, default in told.items()
    }


def test_command_table_lists_every_command() -> None:
    """The table of commands names each command and no other."""
    assert {name for row in table("## Commands") for name in re.findall(r"`([a-z-]+)`", row[0])} == set(
        COMMANDS
    )
