"""Log lines as the run goes on."""

from __future__ import annotations

import logging

import pytest

from acp_action.events import GroupStarted, RunFinished, StopRequested
from acp_action.progress.log import LogLines

EVENTS = (
    GroupStarted(0.0, "g", 2, ""),
    StopRequested(1.0, "", "why"),
    RunFinished(1.0, "stopped", 1.0, 1.0, 1.0),
)


@pytest.mark.parametrize(
    ("level", "texts"),
    [
        ("DEBUG", ["Starting parallel group 'g' with 2 steps", "Stopping: why"]),
        ("INFO", ["Starting parallel group 'g' with 2 steps", "Stopping: why"]),
        ("WARNING", ["Stopping: why"]),
        ("ERROR", []),
    ],
)
def test_lines_below_the_level_are_left_out(
    level: str, texts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """log_level decides which of the guide's lines are logged; events without a line log nothing."""
    caplog.set_level(logging.DEBUG, "acp_action.run")
    for event in EVENTS:
        LogLines(level)(event)
    assert [record.message for record in caplog.records] == texts
