"""What the runner says of the job, read once; tokens are taken out of the environment on the way."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

# No helper program needs them, and what is not there cannot leak.
_TOKENS: Final = ("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")


@dataclass(frozen=True, slots=True)
class ArtifactServer:
    """Where the run's artifacts go: ``ACTIONS_RESULTS_URL`` and ``ACTIONS_RUNTIME_TOKEN``.

    ``retention_cap``: days that the repository allows (``GITHUB_RETENTION_DAYS``), 0 for no cap.
    """

    results_url: str
    token: str = field(repr=False)
    retention_cap: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """The job as the runner describes it; everything may be missing but ``workspace``.

    ``in_actions``: whether a runner reads what we print. ``output_file``, ``summary_file``: command files.
    ``artifacts``: the artifact service, None where the runner offers none. ``run_url``: the run's page, empty
    when unknown. ``temp``: a folder for large temporary files. ``tokens``: secrets that are never shown.
    """

    workspace: Path
    in_actions: bool
    debug: bool
    output_file: Path | None
    summary_file: Path | None
    artifacts: ArtifactServer | None
    run_url: str
    job: str
    temp: Path
    tokens: tuple[str, ...]


def read_context(environ: MutableMapping[str, str], here: Path) -> Context:
    """The context; tokens are removed from ``environ``. ``here``: the workspace where nothing names it."""
    tokens = {name: environ.pop(name, "").strip() for name in _TOKENS}
    return Context(
        workspace=_folder(environ.get("GITHUB_WORKSPACE")) or here,
        in_actions=environ.get("GITHUB_ACTIONS") == "true",
        debug=environ.get("RUNNER_DEBUG") == "1",
        output_file=_path(environ.get("GITHUB_OUTPUT")),
        summary_file=_path(environ.get("GITHUB_STEP_SUMMARY")),
        artifacts=_service(environ, tokens["ACTIONS_RUNTIME_TOKEN"]),
        run_url=_run_url(environ),
        job=environ.get("GITHUB_JOB", ""),
        temp=_folder(environ.get("RUNNER_TEMP")) or Path(tempfile.gettempdir()),
        tokens=tuple(token for token in tokens.values() if token),
    )


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _folder(value: str | None) -> Path | None:
    """A folder that is really there: runners of before September 2025 name one that is not mounted."""
    path = _path(value)
    return path if path is not None and path.is_dir() else None


def _service(environ: Mapping[str, str], token: str) -> ArtifactServer | None:
    url = environ.get("ACTIONS_RESULTS_URL", "").strip()
    if not url or not token:
        return None
    days = environ.get("GITHUB_RETENTION_DAYS", "").strip()
    # act says 0, which means that there is no cap.
    return ArtifactServer(url, token, int(days) if days.isascii() and days.isdigit() else 0)


def _run_url(environ: Mapping[str, str]) -> str:
    parts = [environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    server, repository, run = parts
    return f"{server.rstrip('/')}/{repository}/actions/runs/{run}" if all(parts) else ""
