"""The example workflows, and those that documents show, use the action as it is, and safely."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_repository import PINNED

TOP = Path(__file__).resolve().parent.parent
ACTION: dict[str, Any] = yaml.safe_load((TOP / "action.yml").read_text("utf-8"))
EXAMPLES = sorted((TOP / "examples/workflows").glob("*.yml"))
FENCED = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"\./|acp-action/acp-action@v\d+")
OUTPUT = re.compile(r"\bsteps\.([\w-]+)\.outputs\.([\w-]+)")

every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


def snippets() -> dict[str, str]:
    """Every workflow, or part of one, that uses the action: in files and in documents, by place."""
    files = [*EXAMPLES, *(TOP / ".github/workflows").glob("*.yml"), *(TOP / "tests/e2e").rglob("*.yml")]
    found = {str(file.relative_to(TOP)): file.read_text("utf-8") for file in files}
    for document in (TOP / "README.md", *(TOP / "docs").rglob("*.md")):
        blocks = FENCED.findall(document.read_text("utf-8"))
        found |= {f"{document.name}, block {n}": block for n, block in enumerate(blocks)}
    return {place: text for place, text in found.items() if re.search(rf"uses: +({OURS.pattern})\s", text)}


def steps(node: Any) -> list[dict[str, Any]]:
    """Every mapping with ``uses`` in a parsed workflow, or in a part of one."""
    if isinstance(node, list):
        return [step for item in node for step in steps(item)]
    if not isinstance(node, dict):
        return []
    return [node] * ("uses" in node) + [step for item in node.values() for step in steps(item)]


def of_the_action(text: str) -> list[dict[str, Any]]:
    """The steps that use this action."""
    return [step for step in steps(yaml.safe_load(text)) if OURS.fullmatch(str(step["uses"]))]


def test_there_are_snippets() -> None:
    """The rules below look at every example and at the workflows of the repository's own."""
    assert {f"examples/workflows/{name}.yml" for name in ("refresh", "compare", "matrix", "validate")} <= set(
        snippets()
    )


@pytest.mark.parametrize("place", snippets())
def test_inputs_exist(place: str) -> None:
    """Every input that a workflow gives is one of the action's, and those that are required are given."""
    required = {name for name, entry in ACTION["inputs"].items() if entry.get("required")}
    for step in of_the_action(snippets()[place]):
        assert required <= set(step["with"]) <= set(ACTION["inputs"])


@pytest.mark.parametrize("place", snippets())
def test_outputs_exist(place: str) -> None:
    """Every output that a workflow reads is one of the action's."""
    text = snippets()[place]
    own = {step["id"] for step in of_the_action(text) if "id" in step}
    assert {name for step, name in OUTPUT.findall(text) if step in own} <= set(ACTION["outputs"])


@pytest.mark.parametrize("place", snippets())
def test_keys_come_from_secrets(place: str) -> None:
    """A provider's key is never written out, and its secret is called like its input."""
    for step in of_the_action(snippets()[place]):
        for name in (n for n in step["with"] if n.endswith(("-key", "-token"))):
            secret = name.upper().replace("-", "_")
            assert step["with"][name] == f"${{{{ secrets.{secret} }}}}"


@every_example
def test_example_has_the_least_rights(example: Path) -> None:
    """Nothing at the top; each job says what it needs and why, and how long it may take."""
    text = example.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert all(
            re.search(rf"^ +{right}: {level} # to ", text, re.MULTILINE)
            for right, level in job["permissions"].items()
        )


@every_example
def test_example_pins_what_it_uses(example: Path) -> None:
    """The actions of others are named by commit; a checkout leaves no token behind."""
    text = example.read_text("utf-8")
    used = re.findall(r"uses: (.*)$", text, re.MULTILINE)
    assert [name for name in used if not OURS.fullmatch(name) and not PINNED.fullmatch(name)] == []
    checkouts = [s for s in steps(yaml.safe_load(text)) if s["uses"].startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@every_example
def test_example_hands_nothing_from_outside_to_a_shell(example: Path) -> None:
    """Scripts hold no expressions, and what forks send never meets a secret or a right to write."""
    text = example.read_text("utf-8")
    workflow = yaml.safe_load(text)
    scripts = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert not any("${{" in script for script in scripts)
    # YAML 1.1 reads the key "on" as true.
    assert "pull_request_target" not in str(workflow[True])


@every_example
def test_example_tells_what_it_is_for(example: Path) -> None:
    """An example opens with what it does, and is listed in the README of the examples."""
    assert re.match(r"# [A-Z].{40,}\n", example.read_text("utf-8"))
    assert f"({example.name})" in (example.parent / "README.md").read_text("utf-8")


def test_artifacts_of_a_matrix_have_names_of_their_own() -> None:
    """In a matrix, an artifact name that is given holds what tells the jobs apart."""
    for place, text in snippets().items():
        for job in (yaml.safe_load(text).get("jobs") or {}).values() if "jobs:" in text else ():
            named = [
                s["with"].get("artifact-name", "matrix.") for s in steps(job) if OURS.fullmatch(s["uses"])
            ]
            assert not job.get("strategy") or all("matrix." in name for name in named), place
