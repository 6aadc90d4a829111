"""action.yml, the code and the README say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from acp_action.github.inputs import KEY_INPUTS, READERS
from acp_action.github.outcome import figures

TOP = Path(__file__).resolve().parent.parent
ACTION: dict[str, Any] = yaml.safe_load((TOP / "action.yml").read_text("utf-8"))
README = (TOP / "README.md").read_text("utf-8")
ARTIFACT = {"artifact-id", "artifact-url", "artifact-digest"}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading of the README, cell by cell, without its head."""
    found = re.search(r"(?:^\|.*\n)+", README.split(f"\n{heading}\n", 1)[1], re.MULTILINE)
    assert found
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found.group().splitlines()[2:]]


def test_inputs_are_those_that_the_code_reads() -> None:
    """No input is described that nothing reads, and none is read that is not described."""
    assert list(ACTION["inputs"]) == [*READERS, *KEY_INPUTS]


@pytest.mark.parametrize("name", [name for name in READERS if name not in ("config", "artifact-name")])
def test_defaults_are_those_of_the_code(name: str) -> None:
    """An input left out means the same with and without a runner that fills in defaults."""
    assert ACTION["inputs"][name]["default"] == READERS[name][0]


def test_the_artifacts_name_is_unique_in_a_matrix() -> None:
    """Jobs of one matrix share everything but their index; a name that is taken is refused by the service."""
    default = ACTION["inputs"]["artifact-name"]["default"]
    assert default.startswith(READERS["artifact-name"][0])
    assert {"${{ github.job }}", "${{ strategy.job-index }}"} <= set(re.findall(r"\$\{\{.*?\}\}", default))


def test_outputs_are_those_that_the_code_sets() -> None:
    """Every output is set by a run or by an upload."""
    assert set(ACTION["outputs"]) == {*figures([], TOP), *ARTIFACT}


def test_everything_is_described() -> None:
    """Each input and output says what it is; a required input has no default, all others have one."""
    for entry in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert len(entry["description"]) > 15
    for name, entry in ACTION["inputs"].items():
        assert (entry.get("required", False), "default" in entry) == (name == "config", name != "config")


def test_readme_lists_every_input_with_its_default() -> None:
    """The table of inputs has them all, in order."""
    told = {row[0].strip("`"): row[1].strip("`") for row in table("### Inputs")}
    keys = {name.strip("` ") for row in table("### Inputs")[-1:] for name in row[0].split(",")}
    real = {name: entry.get("default", "") for name, entry in ACTION["inputs"].items()}
    assert keys == set(KEY_INPUTS)
    assert list(told)[:-1] == list(READERS)
    for name in READERS:
        assert told[name] == (real[name] or "required" if name == "config" else real[name])


def test_readme_lists_every_output() -> None:
    """The table of outputs has them all, in order."""
    told = [name for row in table("### Outputs") for name in re.findall(r"`([a-z-]+)`", row[0])]
    assert told == list(ACTION["outputs"])


def test_the_action_is_a_container() -> None:
    """A branch builds its image, a release names one; no user text goes by args, which runners split."""
    runs = ACTION["runs"]
    assert runs["using"] == "docker"
    assert runs["image"] == "Dockerfile" or runs["image"].startswith("docker://")
    assert "args" not in runs
