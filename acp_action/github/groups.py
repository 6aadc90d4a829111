"""The guide's log lines as the run goes on, those of a parallel group folded into one group of the viewer.

The viewer does not nest groups and cannot keep two open, while groups of a pipeline may stand in each other
or run side by side. So the first group to start opens the fold; whatever happens until it is settled, also
in other groups, is told inside, in order. That a group starts and how it ended stands outside, to be read
without unfolding. A stop of the whole run closes the fold, for what is told then should be seen.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from acp_action.events import GroupFinished, GroupStarted, RunFinished, StopRequested
from acp_action.report.telling import Telling

if TYPE_CHECKING:
    from acp_action.events import Event
    from acp_action.github.commands import Log


class GroupedLines:
    """Hears events and writes the guide's lines, from ``level`` on (DEBUG, INFO, WARNING or ERROR)."""

    def __init__(self, log: Log, level: str = "INFO") -> None:
        self._log = log
        self._least = logging.getLevelNamesMapping()[level]
        self._opener: str | None = None
        self._title = ""
        self._lines = Telling()

    def __call__(self, event: Event) -> None:
        """Write the line of one event."""
        match event:
            case GroupStarted() if self._opener is None:
                self._tell(event)
                self._opener = event.group
                self._title = f"{event.group}: {event.steps} {'step' if event.steps == 1 else 'steps'}"
                return
            case GroupFinished() if event.group == self._opener:
                self.close()
            case StopRequested() if not event.scope:
                self.close()
            case RunFinished():
                self.close()
        self._tell(event)

    def close(self) -> None:
        """Close the fold; for a run that ended without saying so."""
        self._opener, self._title = None, ""
        self._log.end_group()

    def _tell(self, event: Event) -> None:
        for line in self._lines(event):
            if logging.getLevelNamesMapping()[line.level] < self._least:
                continue
            # Opened by its first line, because a fold with nothing in it only disturbs.
            if self._title:
                self._log.group(self._title)
                self._title = ""
            self._log.line(str(line))
