"""What the package logs goes through the step's log (S24, S25)."""

from __future__ import annotations

import io
import logging

from acp_action.github.commands import Log
from acp_action.github.sink import package_logs
from tests.github.runner_port import runner_commands

LOGGER = logging.getLogger("acp_action.test")


class Unspeakable:
    """An object that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("::error::no")


def test_records_read_as_in_the_guide_from_a_level_on() -> None:
    """Level in brackets, then the message."""
    stream = io.StringIO()
    with package_logs(Log(stream), "INFO"):
        LOGGER.info("[1/4] Started: %s", "image_1")
        LOGGER.debug("hidden")
    LOGGER.error("after")
    assert stream.getvalue() == "[INFO] [1/4] Started: image_1\n"


def test_a_traceback_is_written_line_by_line_redacted_and_without_commands() -> None:
    """A provider's error may hold anything, over several lines."""
    stream = io.StringIO()
    with package_logs(Log(stream, redact=lambda text: text.replace("sesame\nopen", "***"))):
        LOGGER.error("failed", exc_info=ValueError("sesame\nopen\n::add-mask::e\n##[error]x\r::endgroup::"))
    text = stream.getvalue()
    assert text.startswith("[ERROR] failed\n")
    assert "ValueError: ***\n: :add-mask::e\n## [error]x\n: :endgroup::\n" in text
    assert runner_commands(text) == []


def test_a_record_that_cannot_be_shown_is_told_of() -> None:
    """Neither a wrong number of arguments nor an object's own failure raises or is lost."""
    stream = io.StringIO()
    with package_logs(Log(stream)):
        LOGGER.warning("%s %s", "one")
        LOGGER.warning("%s", Unspeakable())
    told = "[WARNING] a log record of acp_action.test could not be shown: "
    assert stream.getvalue() == f"{told}TypeError\n{told}RuntimeError\n"


def test_the_logger_is_as_before() -> None:
    """What a caller had set up is there again afterwards."""
    logger = logging.getLogger("acp_action")
    before = (logger.level, logger.propagate, list(logger.handlers))
    with package_logs(Log(io.StringIO()), "DEBUG"):
        pass
    assert (logger.level, logger.propagate, list(logger.handlers)) == before
