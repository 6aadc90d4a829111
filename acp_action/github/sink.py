"""What the package logs, sent to the step's log, so that it too is redacted and forms no command."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from acp_action.progress.log import package_logs_to

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from acp_action.github.commands import Log

_FORM = logging.Formatter("[%(levelname)s] %(message)s")


class LogSink(logging.Handler):
    """Writes records as the guide shows them, ``[INFO] …``, with their tracebacks under them."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; one that cannot be put into words is told of, never raised."""
        try:
            text = _FORM.format(record)
        except Exception as error:  # noqa: BLE001 - the arguments of a record are anybody's objects
            text = f"[WARNING] a log record of {record.name} could not be shown: {type(error).__name__}"
        self._log.lines(text)


def package_logs(log: Log, level: str = "INFO") -> AbstractContextManager[None]:
    """Send what the package logs, from a level on, to the step's log and nowhere else."""
    return package_logs_to(LogSink(log), level)
