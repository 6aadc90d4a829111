"""The lines of a whole run: one for what happened to many steps alike, and of what runs as much as helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.events import StepFinished
from acp_action.report.escape import one_line
from acp_action.report.lines import REASON_LIMIT, LogLine, log_line
from acp_action.report.running_lines import RunningLines

if TYPE_CHECKING:
    from acp_action.events import Event

# Of many steps in one line, so many are named.
_NAMES: Final = 4


class Telling:
    """The lines of a run's events, in order.

    Steps that were turned away for the same reason have one line: such a step failed without ever being
    tried, because its provider takes nothing more; there may be hundreds at once, and their line comes with
    the next event of another kind. What running steps tell is told as ``RunningLines`` sees fit.
    """

    def __init__(self) -> None:
        self._turned: list[StepFinished] = []
        self._running = RunningLines()

    def __call__(self, event: Event) -> list[LogLine]:
        """The lines to write now."""
        lines = self._lines(event)
        if any(line.level != "DEBUG" for line in lines):
            self._running.last = event.at
        return lines

    def _lines(self, event: Event) -> list[LogLine]:
        held = self._turned
        if isinstance(event, StepFinished) and event.status == "failed" and not event.attempts:
            if held and held[0].reason != event.reason:
                self._turned = [event]
                return _turned_away(held)
            held.append(event)
            return []
        self._turned = []
        told = self._running(event)
        line = log_line(event)
        return [*_turned_away(held), *told, *([line] if line is not None else [])]


def _turned_away(events: list[StepFinished]) -> list[LogLine]:
    if len(events) <= 1:
        return [line for event in events if (line := log_line(event)) is not None]
    shown = ", ".join(one_line(event.step) for event in events[:_NAMES])
    more = f" and {len(events) - _NAMES:,} more" if len(events) > _NAMES else ""
    reason = one_line(events[0].reason, REASON_LIMIT)
    return [LogLine("ERROR", f"Failed, {len(events):,} steps: {shown}{more}: {reason}")]
