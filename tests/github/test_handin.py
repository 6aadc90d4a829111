"""The artifact of a run, from its files to the outputs, against a strict service on real sockets."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from acp_action import StopSwitch
from acp_action.errors import Cancelled
from acp_action.github.handin import _until_stopped, kept_files
from tests.github.acting import Acted, act, runner
from tests.github.artifact_service import Fault, StrictService
from tests.github.runner_port import runner_commands
from tests.github.test_outcome import BAD, GOOD, ended

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.github.artifacts import Uploaded

PIPELINE = """
settings: {provider: local, fail_fast: false}
steps:
  - {name: one, type: text_to_image, params: {prompt: a cat, width: 64, height: 64}}
  - {name: two, type: text_to_image, params: {prompt: a dog, fail: true}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout in which an earlier run, and somebody else, left files in the output folder."""
    (tmp_path / "ws/output").mkdir(parents=True)
    (tmp_path / "ws/p.yaml").write_text(PIPELINE)
    (tmp_path / "ws/output/private.txt").write_text("not made by this run")
    return tmp_path / "ws"


def act_with(service: StrictService, workspace: Path, **inputs: str) -> Acted:
    """The action in a job that has this artifact service."""
    environ = runner(
        workspace.parent / "runner",
        ACTIONS_RESULTS_URL=f"{service.url}/",
        ACTIONS_RUNTIME_TOKEN=service.token,
        GITHUB_SERVER_URL="https://git.example",
        GITHUB_REPOSITORY="o/r",
        GITHUB_RUN_ID="7",
    )
    return act(workspace, environ, config="p.yaml", **inputs)


def uploaded(service: StrictService, name: str = "ai-content") -> dict[str, bytes]:
    """The files of the artifact as the service has them."""
    with zipfile.ZipFile(io.BytesIO(service.content(name))) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def test_a_failed_run_is_handed_in_too(service: StrictService, workspace: Path) -> None:
    """G5: media, manifest and reports of this run and nothing else, under the ids that the outputs tell."""
    acted = act_with(service, workspace)
    assert acted.code == 1
    files = uploaded(service)
    assert set(files) == {"one.png", "manifest.json", "report.json", "report.md", "report.html"}
    assert files["one.png"] == (workspace / "output/one.png").read_bytes()
    artifact = acted.outputs["artifact-id"]
    assert acted.outputs["artifact-url"] == f"https://git.example/o/r/actions/runs/7/artifacts/{artifact}"
    assert acted.outputs["artifact-url"] in acted.summary


def test_a_failed_upload_fails_the_job_and_keeps_the_files(service: StrictService, workspace: Path) -> None:
    """Even where failed steps would not: what was asked for is not there. The message says what to do."""
    assert act_with(service, workspace, fail_on_error="false").code == 0
    acted = act_with(service, workspace, fail_on_error="false")
    assert acted.code == 1
    told = [c.data for c in runner_commands(acted.log) if c.name == "error"]
    assert any("ai-content" in text and "overwrite" in text for text in told)
    assert (workspace / "output/one.png").is_file()
    assert "one.png" in acted.summary


def test_overwrite_replaces_an_artifact(service: StrictService, workspace: Path) -> None:
    """The second of two runs under one name succeeds with ``overwrite: true``."""
    first = act_with(service, workspace, fail_on_error="false")
    second = act_with(service, workspace, fail_on_error="false", overwrite="true")
    assert (first.code, second.code) == (0, 0)
    assert first.outputs["artifact-id"] != second.outputs["artifact-id"]


def test_no_token_or_signed_address_is_shown(service: StrictService, workspace: Path) -> None:
    """Neither the runner's token nor the signature of the upload stands anywhere but where it is masked."""
    service.faults["CreateArtifact"].append(Fault(400, json.dumps({"msg": service.token}).encode()))
    acted = act_with(service, workspace)
    assert acted.code == 1
    shown = [line for line in acted.log.splitlines() if not line.startswith("::add-mask::")]
    assert [line for line in [*shown, acted.summary] if service.token in line] == []


@pytest.mark.parametrize("wanted", ["false", "true"])
def test_an_upload_is_made_only_when_it_is_wanted(
    service: StrictService, workspace: Path, wanted: str
) -> None:
    """With ``upload-artifact: false`` the service hears nothing."""
    act_with(service, workspace, upload_artifact=wanted)
    assert bool(service.seen) == (wanted == "true")


def test_kept_files_are_those_that_the_run_made(in_tmp: Path) -> None:
    """S14: a file that was replaced by a link meanwhile is left out, and so is one that is gone."""
    run = ended(in_tmp / "one", GOOD, BAD)
    names = {path.name for path in kept_files([run])}
    assert names == {"a.png", "manifest.json", "report.json", "report.md", "report.html"}
    (in_tmp / "one/a.png").unlink()
    (in_tmp / "one/a.png").symlink_to("/etc/hostname")
    (in_tmp / "one/report.md").unlink()
    assert {path.name for path in kept_files([run])} == {"manifest.json", "report.json", "report.html"}


def test_a_signal_is_not_held_up_by_a_request() -> None:
    """X1: while the upload is stuck, a stop gives the way free at once; the upload is told to end."""
    stuck, halt, stop = threading.Event(), threading.Event(), StopSwitch()

    def work() -> Uploaded:
        stop.stop("cancelled")
        stuck.wait(60.0)
        raise AssertionError("nobody waits for it")

    with pytest.raises(Cancelled):
        _until_stopped(work, halt, stop)
    assert halt.is_set()
    stuck.set()
