"""What went wrong, told to people on standard error and to programs on standard output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from acp_action.cli.app import main
from acp_action.cli.failure import report_failure
from acp_action.errors import (
    AcpError,
    ConfigError,
    MissingKeyError,
    OutputError,
    Position,
    Problem,
    UsageError,
)

PROBLEM = Problem(
    "steps[1].model", "there is no model 'x'", "try y", "p.yaml", Position(3, 5), "    model: x"
)
CONFIG = ConfigError([PROBLEM, Problem("name", "is empty")])
CODES = [
    (CONFIG, "ConfigError", 2),
    (UsageError("bad flag"), "UsageError", 2),
    (OutputError("no room"), "OutputError", 2),
    (MissingKeyError("no key"), "MissingKeyError", 3),
    (AcpError("else"), "AcpError", 1),
    (typer.BadParameter("not a number"), "UsageError", 2),
    (KeyboardInterrupt(), "Interrupted", 130),
    (ZeroDivisionError("oops"), "ZeroDivisionError", 1),
]


@pytest.fixture(autouse=True)
def _logs_go_to_tmp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.parametrize(("error", "kind", "code"), CODES)
def test_every_error_has_its_code_and_its_document(
    error: BaseException, kind: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is the same with and without JSON, and stands in the document."""
    assert report_failure(error, []) == code
    assert capsys.readouterr().out == ""
    assert report_failure(error, ["--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert (document["success"], document["exit_code"], document["error"]["type"]) == (False, code, kind)


def test_problems_are_shown_with_line_and_caret(capsys: pytest.CaptureFixture[str]) -> None:
    """A file's problems come one after another, each with its line, and then how many there are."""
    report_failure(CONFIG, [])
    assert capsys.readouterr().err.splitlines() == [
        "p.yaml:3:5: steps[1].model: there is no model 'x'; try y",
        "    3 |     model: x",
        "      |     ^",
        "pipeline: name: is empty",
        "",
        "2 problems found; nothing was started",
    ]


def test_problems_are_fields_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get file, line and column of each problem as values."""
    report_failure(CONFIG, ["--json"])
    first, second = json.loads(capsys.readouterr().out)["error"]["problems"]
    assert first == {
        "severity": "error", "file": "p.yaml", "line": 3, "column": 5, "where": "steps[1].model",
        "what": "there is no model 'x'", "mend": "try y", "text": "    model: x",
    }  # fmt: skip
    assert (second["line"], second["column"]) == (None, None)


def test_a_stream_ends_with_the_error_as_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads events line by line gets the error as one of them."""
    report_failure(UsageError("bad"), ["--stream"])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out)["event"] == "Error"


def test_a_bug_leaves_a_log_to_report(capsys: pytest.CaptureFixture[str]) -> None:
    """A fault of our own is one short message, and its trace stands in a file, without the user's words."""
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 // int("0")
    report_failure(caught.value, [])
    told = capsys.readouterr().err
    assert "Traceback" not in told
    found = re.search(r"bug in acp-action.*log in (.*\.log)", told)
    assert found
    log = Path(found[1]).read_text("utf-8")
    assert "acp-action 0." in log
    assert '_ = 1 // int("0")' in log


def test_a_bug_is_told_even_without_a_disk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no log can be written, the log itself is shown."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    report_failure(ZeroDivisionError("oops"), [])
    assert "ZeroDivisionError: oops" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run-chian"], "there is no command 'run-chian'; did you mean 'run-chain'?"),
        (["xyz"], "there is no command 'xyz'; see: ai-content-pipeline --help"),
        ([], "no command given; see: ai-content-pipeline --help"),
        (["run-chain"], "--config FILE is missing: the pipeline file\n"),
        (["run-chain", "--confg", "x"], "there is no option --confg; did you mean '--config'?"),
        (["run-chain", "--config", "x", "--no-paralel"], "did you mean '--no-parallel'?"),
        (["run-chain", "--config", "x", "--max-workers", "many"], "--max-workers"),
        (["run-chain", "--config", "x", "--json", "--stream"], "--json and --stream both want"),
        (["--verson"], "there is no option --verson; did you mean '--version'?"),
        (["plan", "a", "b"], "unexpected extra argument"),
        (["list-models", "--type", "text_to_imge"], "did you mean 'text_to_image'?"),
        (["list-models", "--provider", "nobody"], "give one of"),
        (["generate-image", "x", "--param", "model=y"], "--param model: model has its own place"),
        (["report", "nowhere"], "there is no report at nowhere"),
    ],
)
def test_mistakes_on_the_command_line_end_with_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong command line is told in one breath, with the nearest right word, and never as a traceback."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == "" or "--json" in words
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_mistakes_are_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A usage error does not break a program that reads standard output."""
    assert main(["plan", "--json", "--bogus"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "there is no option --bogus"
