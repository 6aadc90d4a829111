"""The action as a whole: what it prints, sets, writes and ends with, however a run goes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.api.run import carry_out
from tests.github.acting import Acted, act, runner
from tests.github.runner_port import runner_commands

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.api.run import PipelineResult
    from acp_action.plan.model import Plan

GOOD = """\
name: Good
steps:
  - type: parallel_group
    name: batch
    steps:
      - {name: one, type: text_to_image, params: {prompt: "a cat, {{input}}", width: 64, height: 64}}
      - {name: two, type: text_to_image, params: {prompt: a dog, width: 64, height: 64}}
  - {name: facts, type: analyze_image, input_from: one}
"""
BAD = """\
name: Bad
settings: {provider: local, fail_fast: false}
steps:
  - {name: fine, type: text_to_image, params: {prompt: a cat, width: 64, height: 64}}
  - {name: broken, type: text_to_image, params: {prompt: a dog, fail: true}}
"""
SLOW = """\
settings: {provider: local}
steps:
  - {name: quick, type: text_to_image, params: {prompt: a cat, width: 64, height: 64}}
  - {name: slow, type: text_to_image, params: {prompt: a dog, delay: 60}}
"""
WRONG = """\
steps:
  - {name: a, type: text_to_imag, params: {prompt: x}}
  - {name: b, type: text_to_image, parms: {prompt: x}}
"""
KEY = "canary-0123456789-abcdef"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with pipelines of each kind."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    for name, text in {"good": GOOD, "bad": BAD, "slow": SLOW, "wrong": WRONG}.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def errors(acted: Acted) -> list[tuple[str, str]]:
    """The error annotations: file and line, and message."""
    found = [c for c in runner_commands(acted.log) if c.name == "error"]
    return [(f"{c.properties.get('file')}:{c.properties.get('line')}", c.data) for c in found]


def warnings(acted: Acted) -> list[str]:
    """The messages of the warnings."""
    return [c.data for c in runner_commands(acted.log) if c.name == "warning"]


def test_a_run_that_goes_well(workspace: Path) -> None:
    """Exit 0, the guide's lines, every output set, the files where the outputs say, and a summary."""
    acted = act(workspace, config="good.yaml", provider="local", input="at dusk", upload_artifact="false")
    assert acted.code == 0, acted.log
    assert "[INFO] Starting parallel group 'batch' with 2 steps" in acted.log
    assert re.search(r"^\[INFO\] \[1/2\] Completed: one \(\d+\.\ds\)$", acted.log, re.MULTILINE)
    assert re.search(r"^\[INFO\] Parallel group completed in .* sequential\)$", acted.log, re.MULTILINE)
    assert acted.outputs["status"] == "succeeded"
    assert acted.outputs["steps-succeeded"] == acted.outputs["steps-total"] == "3"
    assert all((workspace / acted.outputs[name]).is_file() for name in ("manifest", "report"))
    assert json.loads(acted.outputs["json"])["pipelines"][0]["config"] == "good.yaml"
    assert "facts" in acted.summary
    assert errors(acted) == []


def test_a_failed_step_is_told_everywhere(workspace: Path) -> None:
    """Exit 1, an annotation at its line, outputs and summary; what was made is kept."""
    acted = act(workspace, config="bad.yaml", upload_artifact="false")
    assert acted.code == 1
    assert [place for place, _ in errors(acted)] == ["bad.yaml:5"]
    assert (acted.outputs["status"], acted.outputs["steps-failed"]) == ("failed", "1")
    assert "broken" in acted.summary
    assert (workspace / "output/fine.png").is_file()


def test_a_failure_need_not_fail_the_job(workspace: Path) -> None:
    """With fail-on-error: false the outputs tell, and the job goes on."""
    acted = act(workspace, config="bad.yaml", upload_artifact="false", fail_on_error="false")
    assert (acted.code, acted.outputs["status"]) == (0, "failed")


def test_all_problems_of_all_files_are_annotated(workspace: Path) -> None:
    """Nothing is started, not even the file that is right; each problem stands at its own line."""
    acted = act(workspace, config="*o*.yaml", provider="local", input="x")
    assert acted.code == 2
    assert [place for place, _ in errors(acted)] == ["wrong.yaml:2", "wrong.yaml:3"]
    assert acted.outputs == {"status": "invalid"}
    assert "text_to_imag" in acted.summary
    assert not (workspace / "output").exists()


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"config": "good.yaml", "max_wrokers": "3"}, "max-wrokers"),
        ({"config": "none.yaml"}, "config"),
        ({"config": "good.yaml", "dry_run": "perhaps"}, "dry-run"),
        ({"config": "good.yaml", "provider": "local", "input": "x", "output_dir": "../x"}, "output-dir"),
        ({"config": "good.yaml", "allow_env": "FAL_KEY"}, "FAL_KEY"),
    ],
)
def test_a_wrong_input_is_an_error_that_names_it(workspace: Path, inputs: dict[str, Any], named: str) -> None:
    """Exit 2 before anything runs."""
    acted = act(workspace, **inputs)
    assert (acted.code, acted.outputs) == (2, {"status": "invalid"})
    assert [named in message for _, message in errors(acted)] == [True]


def test_missing_keys_stop_it_before_anything_is_paid(workspace: Path) -> None:
    """Exit 3, with the variable and the input that the key may come by."""
    acted = act(workspace, config="good.yaml", input="x")
    assert acted.code == 3
    told = " ".join(message for _, message in errors(acted))
    assert "FAL_KEY" in told
    assert "fal-key" in told


def test_a_dry_run_needs_no_keys(workspace: Path) -> None:
    """G2: a fork has no secrets; it still gets its files checked and its plan shown."""
    acted = act(workspace, config="good.yaml", dry_run="true")
    assert (acted.code, acted.outputs["status"], acted.outputs["steps-total"]) == (0, "planned", "3")
    assert any("fal" in warning for warning in warnings(acted))
    assert "facts" in acted.summary
    assert not (workspace / "output").exists()


def test_several_pipelines_get_a_folder_each(workspace: Path) -> None:
    """They run one after another; a failed one does not keep the next from running."""
    acted = act(workspace, config="bad.yaml\ngood.yaml", provider="local", input="x", output_dir="results")
    assert acted.code == 1
    assert acted.outputs["output-dir"] == "results/bad\nresults/good"
    assert (workspace / "results/good/two.png").is_file()
    assert acted.outputs["steps-total"] == "5"


@pytest.mark.parametrize(
    ("config", "more"), [("bad.yaml", {}), ("wrong.yaml", {}), ("good.yaml", {"dry_run": "true"})]
)
def test_no_summary_is_written_where_none_is_wanted(
    workspace: Path, config: str, more: dict[str, Any]
) -> None:
    """However it ends: after a run, for a broken file and for a plan."""
    assert act(workspace, config=config, **more).summary
    (workspace.parent / "runner/summary").unlink()
    assert act(workspace, config=config, summary="false", **more).summary == ""


def test_an_input_is_never_a_file_name(workspace: Path) -> None:
    """A prompt may come from a stranger's issue; it must not be able to name a file."""
    (workspace / "secret.txt").write_text("classified")
    act(workspace, config="good.yaml", provider="local", input="@secret.txt", upload_artifact="false")
    manifest = json.loads((workspace / "output/manifest.json").read_text())
    assert manifest["outputs"][0]["params"]["prompt"] == "a cat, @secret.txt"


def test_a_key_shows_up_nowhere(workspace: Path) -> None:
    """S24: only where it is masked; not in outputs, summary or any file, even if a prompt holds it."""
    acted = act(workspace, config="good.yaml", provider="local", input=f"x {KEY} y", fal_key=KEY)
    assert "hold a key of this run" in acted.log
    commands, rest = acted.log.split("\n", 1)
    assert commands == f"::add-mask::{KEY}"
    written = [path.read_bytes() for path in (workspace / "output").iterdir()]
    assert [text for text in (rest, acted.summary, *acted.outputs.values()) if KEY in text] == []
    assert [content for content in written if KEY.encode() in content] == []


def test_without_an_artifact_service_one_warning_is_given(workspace: Path) -> None:
    """The files stay in the workspace; outputs of the artifact stay unset."""
    acted = act(workspace, config="good.yaml", provider="local", input="x")
    assert acted.code == 0
    assert [w for w in warnings(acted) if "artifact service" in w] == warnings(acted)
    assert "artifact-id" not in acted.outputs


def test_a_soft_deadline_keeps_what_is_there(workspace: Path) -> None:
    """X12: exit 3, status stopped; what was finished is in manifest and summary."""
    acted = act(workspace, config="slow.yaml", timeout_minutes="0.03", upload_artifact="false")
    assert (acted.code, acted.outputs["status"]) == (3, "stopped")
    assert "timeout-minutes" in acted.log
    manifest = json.loads((workspace / "output/manifest.json").read_text())
    assert [record["step"] for record in manifest["outputs"]] == ["quick"]


def test_command_files_that_cannot_be_written_cost_one_warning_each(workspace: Path) -> None:
    """G1: the run goes on, and its files are there."""
    environ = runner(workspace.parent / "runner", GITHUB_OUTPUT="/none/output", GITHUB_STEP_SUMMARY="/none/s")
    acted = act(workspace, environ, config="good.yaml", provider="local", input="x", upload_artifact="false")
    assert acted.code == 0
    assert sorted(w.split(":")[0] for w in warnings(acted)) == [
        "cannot hand in the step's outputs",
        "cannot hand in the step's summary",
    ]


def test_outside_of_actions_it_prints_no_commands(workspace: Path) -> None:
    """With docker run on a laptop: plain lines for a person, and where the files went."""
    environ = runner(workspace.parent / "runner", GITHUB_ACTIONS="", GITHUB_OUTPUT="", GITHUB_STEP_SUMMARY="")
    acted = act(workspace, environ, config="bad.yaml", fal_key=KEY)
    assert runner_commands(acted.log) == []
    assert "bad.yaml:5" in acted.log
    assert "1 file in output" in acted.log


def test_a_bug_in_one_pipeline_does_not_cost_the_one_before(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had ended is in outputs and summary; the status says that the whole failed."""

    def broken(plan: Plan, *args: Any, **kwargs: Any) -> PipelineResult:
        if plan.name == "Bad":
            raise RuntimeError("a bug")
        return carry_out(plan, *args, **kwargs)

    monkeypatch.setattr("acp_action.github.job.carry_out", broken)
    acted = act(workspace, config="good.yaml\nbad.yaml", provider="local", input="x")
    assert (acted.code, acted.outputs["status"]) == (1, "failed")
    assert acted.outputs["manifest"] == "output/good/manifest.json"
    assert "facts" in acted.summary


@pytest.mark.parametrize(("fresh", "resubmit"), [("true", "false"), ("false", "true"), ("", "")])
def test_what_may_be_paid_for_again_is_said_by_inputs(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, fresh: str, resubmit: str
) -> None:
    """Never without: money is spent twice on a word only."""
    asked: list[Any] = []

    def note(*args: Any, **wishes: Any) -> PipelineResult:
        asked.append((wishes["fresh"], wishes["resubmit_doubtful"]))
        return carry_out(*args, **wishes)

    monkeypatch.setattr("acp_action.github.job.carry_out", note)
    act(workspace, config="good.yaml", provider="local", input="x", fresh=fresh, resubmit_doubtful=resubmit)
    assert asked == [(fresh == "true", resubmit == "true")]


def test_a_bug_costs_nothing_that_is_there(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own failure is said to be one; the outputs and the summary say that it failed."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"::set-output name=status::fine {KEY}")

    monkeypatch.setattr("acp_action.github.job.find_configs", broken)
    acted = act(workspace, config="good.yaml", fal_key=KEY)
    assert (acted.code, acted.outputs) == (1, {"status": "failed"})
    assert {c.name for c in runner_commands(acted.log)} == {"add-mask", "error"}
    assert acted.log.count(KEY) == 1
    assert acted.summary
