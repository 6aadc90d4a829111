"""The guide's log lines, sent to the ``acp_action.run`` logger as the run goes on."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from acp_action.report.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.events import Event

RUN_LOG: Final = logging.getLogger("acp_action.run")


class LogLines:
    """Hears events and logs what the guide shows, from ``level`` on (DEBUG, INFO, WARNING or ERROR)."""

    def __init__(self, level: str = "INFO") -> None:
        self._least = logging.getLevelNamesMapping()[level]
        self._lines = Telling()

    def __call__(self, event: Event) -> None:
        """Log one event."""
        for line in self._lines(event):
            level = logging.getLevelNamesMapping()[line.level]
            if level >= self._least:
                RUN_LOG.log(level, "%s", line.text)


@contextmanager
def package_logs_to(sink: logging.Handler, level: str) -> Iterator[None]:
    """Send what the package logs, from a level on, to this and nowhere else while the context lasts."""
    log = logging.getLogger("acp_action")
    before = log.level, log.propagate
    log.addHandler(sink)
    log.setLevel(level)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(sink)
        log.setLevel(before[0])
        log.propagate = before[1]
