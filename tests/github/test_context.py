"""What the runner says, and that no token stays in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from acp_action.github.context import read_context

TOKENS = ("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")


def test_a_bare_container_is_a_context_too(tmp_path: Path) -> None:
    """With docker run on a laptop: the workspace is where we are, and nobody reads outputs."""
    context = read_context({}, tmp_path)
    assert (context.workspace, context.in_actions, context.debug) == (tmp_path, False, False)
    assert (context.output_file, context.summary_file, context.artifacts) == (None, None, None)
    assert context.run_url == ""


def test_tokens_are_taken_out_of_the_environment() -> None:
    """S27: no helper program inherits them; they are kept to be hidden."""
    environ = {name: f"{name}-value" for name in TOKENS} | {"PATH": "/bin"}
    context = read_context(environ, Path("/"))
    assert environ == {"PATH": "/bin"}
    assert set(context.tokens) == {f"{name}-value" for name in TOKENS}


@pytest.mark.parametrize("missing", ["ACTIONS_RESULTS_URL", "ACTIONS_RUNTIME_TOKEN"])
def test_half_an_artifact_service_is_none(missing: str) -> None:
    """Without its address or without a token nothing can be uploaded."""
    environ = {"ACTIONS_RESULTS_URL": "http://127.0.0.1:1/", "ACTIONS_RUNTIME_TOKEN": "x" * 20, missing: ""}
    assert read_context(environ, Path("/")).artifacts is None


@pytest.mark.parametrize(("days", "cap"), [("90", 90), ("0", 0), ("", 0), ("many", 0)])
def test_the_cap_on_retention_is_read(days: str, cap: int) -> None:
    """The runner act says 0, which stands for no cap, as does what is no number."""
    environ = {
        "ACTIONS_RESULTS_URL": "http://127.0.0.1:1/", "ACTIONS_RUNTIME_TOKEN": "x" * 20,
        "GITHUB_RETENTION_DAYS": days,
    }  # fmt: skip
    service = read_context(environ, Path("/")).artifacts
    assert service
    assert service.retention_cap == cap


def test_a_temporary_folder_that_is_not_mounted_is_not_used(tmp_path: Path) -> None:
    """Runners before September 2025 name one that the container does not have."""
    named = {"RUNNER_TEMP": str(tmp_path / "none")}
    assert read_context(named, tmp_path).temp.is_dir()
    (tmp_path / "none").mkdir()
    assert read_context(named, tmp_path).temp == tmp_path / "none"


def test_the_runs_page_needs_all_its_parts() -> None:
    """The address is that of server, repository and run; a part of it is of no use."""
    environ = {
        "GITHUB_SERVER_URL": "https://git.example/", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7",
    }  # fmt: skip
    assert read_context(environ, Path("/")).run_url == "https://git.example/o/r/actions/runs/7"
    assert read_context({**environ, "GITHUB_RUN_ID": ""}, Path("/")).run_url == ""
