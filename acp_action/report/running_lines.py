"""Which lines tell of steps that are under way elsewhere: their own while these are few, sums for many."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from acp_action.events import StepFinished, StepParked, StepProgressed, StepStarted, TimePassed
from acp_action.providers.registry import LOCAL
from acp_action.report.escape import one_line
from acp_action.report.lines import QUIET, LogLine, place, progress_line, span_words, whereabouts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.events import Event

# So many running steps have lines of their own; of more the sums are told.
_FEW: Final = 4
# Seconds between two lines about the same: a step's place in a queue, a provider's sums.
_APART: Final = 15.0
# Seconds from a step's start within which it is not worth a line that its job waits to begin, or began.
_MOMENT: Final = 5.0
# After so many seconds without any line, those tell of themselves that run.
_SILENCE: Final = 60.0
_AGAIN: Final = frozenset({"queued", "unclear"})
_SUMS: Final = {
    "begun": "under way", "queued": "in the queue", "starting": "waiting for their model",
    "unclear": "without an answer", "taken_up": "taken up", "ordered": "ordered", "fetching": "being fetched",
}  # fmt: skip


class RunningLines:
    """Hears events and says which lines to write of what runs. ``last``: when any line was written."""

    def __init__(self) -> None:
        self.last = 0.0
        self._runs: dict[str, _Run] = {}
        self._summed: float | None = None
        self._sums: list[str] = []
        self._taken_up = 0

    def __call__(self, event: Event) -> list[LogLine]:
        """The lines about running steps that are due with this event."""
        match event:
            case StepProgressed():
                return self._progressed(event)
            case TimePassed():
                return self._passed(event.at)
            case StepStarted() if event.provider != LOCAL:
                self._runs[event.step] = _Run(event)
            case StepFinished() | StepParked():
                self._runs.pop(event.step, None)
                if self._taken_up and len(self._runs) <= _FEW:
                    return self._taken()
            case _:
                pass
        return []

    def _progressed(self, event: StepProgressed) -> list[LogLine]:
        line, run = progress_line(event), self._runs.get(event.step)
        if run is None:
            return [line]
        run.now = event
        if len(self._runs) > _FEW:
            self._taken_up += event.what == "taken_up"
            return [line._replace(level="DEBUG"), *self._in_sum(event.at)]
        self._summed = None
        return [line if run.is_due(event, event.at) else line._replace(level="DEBUG")]

    def _passed(self, now: float) -> list[LogLine]:
        many = len(self._runs) > _FEW
        lines = self._in_sum(now) if many else self._late(now)
        if lines or now - self.last < _SILENCE:
            return lines
        return [_longest(self._runs, now)] if many else [run.still(now) for run in self._runs.values()]

    def _late(self, now: float) -> list[LogLine]:
        """What was not worth a line when it was told, and has become it since."""
        known = [(run, run.now) for run in self._runs.values() if run.now is not None]
        return [progress_line(event) for run, event in known if run.is_due(event, now)]

    def _in_sum(self, now: float) -> list[LogLine]:
        """A line for each provider, where enough time has passed and anything has changed."""
        if self._summed is None:
            self._summed = now
        if now - self._summed < _APART:
            return []
        sums = list(_sums(run.now for run in self._runs.values() if run.now is not None))
        if sums == self._sums:
            return []
        self._summed, self._sums = now, sums
        return [*(LogLine("INFO", text) for text in sums), *self._taken()]

    def _taken(self) -> list[LogLine]:
        """How much was taken up since that was told last: nothing of it is paid for again."""
        count, self._taken_up = self._taken_up, 0
        if not count:
            return []
        jobs = "1 job" if count == 1 else f"{count:,} jobs"
        return [LogLine("INFO", f"Taken up: {jobs} of an earlier run or attempt")]


class _Run:
    """A running attempt, and what it told last. ``told``: what of it stands in the log, and since when."""

    __slots__ = ("now", "started", "told")

    def __init__(self, started: StepStarted) -> None:
        self.started = started
        self.now: StepProgressed | None = None
        self.told: dict[str, tuple[float, int | None]] = {}

    def is_due(self, event: StepProgressed, now: float) -> bool:
        """Whether what it told is worth a line now; then it counts as told."""
        due = self._is_news(event, now)
        if due:
            self.told[event.what] = (now, event.place)
        return due

    def _is_news(self, event: StepProgressed, now: float) -> bool:
        if event.what in self.told:
            when, where = self.told[event.what]
            changed = event.place != where or event.what == "unclear"
            return event.what in _AGAIN and changed and now - when >= _APART
        lasting = now - self.started.at >= _MOMENT
        match event.what:
            case "queued":
                return lasting or (event.place or 0) > 1
            case "begun":
                return lasting or bool(self.told)
            case "starting":
                return lasting
        return event.what not in QUIET

    def still(self, now: float) -> LogLine:
        """That it runs on, for how long, and where."""
        where = f", {whereabouts(self.now)}" if self.now is not None else ""
        text = f"{one_line(self.started.step)} ({self.took(now)}{where})"
        return LogLine("INFO", f"{place(self.started)}Still running: {text}")

    def took(self, now: float) -> str:
        """How long it has run, and how long it was expected to."""
        expected = self.started.expected
        about = f" of about {span_words(expected)}" if expected else ""
        return f"{span_words(now - self.started.at)}{about}"


def _sums(events: Iterable[StepProgressed]) -> Iterable[str]:
    """For each provider how many of its steps are where."""
    counts = Counter((event.provider, event.what) for event in events)
    for provider in dict.fromkeys(name for name, _ in counts):
        told = [
            f"{counts[provider, what]:,} {words}" for what, words in _SUMS.items() if counts[provider, what]
        ]
        if told:
            yield f"{one_line(provider)}: {', '.join(told)}"


def _longest(runs: dict[str, _Run], now: float) -> LogLine:
    run = min(runs.values(), key=lambda run: run.started.at)
    return LogLine(
        "INFO",
        f"Still running: {len(runs):,} steps, the longest {one_line(run.started.step)} ({run.took(now)})",
    )
