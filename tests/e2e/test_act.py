"""The action in a real runner, ``act``: inputs, outputs, annotations, summary and the artifact service."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile

import pytest
from markdown_it import MarkdownIt

from tests.e2e.acting import Run, act, needs_act

pytestmark = needs_act

MEDIA = {"base_image.png", "video_version.mp4", "edited_version.png", "upscaled_version.png", "final.txt"}
BESIDE = {"manifest.json", "report.json", "report.md", "report.html"}
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ANNOTATIONS = ("error", "warning", "notice")


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The guide's hybrid pipeline."""
    return act("hybrid", tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A pipeline in which a step fails."""
    return act("failing", tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A file with faults."""
    return act("broken", tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Names and prompts that try to be commands."""
    return act("hostile", tmp_path_factory.mktemp("artifacts"))


def outputs(run: Run) -> dict[str, str]:
    """The outputs that the runner took, the last word for each."""
    return {record["name"]: record["arg"] for record in run.commands("set-output")}


def test_steps_after_the_action_find_what_they_need(hybrid: Run) -> None:
    """The workflow's own checks of every output and file pass, in the job and in a later one."""
    assert "All outputs are as they should be." in hybrid.log
    assert (hybrid.job_result("media"), hybrid.job_result("later")) == ("success", "success")
    assert hybrid.code == 0


def test_the_log_is_that_of_the_guide(hybrid: Run) -> None:
    """The group's lines are there, within a fold of the log."""
    assert "[INFO] Starting parallel group 'variations' with 3 steps" in hybrid.log
    assert re.search(r"\[INFO\] \[\d/3\] Completed: video_version \(\d+\.\d+s\)", hybrid.log)
    assert len(hybrid.commands("group")) == len(hybrid.commands("endgroup")) > 0


def test_the_summary_has_the_steps_and_the_artifact(hybrid: Run) -> None:
    """The job summary has a row for each step, a chart, and the way to the artifact."""
    for name in ("base_image", "video_version", "final"):
        assert re.search(rf"^\|.*{name}.*\|$", hybrid.summary.replace("\\_", "_"), re.MULTILINE)
    chart = hybrid.summary.partition("```mermaid\n")[2].partition("\n```")[0]
    assert "\ngantt\n" in f"\n{chart}\n"
    assert outputs(hybrid)["artifact-url"] in hybrid.summary


def test_the_artifact_is_whole(hybrid: Run) -> None:
    """The zip that the service keeps has the hash that the output names, and all files of the run."""
    archive = hybrid.artifact("hybrid media")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == outputs(hybrid)["artifact-digest"]
    with zipfile.ZipFile(archive) as packed:
        assert packed.testzip() is None
        assert set(packed.namelist()) >= MEDIA | BESIDE
        assert json.loads(packed.read("manifest.json"))


def test_a_failed_step_costs_the_job_and_nothing_else(failing: Run) -> None:
    """The job is red; files, outputs, summary and artifact are there all the same."""
    assert "Half of it is there." in failing.log
    assert failing.job_result("media") == "failure"
    assert failing.code != 0
    assert "bad" in failing.summary
    with zipfile.ZipFile(failing.artifact("half of it")) as packed:
        assert {"good.png", "after_good.txt"} | BESIDE <= set(packed.namelist())


def test_a_failed_step_is_annotated_at_its_line(failing: Run) -> None:
    """The error points to the step in the pipeline file."""
    (error,) = failing.commands("error")
    assert error["kvPairs"]["file"].endswith("tests/e2e/pipelines/failing.yaml")
    assert error["kvPairs"]["line"] == "8"
    assert "bad" in error["kvPairs"].get("title", "") + error["arg"]


def test_every_fault_of_a_file_is_annotated_at_its_line(broken: Run) -> None:
    """All faults at once, each where it stands; nothing is started, and no artifact made."""
    errors = broken.commands("error")
    assert [error["kvPairs"]["line"] for error in errors] == ["3", "6", "11"]
    assert {error["kvPairs"]["file"] for error in errors} == {"tests/e2e/pipelines/broken.yaml"}
    assert "Nothing was started." in broken.log
    assert broken.job_result("media") == "failure"
    assert "max_wokers" in broken.summary.replace("\\_", "_")


def test_foreign_text_forms_no_command(hostile: Run) -> None:
    """S18: outputs, masks and annotations are the action's own, whatever names and prompts say."""
    assert "Nothing was forged." in hostile.log
    assert hostile.job_result("media") == "success"
    assert hostile.commands("set-env", "stop-commands", "add-path", "save-state") == []
    assert [r for r in hostile.records if str(r.get("arg", "")).startswith("forged")] == []
    assert [r for r in hostile.commands(*ANNOTATIONS) if r["kvPairs"].get("file") == "forged"] == []
    assert {r["arg"] for r in hostile.commands("add-mask")} & {"a", "e"} == set()


def test_foreign_text_forms_no_markup(hostile: Run) -> None:
    """S21: as GitHub reads it, the summary's one link is our own, and it holds no image, HTML or mention."""
    tokens = [
        token for block in MARKDOWN.parse(hostile.summary) for token in (block, *(block.children or ()))
    ]
    assert {token.type for token in tokens} & {"image", "html_inline", "html_block"} == set()
    links = [token.attrs["href"] for token in tokens if token.type == "link_open"]
    assert links == [outputs(hostile)["artifact-url"]]
    assert [token.content for token in tokens if token.type == "text" and "@octocat" in token.content] == []
    assert any("@octocat" in token.content for token in tokens if token.type == "code_inline")
