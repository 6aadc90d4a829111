"""The Dockerfile and what is locked for it: what must hold before an image is built at all."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
DOCKERFILE = (TOP / "Dockerfile").read_text("utf-8")
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
LOCKS = ("build", "runtime", "workflows")
LOCKED = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ; .*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def locked(name: str) -> dict[str, str]:
    """The versions in a lock, by package."""
    return {m[1]: m[2] for m in LOCKED.finditer((TOP / f"locks/{name}.txt").read_text("utf-8"))}


def names(requirements: list[str]) -> set[str]:
    """The packages that requirements ask for."""
    return {found[0].lower() for line in requirements if (found := re.match(r"[\w-]+", line))}


def instructions(keyword: str) -> list[str]:
    """What follows a keyword of the Dockerfile, lines joined."""
    return re.findall(rf"^{keyword} (.*)$", DOCKERFILE.replace("\\\n", " "), re.MULTILINE)


def test_entry_point_is_isolated_and_unbuffered() -> None:
    """Exec form and absolute, since the working directory is the runner's; no code from the workspace."""
    (entry,) = instructions("ENTRYPOINT")
    program, *flags, script = json.loads(entry)
    assert program.startswith("/")
    assert script.startswith("/")
    assert {"-I", "-u"} <= set(flags)


def test_base_can_be_chosen() -> None:
    """Both stages start from one base, and another can be handed in, such as a mirror's."""
    assert instructions("ARG")[0] == "BASE=python:3.13-slim-bookworm"
    assert {base.split()[0] for base in instructions("FROM")} == {"${BASE}"}


def test_the_container_runs_as_root() -> None:
    """The runner's mounts belong to its own user; an image with another user could not write its outputs."""
    assert instructions("USER") == []


def test_any_builder_can_build_it() -> None:
    """Nothing in the Dockerfile is for BuildKit alone."""
    assert not re.search(r"--mount|--link|<<|^# syntax", DOCKERFILE, re.MULTILINE)


def test_what_is_installed_is_locked() -> None:
    """Packages are taken as a lock names them, by hash, or from the wheel that was built a line before."""
    commands = [shlex.split(part) for run in instructions("RUN") for part in run.split("&&")]
    installs = [words for words in commands if "install" in words and "apt-get" not in words]
    assert len(installs) == 3
    assert all({"--require-hashes", "--no-index"} & set(words) for words in installs)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_hashes_and_no_place(name: str) -> None:
    """A lock has versions with their hashes, and comments; where packages come from is not told."""
    text = (TOP / f"locks/{name}.txt").read_text("utf-8")
    assert locked(name)
    assert re.sub(r"^\s*#.*\n", "", LOCKED.sub("", text), flags=re.MULTILINE) == ""
    assert "://" not in text


def test_runtime_lock_has_what_the_package_needs() -> None:
    """A dependency that is added, or whose lowest version rises, has to be locked anew: `make lock`."""
    found = locked("runtime")
    for line in PROJECT["project"]["dependencies"]:
        name, least = line.lower().split(">=")
        assert tuple(map(int, re.findall(r"\d+", found[name]))) >= tuple(map(int, re.findall(r"\d+", least)))


def test_build_lock_has_what_the_build_needs() -> None:
    """The wheel in the image is built with the tools that pyproject.toml asks for."""
    asked = (TOP / "locks/build.in").read_text("utf-8").split("\n")
    assert names(PROJECT["build-system"]["requires"]) == names(asked) <= set(locked("build"))


def test_everything_that_is_copied_is_sent_to_the_builder() -> None:
    """The builder is sent what the Dockerfile copies, so that nothing else spoils its cache."""
    ignore = (TOP / ".dockerignore").read_text("utf-8").split()
    sent = {line[1:].rstrip("/") for line in ignore if line.startswith("!")}
    copied = {w for c in instructions("COPY") if "--from" not in c for w in c.split()[:-1]}
    assert copied == {place for place in sent if not place.startswith("locks/")} | {"locks"}
    # The suite also runs in copies without the package, against the wheel.
    assert all((TOP / place).exists() for place in sent - {"acp_action"})
