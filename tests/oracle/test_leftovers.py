"""Many jobs at once leave nothing behind: no thread, no socket, no bill too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracle.books import check_books
from tests.oracle.cloud import Cloud, batch, written
from tests.oracle.harness import Runs

if TYPE_CHECKING:
    from pathlib import Path

JOBS, WORKERS = 1000, 256


@pytest.mark.oracle
def test_a_thousand_jobs_leave_no_thread_and_no_socket(tmp_path: Path) -> None:
    """With 256 workers; each job is paid once."""
    text = batch({"fal": JOBS}).replace("name: batch\n", f"name: batch\n    max_workers: {WORKERS}\n")
    pipeline = written(tmp_path, text)
    with Runs("tests.oracle.remote:carried_out") as runs, Cloud(["fal"], speed=20.0) as cloud:
        ran = runs.run(pipeline, tmp_path, environment=cloud.environment, hurry=20.0)
        assert (ran.code, ran.left) == (0, []), (ran.error, ran.left)
        assert cloud.billed() == dict.fromkeys(ran.steps, 1)
        assert len(ran.steps) == JOBS
        assert cloud["fal"].queue.most > WORKERS / 4  # type: ignore[attr-defined]
    check_books(tmp_path / "output")
