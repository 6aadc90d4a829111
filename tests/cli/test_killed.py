"""SIGKILL against the real program: what it wrote down is enough for every form of its report."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from acp_action.api.what_if import what_if
from acp_action.report.files import find_run
from acp_action.report.forms import FORMS, render
from tests.cli.programs import SLOW, Running, run

if TYPE_CHECKING:
    from pathlib import Path


def killed(folder: Path, moment: str) -> None:
    """A run that is killed when standard error says this."""
    (folder / "p.yaml").write_text(SLOW)
    with Running("run-chain", "-c", "p.yaml", cwd=folder) as program:
        program.until(moment)
        program.process.send_signal(signal.SIGKILL)
        assert program.end()[0] == -signal.SIGKILL


@pytest.mark.parametrize(
    ("moment", "statuses"),
    [
        ("Started: quick", [None, "skipped", "skipped", "skipped"]),
        ("Started: slow_2", ["succeeded", "cancelled", "cancelled", "skipped"]),
    ],
)
def test_a_killed_run_is_told_as_far_as_it_came(
    tmp_path: Path, moment: str, statuses: list[str | None]
) -> None:
    """In its first step, which may just have ended, and in the middle of two: in every form there is."""
    killed(tmp_path, moment)
    found = find_run(tmp_path / "output")
    known = [
        step.status if status else None for step, status in zip(found.report.steps, statuses, strict=True)
    ]
    assert known == statuses
    assert found.report.stopped.startswith("the run was killed at about ")
    assert found.filed is False
    for form in FORMS:
        assert render(form, found.report, tmp_path, tmp_path, found.manifest, filed=False).endswith("\n")
    assert what_if(tmp_path / "output").guessed >= 3


def test_the_next_run_clears_up(tmp_path: Path) -> None:
    """Until then the commands tell of the killed one; after it nothing is left of that."""
    killed(tmp_path, "Started: slow_2")
    shown = run("report", "output", "-f", "html", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, b"")
    page = shown.stdout.decode()
    assert "a cat" in page
    assert "The run wrote no report; this page is made from its log." in page
    (tmp_path / "p.yaml").write_text(SLOW.replace(", delay: 60", ""))
    assert run("run-chain", "-c", "p.yaml", cwd=tmp_path).returncode == 0
    assert find_run(tmp_path / "output").report.status == "succeeded"
    assert not (tmp_path / "output/acp-state").exists()
