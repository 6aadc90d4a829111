"""The files around the package: they name no machine, keep their promises and find each other."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import acp_action
from acp_action import errors

TOP = Path(__file__).resolve().parent.parent
# Folders of one machine. Those that every container or runner has are facts, not traces.
MACHINE_PATH = re.compile(
    r"(?<![\w.~:/}])/(?:home|root|Users|work|workspace|mnt|srv|opt)/(?!runner\b)[\w.-]+"
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
PICTURE = re.compile(r"!\[(?P<told>[^\]]*)\]\((?P<place>[^)\s]+)\)|<(?:img|source)\b(?P<tag>[^>]*)>")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*")
OWN_HIDDEN = {".ci", ".github"}
# Jobs that need another right than to read the repository.
RIGHTS = {
    "artifact": {},
    "push": {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"},
    "verify": {"contents": "read", "packages": "read", "attestations": "read"},
    "publish": {"contents": "write"},
}
LEFT_BY_TOOLS = {"output", "build", "dist", "htmlcov", "__pycache__"}


def texts() -> dict[str, str]:
    """The repository's own text files by place: what git knows, or every file where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=False)
    own = listed.returncode == 0 and listed.stdout.strip("\0").split("\0")
    files = [TOP / name for name in own] if own else walk(TOP)
    read = ((f.relative_to(TOP).as_posix(), f.read_bytes()) for f in files if f.is_file())
    return {place: data.decode("utf-8") for place, data in read if b"\0" not in data}


def walk(top: Path) -> list[Path]:
    """Every file below a folder but for what tools leave there."""
    found: list[Path] = []
    for folder, folders, names in os.walk(top):
        folders[:] = {f for f in folders if not f.startswith(".")} - LEFT_BY_TOOLS | OWN_HIDDEN & {*folders}
        found += [Path(folder, name) for name in names]
    return found


def documents() -> dict[str, str]:
    """The Markdown files of the repository, by place."""
    return {place: text for place, text in texts().items() if place.endswith(".md")}


def workflows() -> dict[str, Any]:
    """The workflows, parsed, by file name."""
    return {f.name: yaml.safe_load(f.read_text("utf-8")) for f in (TOP / ".github/workflows").glob("*.yml")}


def make_targets() -> set[str]:
    """The targets that people call: those that the Makefile declares phony."""
    phony = re.search(r"^\.PHONY:(.*)$", (TOP / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony
    return set(phony.group(1).split()) - {"FORCE"}


def test_no_file_names_a_machine() -> None:
    """Nothing in the repository knows where it was written."""
    assert {p: m.group() for p, t in texts().items() if (m := MACHINE_PATH.search(t))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [("in {}/x", True), ('"{}"', True), ("https://a.b{}", False), ("~{}/x", False)],
)
def test_machine_paths_are_found(text: str, found: bool) -> None:
    """The check above sees absolute paths and leaves addresses alone."""
    # Put together here, or this file would name one.
    assert bool(MACHINE_PATH.search(text.format("/".join(("", "home", "alice"))))) == found


def test_texts_are_clean() -> None:
    """Every text ends in one line feed, has Unix line ends and no white space at the end of a line."""
    dirty = re.compile(r"\r|[ \t]$|[^\n]\Z|\n\n\Z", re.MULTILINE)
    golden = ("tests/golden/", "tests/guide/")
    assert [p for p, t in texts().items() if not p.startswith(golden) and dirty.search(t)] == []


def test_links_lead_somewhere() -> None:
    """A link from one document to another file of the repository finds it."""
    links = [(place, link) for place, text in documents().items() for link in LINK.findall(text)]
    assert links
    assert [(p, link) for p, link in links if not (TOP / p).parent.joinpath(link).exists()] == []


def test_pictures_are_there_and_told_in_words() -> None:
    """What a document shows exists, with a text for those who cannot see it; nothing lies there unseen."""
    shown: set[Path] = set()
    for place, text in documents().items():
        for found in PICTURE.finditer(text):
            given = dict(re.findall(r'(\w+)="([^"]*)"', found["tag"] or ""))
            picture = (TOP / place).parent / (found["place"] or given.get("src") or given["srcset"])
            assert picture.is_file(), f"{place} shows {picture}, which is not there"
            assert "srcset" in given or len(found["told"] or given["alt"]) > 20, (
                f"{place}: say what {picture} shows"
            )
            shown.add(picture.resolve())
    assert shown == set((TOP / "docs/pictures").iterdir())


def test_documents_name_real_make_targets() -> None:
    """Every ``make something`` that a document tells people to type exists."""
    named = {t for text in documents().values() for t in re.findall(r"`(?:\w+=\S+ )?make ([a-z-]+)", text)}
    assert {"demo", "test"} <= named <= make_targets()


def test_make_help_tells_every_target() -> None:
    """``make`` alone lists all there is."""
    told = subprocess.run(["make", "-s", "help"], cwd=TOP, capture_output=True, text=True, check=True)
    assert set(re.findall(r"make ([a-z-]+)", told.stdout)) == make_targets() - {"help"}


def test_exit_codes_of_the_document_are_those_of_the_errors() -> None:
    """docs/exit-codes.md lists every code that an error ends with, and success and interruption."""
    text = (TOP / "docs/exit-codes.md").read_text("utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    used = {kind.exit_code for kind in kinds if issubclass(kind, errors.AcpError)}
    assert listed == used | {0, 129, 130, 143}


def test_package_knows_its_version() -> None:
    """The version in the code is the one that the wheel carries."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    assert acp_action.__version__ == project["version"]


def test_changelog_has_a_place_for_what_comes() -> None:
    """The changelog opens with what is not released yet."""
    headings = re.findall(r"^## .*$", (TOP / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "## [Unreleased]"


def test_workflow_actions_are_pinned() -> None:
    """Every action is named by commit, with its version beside it."""
    for file in (TOP / ".github/workflows").glob("*.yml"):
        used = re.findall(r"uses: (?!\./)(.*)$", file.read_text("utf-8"), re.MULTILINE)
        assert [name for name in used if not PINNED.fullmatch(name)] == []


def test_workflows_have_the_least_rights() -> None:
    """A workflow may nothing; each of its jobs says what it needs, and how long it may take."""
    for workflow in workflows().values():
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            assert job["permissions"] == RIGHTS.get(name, {"contents": "read"})
            assert job["timeout-minutes"] <= 60


def test_workflow_scripts_hold_no_expressions() -> None:
    """Nothing from outside is pasted into a shell script."""
    jobs = [job for workflow in workflows().values() for job in workflow["jobs"].values()]
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_ci_runs_every_python_that_is_promised() -> None:
    """The versions in the package's classifiers are those that CI tests."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    promised = [c.rpartition(" ")[2] for c in project["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert workflows()["ci.yml"]["jobs"]["test"]["strategy"]["matrix"]["python"] == promised
    assert project["requires-python"] == f">={promised[0]}"


def test_release_names_the_image_in_the_action() -> None:
    """The release changes the one line of action.yml that names the image, and nothing else."""
    script = next(
        s["run"]
        for s in workflows()["release.yml"]["jobs"]["publish"]["steps"]
        if "sed -i" in s.get("run", "")
    )
    pattern, replacement = re.findall(r'sed -i "s\|(.*?)\|(.*?)\|"', script)[0]
    image = replacement.replace('\\"', '"').replace(
        "$IMAGE:$GITHUB_REF_NAME@$DIGEST", "ghcr.io/a/b:v1.2.3@sha256:0"
    )
    action = (TOP / "action.yml").read_text("utf-8")
    released = re.sub(pattern, image, action, flags=re.MULTILINE)
    runs = {"using": "docker", "image": "docker://ghcr.io/a/b:v1.2.3@sha256:0"}
    assert yaml.safe_load(released) == yaml.safe_load(action) | {"runs": runs}
