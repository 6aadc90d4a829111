"""run-chain and its relatives, from the command line to the files on disk."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from acp_action import __version__
from acp_action.api.run import carry_out
from acp_action.cli.app import COMMANDS, build_command, main
from tests.cli.programs import COMMAND, environment, run

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = """
name: Batch
steps:
  - type: parallel_group
    name: batch_images
    steps:
      - {name: image_1, type: text_to_image, model: flux_schnell, params: {prompt: "a {{input}}"}}
      - {name: image_2, type: text_to_image, model: flux_schnell, params: {prompt: a fox}}
"""
LOCAL = ("--provider", "local")


@pytest.fixture
def folder(in_tmp: Path) -> Path:
    """A folder with the pipeline ``p.yaml``, made the current one."""
    (in_tmp / "p.yaml").write_text(GUIDE)
    return in_tmp


def call(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command line."""
    code = main(words)
    out, err = capfd.readouterr()
    return code, out, err


def test_a_run_logs_as_the_guide_shows(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Rule 8: progress in the guide's words on standard error, files and headline on standard output."""
    code, out, err = call(capfd, "run-chain", "--config", "p.yaml", *LOCAL, "--input", "cat")
    assert code == 0
    lines = [re.sub(r"\d+\.\ds", "0.0s", line) for line in err.splitlines()]
    assert lines[0] == "[INFO] Starting parallel group 'batch_images' with 2 steps"
    assert sorted(lines[1:5]) == [
        "[INFO] [1/2] Completed: image_1 (0.0s)",
        "[INFO] [1/2] Started: image_1",
        "[INFO] [2/2] Completed: image_2 (0.0s)",
        "[INFO] [2/2] Started: image_2",
    ]
    assert lines[5:] == ["[INFO] Parallel group completed in 0.0s (vs 0.0s sequential)"]
    assert out.startswith("  output/image_1.png\n  output/image_2.png\n")
    assert out.endswith("Report: output/report.html\n")


def test_json_is_one_document(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """--json: standard output is the report and nothing else; progress stays on standard error."""
    code, out, err = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "--json", "-o", "made")
    document = json.loads(out)
    assert (code, document["exit_code"], document["success"]) == (0, 0, True)
    assert document["output_dir"] == str(folder / "made")
    assert document["report"] == json.loads((folder / "made/report.json").read_text())
    assert "[INFO] [1/2] Started: image_1" in err


def test_a_stream_is_one_event_a_line(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """--stream: each event as a line of JSON, the result as the last one."""
    code, out, _ = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "--stream")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    names = [event["event"] for event in events]
    assert names[:2] == ["RunStarted", "GroupStarted"]
    assert names[-3:] == ["GroupFinished", "RunFinished", "Result"]
    assert names.count("StepStarted") == names.count("StepFinished") == 2


def test_quiet_says_nothing_that_is_no_error(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """--quiet: silence on success, the failure and nothing else otherwise."""
    words = ("run-chain", "-c", "p.yaml", *LOCAL, "-q", "-i", "cat")
    assert call(capfd, *words) == (0, "", "")
    (folder / "p.yaml").write_text(GUIDE.replace("prompt: a fox", "prompt: a fox, fail: true"))
    code, out, err = call(capfd, *words)
    assert (code, out) == (1, "")
    assert [line[:31] for line in err.splitlines()][:1] == ["[ERROR] [2/2] Failed: image_2 ("]


def test_a_dry_run_touches_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """--dry-run: the plan is shown as ``plan`` shows it, and no file or folder is made."""
    code, out, _ = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "--dry-run")
    assert code == 0
    assert "flag --provider" in out
    assert os.listdir(folder) == ["p.yaml"]  # noqa: PTH208 - names are enough
    code, out, _ = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "--dry-run", "--json")
    assert json.loads(out)["name"] == "Batch"


def test_a_dry_run_tells_of_missing_keys(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What would stop the run stops the dry run, with the same code."""
    code, out, err = call(capfd, "run-chain", "-c", "p.yaml", "-i", "cat", "--dry-run")
    assert (code, out) == (3, "")
    assert "FAL_KEY" in err
    assert "--provider local" in err


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_an_unusable_folder_ends_with_2(
    folder: Path, capfd: pytest.CaptureFixture[str], more: list[str]
) -> None:
    """F4: the folder is tried before anything runs, and looked at in a dry run."""
    (folder / "taken").write_text("a file")
    code, out, err = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "-o", "taken", *more)
    assert (code, out) == (2, "")
    assert "--output-dir" in err


def test_problems_of_the_file_are_told_with_line_and_caret(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A wrong file ends with 2, all problems at once, on standard error; in JSON with their places."""
    (folder / "p.yaml").write_text(
        GUIDE.replace("a fox", '"a {{inptu}}"').replace("name: Batch", "nmae: Batch")
    )
    code, out, err = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "--json", "-i", "cat")
    problems = json.loads(out)["error"]["problems"]
    assert (code, json.loads(out)["exit_code"]) == (2, 2)
    assert [(p["line"], p["mend"]) for p in problems] == [
        (2, "did you mean 'name'?"),
        (8, "did you mean '{{input}}'?"),
    ]
    assert "p.yaml:2:1: " in err
    assert "\n      | ^\n" in err


def test_a_missing_input_is_told_before_anything_runs(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file that uses {{input}} needs --input."""
    code, _, err = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL)
    assert code == 2
    assert "--input" in err


@pytest.mark.parametrize("words", [["-i", "@cat.txt"], ["-i", "-"]])
def test_the_input_comes_from_a_file_or_a_pipe(folder: Path, words: list[str]) -> None:
    """@file and - give the prompt its text, whatever the locale."""
    (folder / "cat.txt").write_text("猫\n", encoding="utf-8")
    done = run("run-chain", "-c", "p.yaml", *LOCAL, "--json", *words, stdin="猫\n".encode(), cwd=folder)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((folder / "output/manifest.json").read_text("utf-8"))
    assert "a 猫" in json.dumps(manifest["outputs"][0]["params"], ensure_ascii=False)


def test_a_reader_that_leaves_costs_nothing(folder: Path) -> None:
    """X11: ``| head -1`` ends without a trace, and every result is there."""
    line = f"{' '.join(COMMAND)} run-chain -c p.yaml --provider local -i cat --stream | head -1"
    done = subprocess.run(line, shell=True, env=environment(), capture_output=True, check=False)  # noqa: S602
    assert json.loads(done.stdout)["event"] == "RunStarted"
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert len(json.loads((folder / "output/manifest.json").read_text())["outputs"]) == 2


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "</dev/null >/dev/null 2>&1"])
def test_closed_streams_cost_nothing(folder: Path, closing: str) -> None:
    """X11: without standard output or error the run still succeeds and its files are whole."""
    line = f"{' '.join(COMMAND)} run-chain -c p.yaml --provider local -i cat {closing}"
    done = subprocess.run(line, shell=True, env=environment(), check=False, capture_output=True)  # noqa: S602
    assert done.returncode == 0
    assert (folder / "output/image_1.png").read_bytes().startswith(b"\x89PNG")


def test_a_full_device_is_told(folder: Path) -> None:
    """A document that could not be written is no success."""
    line = f"{' '.join(COMMAND)} run-chain -c p.yaml --provider local -i cat --json > /dev/full"
    done = subprocess.run(line, shell=True, env=environment(), check=False, capture_output=True)  # noqa: S602
    assert done.returncode == 1
    assert done.stderr.count(b"cannot write to standard output: No space left") == 1
    assert (folder / "output/report.json").exists()


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_any_locale_and_any_letter(folder: Path, locale: dict[str, str]) -> None:
    """X11: emoji in names and prompts survive LC_ALL=C, on the terminal, in JSON and on disk."""
    (folder / "p.yaml").write_text(GUIDE.replace("image_1", "bild_ä🎈"), encoding="utf-8")
    words = ("run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat")
    assert run(*words, env=environment(**locale), cwd=folder).returncode == 0
    done = run(*words, "--json", env=environment(**locale), cwd=folder)
    assert json.loads(done.stdout)["report"]["steps"][0]["name"] == "bild_ä🎈"


def test_a_name_that_the_system_cannot_write_is_told(folder: Path) -> None:
    """Where file names are not UTF-8 a step that cannot be saved is an error before anything runs."""
    (folder / "p.yaml").write_text(GUIDE.replace("image_1", "bild_ä🎈"), encoding="utf-8")
    ascii_only = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    done = run("run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", env=ascii_only, cwd=folder)
    assert done.returncode == 2
    assert b"set PYTHONUTF8=1" in done.stderr


def test_only_the_steps_that_are_asked_for(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """--step narrows the run; a name that does not exist is told with the nearest one."""
    code, out, _ = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "--step", "image_2", "--json")
    assert (code, [s["name"] for s in json.loads(out)["report"]["steps"]]) == (0, ["image_2"])
    code, _, err = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "--step", "imagee_2")
    assert code == 2
    assert "did you mean 'image_2'?" in err


def test_variables_are_open_only_when_allowed(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--allow-env NAME opens a variable to the file; without it the file is wrong."""
    (folder / "p.yaml").write_text(GUIDE.replace("a fox", "'{{env.ANIMAL}}'"))
    monkeypatch.setenv("ANIMAL", "zebra")
    words = ("run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "--json")
    code, _, err = call(capfd, *words)
    assert code == 2
    assert "--allow-env ANIMAL" in err
    code, _, _ = call(capfd, *words, "--allow-env", "ANIMAL")
    assert code == 0
    assert "zebra" in (folder / "output/manifest.json").read_text()


@pytest.mark.parametrize(
    ("words", "origin"),
    [
        (["--max-workers", "1"], {"worker_cap": "flag --max-workers"}),
        (["--no-parallel"], {"parallel": "flag --no-parallel"}),
        (["--timeout", "9"], {"timeout": "flag --timeout"}),
        (["--log-level", "error"], {"log_level": "flag --log-level"}),
        ([], {"parallel": "default", "provider": "flag --provider"}),
    ],
)
def test_flags_win_and_the_report_says_so(
    folder: Path, capfd: pytest.CaptureFixture[str], words: list[str], origin: dict[str, str]
) -> None:
    """Rule 1: where each setting came from stands in the report."""
    _, out, _ = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "--json", *words)
    origins = {s["name"]: s["origin"] for s in json.loads(out)["report"]["settings"]}
    assert {name: origins.get(name) for name in origin} == origin


def test_the_starter_runs_as_it_is(in_tmp: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A new project: init writes a pipeline that validates and runs, and never overwrites a file."""
    assert call(capfd, "init")[0] == 0
    assert call(capfd, "validate", "pipeline.yaml")[1] == "pipeline.yaml: valid, 5 steps\n"
    code, _, err = call(capfd, "run-chain", "-c", "pipeline.yaml", *LOCAL, "-i", "a lighthouse")
    assert (code, "Parallel group completed" in err) == (0, True)
    (in_tmp / "pipeline.yaml").write_text("mine")
    code, _, err = call(capfd, "init")
    assert code == 2
    assert "there already" in err
    assert call(capfd, "init", "no/folder.yaml")[0] == 2
    assert "steps:" in call(capfd, "init", "-")[1]
    assert os.listdir(in_tmp).count("-") == 0  # noqa: PTH208 - names are enough
    assert (in_tmp / "pipeline.yaml").read_text() == "mine"


def test_plan_shows_the_graph(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The plan as text, as JSON and as Mermaid; keys and input are not asked for."""
    assert "batch_images" in call(capfd, "plan", "p.yaml")[1]
    assert json.loads(call(capfd, "plan", "p.yaml", "--json")[1])["steps"][0]["name"] == "image_1"
    assert call(capfd, "plan", "p.yaml", "--mermaid")[1].startswith("flowchart TD")
    assert call(capfd, "plan", "p.yaml", "--mermaid", "--json")[0] == 2
    assert os.listdir(folder) == ["p.yaml"]  # noqa: PTH208 - names are enough


def test_validate_tells_of_all_files(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Good and bad files in one go; JSON has a verdict for each, and one bad file makes the code 2."""
    (folder / "bad.yaml").write_text("steps: [{type: text_to_imag}]")
    code, out, err = call(capfd, "validate", "p.yaml", "bad.yaml")
    assert (code, out) == (2, "p.yaml: valid, 2 steps\n")
    assert "bad.yaml:1:" in err
    code, out, _ = call(capfd, "validate", "p.yaml", "bad.yaml", "--json")
    verdicts = json.loads(out)["files"]
    assert [(v["file"], v["valid"], len(v["problems"])) for v in verdicts] == [
        ("p.yaml", True, 0), ("bad.yaml", False, len(verdicts[1]["problems"])),
    ]  # fmt: skip
    assert verdicts[1]["problems"]


def test_a_file_that_is_not_there_does_not_hide_the_others(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Validating gives a verdict for every file, also for one that cannot be read."""
    code, out, _ = call(capfd, "validate", "missing.yaml", "p.yaml", "--json")
    missing, found = json.loads(out)["files"]
    assert (code, missing["valid"], found["valid"]) == (2, False, True)
    problem = missing["problems"][0]
    assert (problem["file"], problem["what"]) == ("missing.yaml", "there is no such file")
    assert problem["mend"].startswith("check the path")


def test_a_wrong_flag_is_no_verdict_about_a_file(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is wrong with the command line ends validate, whatever the files are."""
    code, out, _ = call(capfd, "validate", "p.yaml", "--provider", "nowhere", "--json")
    assert (code, json.loads(out)["error"]["type"]) == (2, "UsageError")


@pytest.mark.parametrize("words", [["--format", "json"], ["-f", "json"], ["--format=json"]])
def test_a_report_that_is_not_there_is_json_where_json_was_asked_for(
    in_tmp: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """With --format json, report keeps standard output JSON in failure, too."""
    code, out, _ = call(capfd, "report", "nowhere", *words)
    assert (code, json.loads(out)["exit_code"]) == (2, 2)


def test_an_empty_input_is_told_before_anything_runs(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A prompt that is the input and nothing else needs one that says something."""
    (folder / "q.yaml").write_text('steps: [{type: text_to_image, params: {prompt: "{{input}}"}}]')
    code, out, err = call(capfd, "run-chain", "-c", "q.yaml", *LOCAL, "-i", " ")
    assert (code, out) == (2, "")
    assert "needs the run's input, and that is empty; give one that says something" in err


@pytest.mark.parametrize(("form", "lead"), [
        ("text", "Batch: "), ("md", "# "), ("json", "{"), ("html", "<!doctype html>"), ("svg", "<svg "),
        ("trace", '{"traceEvents"'), ("csv", '"step",'), ("jsonl", '{"event": "RunStarted"'),
    ],
)  # fmt: skip
def test_a_report_can_be_shown_again(
    folder: Path, capfd: pytest.CaptureFixture[str], form: str, lead: str
) -> None:
    """What the run wrote is shown again by report FOLDER what the run wrote, in each form."""
    call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "-q")
    code, out, _ = call(capfd, "report", "output", "--format", form)
    assert code == 0
    assert out.startswith(lead)


def test_a_report_can_be_written_to_a_file(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With --output nothing is on standard output; a page made elsewhere leads to the files of the run."""
    call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "-q")
    (folder / "pages").mkdir()
    assert call(capfd, "report", "output", "-f", "html", "-o", "pages/r.html") == (0, "", "")
    assert 'href="./../output/image_1.png"' in (folder / "pages/r.html").read_text("utf-8")
    code, out, err = call(capfd, "report", "output", "-f", "svg", "-o", "nowhere/r.svg")
    assert (code, out) == (2, "")
    assert "cannot write nowhere/r.svg: the folder nowhere does not exist; make it first" in err


def test_a_report_can_be_written_to_standard_output_by_its_name(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """And to the device that takes everything; a page finds the files as if it stood beside them."""
    call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "-q")
    for words in ((), ("-f", "html"), ("-f", "csv")):
        _, plain, _ = call(capfd, "report", "output", *words)
        assert call(capfd, "report", "output", *words, "-o", "/dev/stdout") == (0, plain, "")
    assert 'href="./image_1.png"' in call(capfd, "report", "output", "-f", "html", "-o", "/dev/stdout")[1]
    assert call(capfd, "report", "output", "-o", "/dev/null") == (0, "", "")


def test_events_can_be_told_again(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The events that report makes are those that the run itself told, but for what it does not keep."""
    _, told, _ = call(capfd, "run-chain", "-c", "p.yaml", *LOCAL, "-i", "cat", "--stream")
    _, again, _ = call(capfd, "report", "output", "-f", "jsonl")

    def kept(text: str) -> list[dict[str, object]]:
        lost = ("at", "wall", "expected", "service", "duration", "sequential", "speedup")
        events = [json.loads(line) for line in text.splitlines()]
        return [{k: v for k, v in e.items() if k not in lost} for e in events if e["event"] != "Result"]

    def order(event: dict[str, object]) -> str:
        return json.dumps([event["event"], event.get("step")])

    assert sorted(kept(again), key=order) == sorted(kept(told), key=order)


def test_the_schema_is_json(capfd: pytest.CaptureFixture[str]) -> None:
    """The command writes the JSON Schema of pipeline files."""
    assert json.loads(call(capfd, "schema")[1])["properties"]["steps"]


def test_models_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    """list-models by type and provider, for people and for programs."""
    _, out, _ = call(capfd, "list-models", "--type", "text_to_image")
    assert re.search(r"^  flux_dev +fal +\$", out, re.MULTILINE)
    assert "$0.003 per image or $0.025 per megapixel" in out, "what sources say, and what reports count"
    assert "reports and simulations count the highest" in out
    assert "also: kling_2_6_pro" in call(capfd, "list-models")[1], "the guide's name, which is an alias"
    models: list[dict[str, Any]] = json.loads(call(capfd, "list-models", "--provider", "fal", "--json")[1])
    assert {m["provider"] for m in models} == {"fal"}
    assert "free" in call(capfd, "list-models", "--type", "split_image")[1]
    assert "$0.03 per 1,000 characters" in call(capfd, "list-models", "--type", "text_to_speech")[1]


def test_single_steps_from_the_command_line(in_tmp: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """generate-image, image-to-video and analyze-image show the file or the text they made."""
    code, out, err = call(capfd, "generate-image", "a cat", *LOCAL, "--param", "seed=7", "--name", "cat")
    assert (code, out) == (0, f"{in_tmp}/output/cat.png\n")
    assert "[INFO] Started: cat" in err
    _, out, _ = call(capfd, "image-to-video", "output/cat.png", "-m", "local", "-p", "duration=1", "--json")
    assert json.loads(out)["files"][0]["codec"] == "h264"
    code, out, err = call(capfd, "analyze-image", "output/cat.png", *LOCAL, "--quiet", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["text"]


def test_a_single_step_that_fails(in_tmp: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, the reason on standard error, and a document all the same."""
    words = ("generate-image", "a cat", *LOCAL, "--param", "fail=true")
    code, out, err = call(capfd, *words)
    assert (code, out) == (1, "")
    assert "[ERROR] Failed: generate_image_a_cat" in err
    document = json.loads(call(capfd, *words, "--json")[1])
    assert (document["success"], document["exit_code"], document["output_path"]) == (False, 1, None)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_what_the_command_says(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Each line in the list of commands is the first line of the command's own help."""
    assert build_command(name).help.splitlines()[0] == COMMANDS[name][1]
    code, out, _ = call(capfd, name, "--help")
    assert code == 0
    assert COMMANDS[name][1] in out


def test_the_program_says_what_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    """--version and the list of commands."""
    assert call(capfd, "--version") == (0, f"acp-action {__version__}\n", "")
    code, out, _ = call(capfd, "-h")
    assert code == 0
    assert [name for name in COMMANDS if name not in out] == []


def test_a_bug_is_one_line_and_a_log(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own ends with 1 and a log to report, not with a traceback."""
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr("acp_action.api.prepare.load_pipeline", lambda *_, **__: 1 // 0)
    code, _, err = call(capfd, "plan", "p.yaml")
    assert code == 1
    assert "internal error: ZeroDivisionError" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "fresh", "resubmit"),
    [((), False, False), (("--fresh",), True, False), (("--resubmit-doubtful",), False, True)],
)
def test_what_may_be_paid_for_again_is_said_by_flags(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], fresh: bool, resubmit: bool
) -> None:
    """Never without: money is spent twice on a word only."""
    asked: list[Any] = []

    def note(*args: Any, **wishes: Any) -> Any:
        asked.append((wishes["fresh"], wishes["resubmit_doubtful"]))
        return carry_out(*args, **wishes)

    monkeypatch.setattr("acp_action.api.run.carry_out", note)
    assert main(("run-chain", "--config", "p.yaml", *LOCAL, "--input", "cat", *words)) == 0
    assert asked == [(fresh, resubmit)]
