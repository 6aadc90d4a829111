"""The image, started as the runner starts it, and as people do on their machines."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest

from tests.e2e.containers import IMAGE, WORKSPACE, Finished, Job, client, make_job, needs_image, owner

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_image

GROUP = """
name: Two pictures
steps:
  - type: parallel_group
    name: pictures
    steps:
      - {name: mill, type: text_to_image, params: {prompt: "{{input}}", width: 64, height: 64}}
      - {name: tower, type: text_to_image, params: {prompt: a tower, width: 64, height: 64}}
  - {name: words, type: analyze_image, input_from: mill}
"""
SLOW = """
steps:
  - {name: quick, type: text_to_image, params: {prompt: a mill, width: 64, height: 64}}
  - {name: slow, type: text_to_image, params: {prompt: a tower, width: 64, height: 64, delay: 80}}
"""
INPUTS = {"config": "pipeline.yaml", "provider": "local", "input": "a mill", "max-workers": "2"}
GRACE = 7.5
"""Seconds that the runner waits between SIGINT and SIGTERM."""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job whose workspace holds a small pipeline."""
    made = make_job(tmp_path)
    made.write("pipeline.yaml", GROUP)
    return made


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Finished]:
    """A step that succeeded, and its job."""
    job = make_job(tmp_path_factory.mktemp("done"))
    job.write("pipeline.yaml", GROUP)
    return job, job.run(INPUTS)


def plainly(*arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """``docker run`` as a person types it, without any variable of GitHub."""
    command = ["docker", "run", "--rm", *options, IMAGE, *arguments]
    return subprocess.run(command, env=client(), capture_output=True, text=True, check=False, timeout=100)


def test_step_succeeds_and_sets_its_outputs(done: tuple[Job, Finished]) -> None:
    """Outputs are there by the runner's rules, and name files that a later step finds."""
    job, step = done
    assert step.code == 0, step.log
    assert step.outputs["status"] == "succeeded"
    assert [step.outputs[f"steps-{n}"] for n in ("total", "succeeded", "failed")] == ["3", "3", "0"]
    assert (job.workspace / step.outputs["manifest"]).is_file()
    assert json.loads((job.workspace / step.outputs["report"]).read_text("utf-8"))
    assert json.loads(step.outputs["json"])["status"] == "succeeded"


def test_log_has_the_lines_of_the_guide_in_a_group(done: tuple[Job, Finished]) -> None:
    """A pipeline group is a fold of the log, with the guide's lines in it."""
    log = done[1].log
    fold = re.search(r"^::group::(.*?)^::endgroup::$", log, re.MULTILINE | re.DOTALL)
    assert fold, log
    assert re.search(r"^\[INFO\] \[\d/2\] Completed: mill \(\d+\.\d+s\)$", fold[1], re.MULTILINE)


def test_summary_tells_of_the_run(done: tuple[Job, Finished]) -> None:
    """The job summary has the steps in a table."""
    assert re.search(r"^\|.*mill.*\|$", done[1].summary, re.MULTILINE)


def test_no_artifact_service_costs_a_warning(done: tuple[Job, Finished]) -> None:
    """Without a token the files stay in the workspace; said once, and in no output."""
    assert len(re.findall(r"^::warning.*artifact", done[1].log, re.MULTILINE)) == 1
    assert not done[1].outputs.get("artifact-id")


def test_files_are_the_workspaces_owners(done: tuple[Job, Finished]) -> None:
    """Nothing in the workspace is root's: the next checkout has to be able to remove it."""
    made = [*(done[0].workspace / "output").rglob("*")]
    assert {"mill.png", "tower.png", "words.txt", "manifest.json"} <= {path.name for path in made}
    assert {path.stat().st_uid for path in (done[0].workspace / "output", *made)} == {owner()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_step_hands_in_what_is_there(job: Job, number: signal.Signals) -> None:
    """Within the runner's grace it ends with 128 + signal, and what was finished is handed in."""
    job.write("pipeline.yaml", SLOW)
    with job.start(INPUTS) as process:
        assert process.stdout
        begun = "".join(takewhile(lambda line: "Started: slow" not in line, process.stdout))
        process.send_signal(number)
        try:
            rest, _ = process.communicate(timeout=GRACE)
        finally:
            process.kill()
    step = job.finished(process.returncode, begun + rest)
    assert step.code == 128 + number, step.log
    assert step.outputs["status"] == "stopped"
    assert "quick" in step.summary
    folder = job.workspace / step.outputs["output-dir"]
    names = {path.name for path in folder.iterdir()}
    assert {"quick.png", "manifest.json", "report.json", "report.md", "report.html"} <= names
    assert {path.stat().st_uid for path in folder.iterdir()} == {owner()}


def test_a_workspace_that_cannot_be_written_is_told_before_anything_runs(job: Job) -> None:
    """A read-only workspace is an error of use, whose message names the folder."""
    step = replace(job, workspace_options=":ro").run(INPUTS)
    assert step.code == 2, step.log
    assert re.search(r"^::error.*output", step.log, re.MULTILINE)
    assert step.outputs["status"] == "invalid"
    assert "Started:" not in step.log


@pytest.mark.parametrize("home", ["/nowhere", "/proc", ""])
def test_home_may_lie_anywhere(job: Job, home: str) -> None:
    """Nothing is read from or written to HOME, which is the runner's choice."""
    assert job.run(INPUTS, environ={"HOME": home}).code == 0
    assert list((job.top / "home").iterdir()) == []


def test_code_of_the_workspace_is_not_imported(job: Job) -> None:
    """S15: modules in the workspace, in HOME and on PYTHONPATH are called like ours, and stay unread."""
    trap = f"open('{WORKSPACE}/stolen', 'a').close()\n"
    for name in ("yaml", "requests", "sitecustomize", "usercustomize", "av", "json", "acp_action/__init__"):
        job.write(f"{name}.py", trap)
    site = job.top / "home/.local/lib/python3.13/site-packages"
    site.mkdir(parents=True)
    (site / "usercustomize.py").write_text(trap, "utf-8")
    hostile = {"PYTHONPATH": WORKSPACE, "PYTHONSTARTUP": f"{WORKSPACE}/yaml.py", "PYTHONHOME": "/nowhere"}
    step = job.run(INPUTS, environ=hostile)
    assert step.code == 0, step.log
    assert not (job.workspace / "stolen").exists()


def test_without_a_runner_it_tells_where_the_files_are(job: Job) -> None:
    """On a laptop no variable of GitHub is set: none is missed, and the last lines name the folder."""
    inputs = ("-e", "INPUT_CONFIG=pipeline.yaml", "-e", "INPUT_PROVIDER=local", "-e", "INPUT_INPUT=a mill")
    ran = plainly(options=("-v", f"{job.workspace}:{WORKSPACE}", *inputs))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"files in output\b", ran.stdout)
    assert not re.search(r"^::|warning", ran.stdout, re.MULTILINE)
    assert {path.stat().st_uid for path in (job.workspace / "output").iterdir()} == {owner()}


def test_with_arguments_it_is_the_command_line(job: Job) -> None:
    """``docker run IMAGE validate pipeline.yaml`` checks a file; ``run-chain`` leaves the owner's files."""
    mounted = ("-v", f"{job.workspace}:{WORKSPACE}")
    assert plainly("--version", options=mounted).stdout.startswith("acp-action ")
    assert plainly("validate", "pipeline.yaml", options=mounted).returncode == 0
    ran = plainly(
        "run-chain", "--config", "pipeline.yaml", "--provider", "local", "--input", "a", options=mounted
    )
    assert ran.returncode == 0, ran.stderr
    assert {path.stat().st_uid for path in (job.workspace / "output").iterdir()} == {owner()}


def test_a_broken_file_ends_the_command_line_with_its_code(job: Job) -> None:
    """The image's exit codes are those of the command."""
    job.write("broken.yaml", "steps:\n  - {type: text_to_imagge}\n")
    ran = plainly("validate", "broken.yaml", options=("-v", f"{job.workspace}:{WORKSPACE}"))
    assert ran.returncode == 2
    assert "broken.yaml:2:" in ran.stderr + ran.stdout


def test_it_needs_no_rights_but_those_of_the_workspaces_owner(job: Job) -> None:
    """As another user, with no capability and nothing but the workspace to write to, previews work."""
    options: tuple[str, ...] = (
        "--read-only",
        "--cap-drop=ALL",
        "--network=none",
        "--user",
        f"{owner()}:{owner()}",
    )
    options = (*options, "-v", f"{job.workspace}:{WORKSPACE}")
    ran = plainly(
        "run-chain", "--config", "pipeline.yaml", "--provider", "local", "--input", "a", options=options
    )
    assert ran.returncode == 0, ran.stderr


def test_speech_is_spoken(job: Job) -> None:
    """The image brings espeak-ng, so that previews of speech are words and no tones."""
    job.write(
        "pipeline.yaml", "steps:\n  - {name: hello, type: text_to_speech, params: {text: Hello there}}\n"
    )
    assert job.run(INPUTS).code == 0
    assert '"espeak-ng"' in (job.workspace / "output/manifest.json").read_text("utf-8")


LEFT_OUT = """
import importlib.util, pathlib, shutil, sys
import acp_action.cli.app, acp_action.github.action, av, PIL.Image, requests, tenacity, rich.progress
specs = [module.__spec__ for module in sys.modules.values() if getattr(module, "__spec__", None)]
sources = [spec.origin for spec in specs if spec.has_location and spec.origin.endswith(".py")]
print([f for f in sources if not pathlib.Path(importlib.util.cache_from_source(f)).exists()])
print([name for name in ("gcc", "cc", "make", "git", "curl") if shutil.which(name)])
print([name for name in ("pip", "setuptools", "hatchling") if importlib.util.find_spec(name)])
home = pathlib.Path.home()
print([str(p) for p in pathlib.Path("/var/lib/apt/lists").iterdir()], (home / ".cache").exists())
"""


def test_image_has_bytecode_and_no_tools() -> None:
    """Whatever the action imports is compiled already; compilers, pip and caches were left behind."""
    ran = plainly("-I", "-c", LEFT_OUT, options=("--entrypoint", "/acp/bin/python"))
    assert ran.stdout.splitlines() == ["[]", "[]", "[]", "[] False"], ran.stderr


def test_image_says_what_it_is() -> None:
    """The labels of the Open Containers Initiative name title, licence and source."""
    asked = ["docker", "image", "inspect", "-f", "{{json .Config}}", IMAGE]
    shown = subprocess.run(asked, env=client(), capture_output=True, text=True, check=True)
    config = json.loads(shown.stdout)
    labels = {name.removeprefix("org.opencontainers.image.") for name in config["Labels"]}
    assert {"title", "description", "licenses", "source", "documentation"} <= labels
    assert config["WorkingDir"] == WORKSPACE
    assert not config.get("User")
