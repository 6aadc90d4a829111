"""The official client of the artifact service, unchanged, against our service and our uploads.

``make node-clients`` installs it; ``NODE_CLIENTS`` names another folder with its versions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.github.archive import pack
from tests.github.artifact_service import StrictService
from tests.github.uploads import Uploader

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).resolve().parents[2]
CLIENTS = Path(os.environ.get("NODE_CLIENTS", TOP / ".node-clients"))
SCRIPT = TOP / "tests/e2e/node/client.mjs"
VERSIONS = ("2", "4", "5", "newest")
CONTENTS = {
    "clip.mp4": os.urandom(9 * 1024 * 1024),
    "empty.txt": b"",
    "report.md": b"the same again\n" * 5000,
    "shots/über.json": b"{}",
    "zip within.png": b"PK\x03\x04" * 100,
}

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not (CLIENTS / "node_modules").is_dir(), reason="not there: run `make node-clients`"),
]


@dataclass(frozen=True)
class Official:
    """One version of the official client, in the job that a service's token is for."""

    version: str
    service: StrictService

    def __call__(self, command: str, *given: str | Path) -> dict[str, Any]:
        """The answer of a command; see the script."""
        environment = {
            "PATH": os.environ["PATH"],
            "ACTIONS_RESULTS_URL": self.service.url,
            "ACTIONS_RUNTIME_TOKEN": self.service.token,
            "GITHUB_SERVER_URL": "https://github.com",
        }
        package = CLIENTS / "node_modules" / f"artifact-{self.version}"
        line = ["node", str(SCRIPT), str(package), command, *map(str, given)]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["answer"]
        return answer


@pytest.fixture
def service() -> Iterator[StrictService]:
    """A service that behaves as GitHub's does."""
    with StrictService() as running:
        yield running


@pytest.fixture(params=VERSIONS)
def official(request: pytest.FixtureRequest, service: StrictService) -> Official:
    """The official client in each of its versions."""
    return Official(request.param, service)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the files of an artifact."""
    for name, content in CONTENTS.items():
        path = tmp_path / "output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "output"


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file's content by its path in the folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_we_upload_the_official_client_lists_and_unpacks(official: Official, root: Path) -> None:
    """Name, size and digest are listed, the digest matches the download, and the files are equal."""
    uploader = Uploader(official.service, pack(root, sorted(root.rglob("*.*")), root.parent / "media.zip"))
    ours = uploader("media")
    (listed,) = official("list")["artifacts"]
    got = official("download", "media", root.parent / "got")
    assert (listed["name"], listed["id"], listed["size"]) == ("media", int(ours.id), ours.bytes)
    assert listed["digest"] == f"sha256:{ours.digest}"
    assert got["digestMismatch"] is False
    assert files_in(root.parent / "got") == CONTENTS


def test_official_client_uploads_to_our_service_and_downloads_from_it(official: Official, root: Path) -> None:
    """The service speaks the protocol: a client that was written for the real one meets no difference."""
    theirs = official("upload", "theirs", root, "6", *sorted(root.rglob("*.*")))
    official("download", "theirs", root.parent / "got")
    stored = official.service.store.artifacts[0]
    assert (theirs["id"], theirs["size"], f"sha256:{theirs['digest']}") == (
        stored.id,
        stored.blob.size,
        stored.digest,
    )
    assert files_in(root.parent / "got") == CONTENTS


def test_official_client_deletes_what_we_uploaded(official: Official, root: Path) -> None:
    """An artifact of ours is one like any other."""
    ours = Uploader(official.service, pack(root, [root / "report.md"], root.parent / "media.zip"))("media")
    assert official("delete", "media") == {"id": int(ours.id)}
    assert official("list") == {"artifacts": []}


def test_we_replace_what_the_official_client_uploaded(official: Official, root: Path) -> None:
    """Overwriting works on others' artifacts."""
    official("upload", "media", root, "0", root / "report.md")
    uploader = Uploader(official.service, pack(root, [root / "clip.mp4"], root.parent / "media.zip"))
    uploader("media", overwrite=True)
    official("download", "media", root.parent / "got")
    assert files_in(root.parent / "got") == {"clip.mp4": CONTENTS["clip.mp4"]}
