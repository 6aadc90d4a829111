"""The log lines of the guide, made from events; progress, logs and reports all take them from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from acp_action.events import (
    GroupFinished,
    GroupStarted,
    LaneHeld,
    LaneReopened,
    StepFinished,
    StepParked,
    StepStarted,
    StopRequested,
)
from acp_action.report.escape import one_line

if TYPE_CHECKING:
    from acp_action.events import Event

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

_ENDINGS: Final[dict[str, tuple[Level, str]]] = {
    "succeeded": ("INFO", "Completed"),
    "cached": ("INFO", "Cached"),
    "failed": ("ERROR", "Failed"),
    "timed_out": ("ERROR", "Timed out"),
    "cancelled": ("WARNING", "Cancelled"),
    "skipped": ("WARNING", "Skipped"),
    "refused": ("ERROR", "Refused"),
    "doubt": ("ERROR", "In doubt"),
}
_REASON_LIMIT: Final = 500
# Of many steps in one line, so many are named.
_NAMES: Final = 4


class LogLine(NamedTuple):
    """One line for the log; ``text`` has no line end and nothing a terminal obeys."""

    level: Level
    text: str

    def __str__(self) -> str:
        """As the guide prints it.

        >>> str(LogLine("INFO", "[1/4] Started: image_1"))
        '[INFO] [1/4] Started: image_1'
        """
        return f"[{self.level}] {self.text}"


def seconds(value: float) -> str:
    """A duration or moment with one decimal, as everywhere in logs.

    >>> seconds(2.25), seconds(-0.0)
    ('2.2s', '0.0s')
    """
    return f"{abs(value):.1f}s"


def span_words(value: float) -> str:
    """A duration as people say it: in figures of a run, where a minute and more is not counted in seconds.

    >>> span_words(12.34), span_words(190), span_words(7320)
    ('12.3s', '3 min 10 s', '2 h 2 min')
    """
    if value < 60:
        return seconds(value)
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def group_line(duration: float, sequential: float) -> str:
    """The guide's line for a group that is done; both in seconds.

    >>> group_line(2.8, 10.3)
    'Parallel group completed in 2.8s (vs 10.3s sequential)'
    """
    return f"Parallel group completed in {seconds(duration)} (vs {seconds(sequential)} sequential)"


def log_line(event: Event) -> LogLine | None:
    """The line that tells of an event, None for events that the log does not show."""
    match event:
        case StepStarted():
            again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
            return LogLine("INFO", f"{_place(event)}Started: {one_line(event.step)}{again}")
        case StepFinished():
            return _step_finished(event)
        case StepParked():
            return _step_parked(event)
        case LaneHeld():
            return _lane_held(event)
        case LaneReopened():
            return LogLine("INFO", f"{one_line(event.lane)}: goes on after {event.held:.1f} s")
        case GroupStarted():
            noun = "step" if event.steps == 1 else "steps"
            return LogLine(
                "INFO", f"Starting parallel group '{one_line(event.group)}' with {event.steps} {noun}"
            )
        case GroupFinished():
            return _group_finished(event)
        case StopRequested():
            what = f"Stopping group '{one_line(event.scope)}'" if event.scope else "Stopping"
            return LogLine("WARNING", f"{what}: {one_line(event.reason, _REASON_LIMIT)}")
        case _:
            return None


class Telling:
    """The lines of a run's events, one for all steps that were turned away for the same reason.

    Such a step failed without ever being tried, because its provider takes nothing more; there may be
    hundreds at once, and their line comes with the next event of another kind.
    """

    def __init__(self) -> None:
        self._turned: list[StepFinished] = []

    def __call__(self, event: Event) -> list[LogLine]:
        """The lines to write now."""
        held = self._turned
        if isinstance(event, StepFinished) and event.status == "failed" and not event.attempts:
            if held and held[0].reason != event.reason:
                self._turned = [event]
                return _turned_away(held)
            held.append(event)
            return []
        self._turned = []
        line = log_line(event)
        return [*_turned_away(held), *([line] if line is not None else [])]


def _turned_away(events: list[StepFinished]) -> list[LogLine]:
    if len(events) <= 1:
        return [_step_finished(event) for event in events]
    level, word = _ENDINGS["failed"]
    shown = ", ".join(one_line(event.step) for event in events[:_NAMES])
    more = f" and {len(events) - _NAMES:,} more" if len(events) > _NAMES else ""
    reason = one_line(events[0].reason, _REASON_LIMIT)
    return [LogLine(level, f"{word}, {len(events):,} steps: {shown}{more}: {reason}")]


def _place(event: StepStarted | StepFinished | StepParked) -> str:
    return f"[{event.number}/{event.total}] " if event.total else ""


def _step_finished(event: StepFinished) -> LogLine:
    level, word = _ENDINGS[event.status]
    took = f" ({seconds(event.service)})" if event.attempts else ""
    why = f": {one_line(event.reason, _REASON_LIMIT)}" if event.reason else ""
    return LogLine(level, f"{_place(event)}{word}: {one_line(event.step)}{took}{why}")


def _step_parked(event: StepParked) -> LogLine:
    # Of steps that a limit holds, the lane tells in one line; there may be hundreds.
    level: Level = "WARNING" if event.why == "retry" else "DEBUG"
    why = f": {one_line(event.reason, _REASON_LIMIT)}" if event.reason else ""
    text = f"{_place(event)}Waiting: {one_line(event.step)} (again in {seconds(event.delay)}){why}"
    return LogLine(level, text)


def _lane_held(event: LaneHeld) -> LogLine:
    steps = "1 step waits" if event.waiting == 1 else f"{event.waiting} steps wait"
    why = f" ({one_line(event.reason, _REASON_LIMIT)})" if event.reason else ""
    text = f"{one_line(event.lane)}: rate limit, {steps}, next start in {event.delay:.1f} s{why}"
    return LogLine("INFO", text)


def _group_finished(event: GroupFinished) -> LogLine:
    if event.status == "succeeded":
        return LogLine("INFO", group_line(event.duration, event.sequential))
    counts = (
        (event.succeeded, "succeeded"), (event.failed, "failed"),
        (event.cancelled, "cancelled"), (event.skipped, "skipped"),
    )  # fmt: skip
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    took = f"{seconds(event.duration)} (vs {seconds(event.sequential)} sequential)"
    # "skipped" is a group that began, and of which not all was carried out to the end.
    level: Level = "ERROR" if event.failed else "WARNING"
    word = "failed" if event.failed else "stopped"
    return LogLine(level, f"Parallel group '{one_line(event.group)}' {word} after {took}: {told}")
