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
    StepProgressed,
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
REASON_LIMIT: Final = 500
_TROUBLE_LIMIT: Final = 200
QUIET: Final = frozenset({"ordered", "fetching", "cancelled"})
"""What attempts tell that the log has only at DEBUG: it soon shows otherwise, or is told at the end."""


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


def is_minute(value: float) -> bool:
    """Whether a duration is a minute or more as it is shown, with one decimal.

    >>> is_minute(59.94), is_minute(59.96)
    (False, True)
    """
    return round(value, 1) >= 60


def span_words(value: float) -> str:
    """A duration as people say it: in figures of a run, where a minute and more is not counted in seconds.

    >>> span_words(12.34), span_words(59.96), span_words(120), span_words(190), span_words(7320)
    ('12.3s', '1 min', '2 min', '3 min 10 s', '2 h 2 min')
    """
    if not is_minute(value):
        return seconds(value)
    minutes, rest = divmod(round(value), 60)
    hours, left = divmod(minutes, 60)
    parts = ((hours, "h"), (left, "min"), (0 if hours else rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def group_line(duration: float, sequential: float) -> str:
    """The guide's line for a group that is done; both in seconds.

    >>> group_line(2.8, 10.3)
    'Parallel group completed in 2.8s (vs 10.3s sequential)'
    """
    return f"Parallel group completed in {seconds(duration)} (vs {seconds(sequential)} sequential)"


def log_line(event: Event) -> LogLine | None:
    """The line that tells of an event, None for events that the log does not show.

    What a running step tells is not for every log: see ``progress_line``.
    """
    match event:
        case StepStarted():
            again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
            return LogLine("INFO", f"{place(event)}Started: {one_line(event.step)}{again}")
        case StepFinished():
            return _step_finished(event)
        case StepParked():
            return _step_parked(event)
        case LaneHeld():
            return _lane_held(event)
        case LaneReopened():
            return LogLine("INFO", f"{one_line(event.lane)}: goes on after {seconds(event.held)}")
        case GroupStarted():
            noun = "step" if event.steps == 1 else "steps"
            return LogLine(
                "INFO", f"Starting parallel group '{one_line(event.group)}' with {event.steps} {noun}"
            )
        case GroupFinished():
            return _group_finished(event)
        case StopRequested():
            what = f"Stopping group '{one_line(event.scope)}'" if event.scope else "Stopping"
            return LogLine("WARNING", f"{what}: {one_line(event.reason, REASON_LIMIT)}")
        case _:
            return None


def whereabouts(event: StepProgressed) -> str:
    """Where the work of a step stands, in a few words without the step's name, fit for one line.

    >>> whereabouts(StepProgressed(1.0, "a", "", 0, 0, 1, "fal", "queued", "", 7))
    "in fal's queue, place 7"
    """
    at = one_line(event.provider)
    match event.what:
        case "ordered":
            return f"ordered at {at}"
        case "queued":
            return f"in {at}'s queue" + (f", place {event.place}" if event.place else "")
        case "starting":
            return f"{at} makes the model ready"
        case "begun":
            return f"under way at {at}"
        case "taken_up":
            return f"taken up at {at}"
        case "unclear":
            return f"{at} does not say how it is doing"
        case "fetching":
            return f"fetched from {at}"
        case "cancelled":
            return f"called off at {at}"
    return one_line(event.what)


def place(event: StepStarted | StepFinished | StepProgressed | StepParked) -> str:
    """The step's place in its group as the log begins with it, and a blank; empty at top level."""
    return f"[{event.number}/{event.total}] " if event.total else ""


def progress_line(event: StepProgressed) -> LogLine:
    """The line that tells where a step's work stands."""
    where, detail = f"at {one_line(event.provider)}", one_line(event.detail, _TROUBLE_LIMIT)
    match event.what:
        case "ordered":
            word, told = "Ordered", f"job {detail} {where}"
        case "queued":
            word, told = "Queued", where + (f", place {event.place}" if event.place else "")
        case "starting":
            word, told = "Waiting", whereabouts(event)
        case "begun":
            # When it began nobody may have seen: it is told when it was seen at work.
            word, told = "Under way", where
        case "taken_up":
            # Of a first attempt: by an earlier run or, of a single call, by an earlier call.
            before = "ordered before" if event.attempt == 1 else "ordered by an earlier attempt"
            what = f"job {detail} {before}" if detail else f"what was {before} is fetched"
            word, told = "Taken up", f"{what}, {where}"
        case "unclear":
            word, told = "Asked again", f"{whereabouts(event)}{f': {detail}' if detail else ''}"
        case "cancelled":
            word, told = "Called off", f"job {detail} {where}"
        case _:
            word, told = "Going on", whereabouts(event)
    level: Level = "DEBUG" if event.what in QUIET else "INFO"
    return LogLine(level, f"{place(event)}{word}: {one_line(event.step)} ({told})")


def _step_finished(event: StepFinished) -> LogLine:
    level, word = _ENDINGS[event.status]
    took = f" ({seconds(event.service)})" if event.attempts else ""
    why = f": {one_line(event.reason, REASON_LIMIT)}" if event.reason else ""
    return LogLine(level, f"{place(event)}{word}: {one_line(event.step)}{took}{why}")


def _step_parked(event: StepParked) -> LogLine:
    # Of steps that a limit holds, the lane tells in one line; there may be hundreds.
    level: Level = "WARNING" if event.why == "retry" else "DEBUG"
    why = f": {one_line(event.reason, REASON_LIMIT)}" if event.reason else ""
    text = f"{place(event)}Waiting: {one_line(event.step)} (again in {seconds(event.delay)}){why}"
    return LogLine(level, text)


def _lane_held(event: LaneHeld) -> LogLine:
    steps = "1 step waits" if event.waiting == 1 else f"{event.waiting} steps wait"
    why = f" ({one_line(event.reason, REASON_LIMIT)})" if event.reason else ""
    text = f"{one_line(event.lane)}: rate limit, {steps}, next start in {seconds(event.delay)}{why}"
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
