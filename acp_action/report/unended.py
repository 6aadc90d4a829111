"""The report and the manifest of a run that wrote none, from its log: what was planned, and what happened.

The figures are those of ``summarise``; what is known of groups comes from the engine's own board, which is
told the same ends in the same order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.engine.board import Board
from acp_action.engine.paper import Sheet
from acp_action.engine.result import RunResult, Status
from acp_action.errors import OutputError, UsageError
from acp_action.events import StopRequested
from acp_action.providers.registry import LOCAL
from acp_action.report.cut_short import LastWord, OpenStep, cut_short
from acp_action.report.full_scopes import FullScopes
from acp_action.report.lines import seconds
from acp_action.report.planned import planned
from acp_action.report.summarise import summarise
from acp_action.report.wording import NOT_BEGUN, UNDER_WAY
from acp_action.store.journal import sheets
from acp_action.store.manifest import build_manifest, iso_time
from acp_action.store.run_lines import is_count, is_time, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from acp_action.engine.result import Attempt
    from acp_action.plan.model import Plan, Step
    from acp_action.report.model import RunReport
    from acp_action.store.run_logs import Log

_LOST: Final = "what became of it cannot be read from the run's log"
_NEVER: Final = {True: NOT_BEGUN, False: "the run {} before it began"}
"""Why a step has no attempt, by whether the run lives."""


class Unended(NamedTuple):
    """A run as if it had written its report and its manifest at the last moment that its log tells of."""

    report: RunReport
    manifest: dict[str, Any]


def unended(log: Log, folder: Path) -> Unended:
    """What a log tells; ``folder``: the real path of the output folder.

    Raises UsageError when it does not say what was planned. Lines that say nothing sensible are warned of.
    """
    try:
        plan, empty = planned(log.head.get("plan"))
    except ValueError as error:
        raise UsageError(
            f"{log.path} is damaged: {error}; name report.json itself to see the run before"
        ) from error
    story = _Story(plan, folder, _wall(log.head.get("at")))
    for record in log.records:
        story.take(record)
    result = story.told(alive=log.alive)
    report = summarise(result, folder)
    warnings = [*empty.warnings, *report.warnings, *story.warnings(log)]
    # Where each setting came from, and edges by name: the plan that was made of the report has lost them.
    report = replace(report, settings=empty.settings, plan=empty.plan, warnings=tuple(warnings))
    return Unended(report, build_manifest(result, folder))


def _wall(value: Any) -> float:
    try:
        return max(datetime.fromisoformat(str(value)).timestamp(), 0.0)
    except (ValueError, OverflowError):
        return 0.0


class _Story:
    """What happened, line by line."""

    def __init__(self, plan: Plan, folder: Path, wall: float) -> None:
        self._plan, self._folder = plan, folder
        self._board = Board(plan, lambda _event: None)
        self._tracks: defaultdict[int, OpenStep] = defaultdict(OpenStep)
        self._last = 0.0
        self._wall, self._workers = wall, 1
        self._stopping = ""
        self._stops: list[StopRequested] = []
        self._end: Mapping[str, Any] | None = None
        self._unused = 0
        self._warnings: list[str] = []
        self._mark_ready(self._board.first(0.0), 0.0)

    def take(self, record: Mapping[str, Any]) -> None:
        """Take a line in; one that makes no sense is counted."""
        match record:
            case {"step": int(index)} if 0 <= index < len(self._plan.steps):
                used = self._took_of_step(index, record)
            case _:
                used = self._took_of_run(record)
        self._unused += not used

    def _took_of_run(self, record: Mapping[str, Any]) -> bool:
        match record:
            case {"do": "began", "wall": wall, "workers": workers} if is_time(wall) and is_count(workers):
                self._wall, self._workers = wall, workers
                return True
            case {"at": at} if is_time(at) and self._took_of_moment(record):
                self._last = max(self._last, at)
                return True
        return False

    def _took_of_moment(self, record: Mapping[str, Any]) -> bool:
        match record:
            case {"do": "alive"}:
                return True
            case {"do": "stopping", "reason": str(reason)}:
                self._stopping = self._stopping or reason
                self._stops.append(StopRequested(record["at"], "", reason))
                return True
            case {"do": "group", "group": int(group), "at": at} if 0 <= group < len(self._board.groups):
                self._board.groups[group].started = at
                return True
            case {"do": "ended", "stopped": str(), "detached": list()} | {"do": "broke", "reason": str()}:
                self._end = record
                return True
        return False

    def _took_of_step(self, index: int, record: Mapping[str, Any]) -> bool:
        track = self._tracks[index]
        match record:
            case {"do": "settled"}:
                return self._settle(index, record)
            case {"do": "asked", "key": str(key)}:
                track.key = key
                return True
            case {"attempt": number, "at": at} if is_count(number) and is_time(at):
                self._last = max(self._last, at)
                return self._took_of_attempt(track, record)
        return False

    def _took_of_attempt(self, track: OpenStep, record: Mapping[str, Any]) -> bool:
        match record:
            case {"do": "started", "attempt": number, "worker": int(worker), "at": at}:
                track.started(number, worker, at)
                return True
            case {"do": "parked", "attempt": number, "why": str(why), "reason": str(reason), "at": at}:
                track.parked(number, why, reason, at)
                return True
        return False

    def _settle(self, index: int, record: Mapping[str, Any]) -> bool:
        step = self._plan.steps[index]
        result = result_of(record, step, self._board.names[step.group], self._folder)
        if result is None:
            return False
        self._last = max(self._last, result.settled)
        # What is skipped because of another was settled with that one's line.
        if not self._board.settled(index):
            self._mark_ready(self._board.settle(index, result), result.settled)
        return True

    def _mark_ready(self, indexes: Sequence[int], at: float) -> None:
        for index in indexes:
            self._tracks[index].ready = at

    # --- the end

    def told(self, *, alive: bool) -> RunResult:
        """The run as far as it is known, with an end for every step."""
        end = self._end or {}
        what = "is still at work" if alive else "broke off" if end.get("do") == "broke" else "was killed"
        left = [index for index in range(len(self._plan.steps)) if not self._board.settled(index)]
        lost = end.get("do") == "ended"
        begun = [] if lost else [index for index in left if self._tracks[index].began]
        never = sorted(set(left) - set(begun))
        self._board.skip(never, _LOST if lost else _NEVER[alive].format(what), self._last)
        pages = self._pages() if begun and not alive else {}
        full = FullScopes(self._plan, self._attempts(begun))
        for index in begun:
            step, track = self._plan.steps[index], self._tracks[index]
            word = LastWord(Status.CANCELLED, UNDER_WAY) if alive else self._word(step, track, what, pages)
            cut = track.cut(step, self._board.names[step.group], word, self._last, full)
            self._board.settle(index, cut)
        return RunResult(
            plan=self._plan,
            steps=tuple(result for result in self._board.results if result is not None),
            groups=self._board.group_results(),
            total_duration=self._last,
            started_wall=self._wall,
            workers=self._workers,
            stopped=str(end["stopped"]) if lost else self._stopped(what, end.get("reason", "")),
            detached=tuple(map(str, end.get("detached", ()))),
            stops=tuple(self._stops),
        )

    def _word(
        self, step: Step, track: OpenStep, what: str, pages: Mapping[tuple[str, str], Sheet]
    ) -> LastWord:
        page = pages.get((step.name, track.key), Sheet()) if track.key else None
        return cut_short(step, track, page, what, iso_time(self._wall))

    def _attempts(self, begun: Sequence[int]) -> Iterator[tuple[int, Attempt]]:
        """All attempts that are known of, with the groups of their steps."""
        for step, result in zip(self._plan.steps, self._board.results, strict=True):
            for attempt in result.attempts if result is not None else ():
                yield step.group, attempt
        for index in begun:
            for attempt in self._tracks[index].attempts(self._last):
                yield self._plan.steps[index].group, attempt

    def _pages(self) -> Mapping[tuple[str, str], Sheet]:
        try:
            return sheets(self._folder)
        except (OSError, OutputError) as error:
            self._warnings.append(f"what was ordered when the run ended is not known: {error}")
            # None at all, so that nothing is said of any.
            for track in self._tracks.values():
                track.key = ""
            return {}

    def _stopped(self, what: str, why: str) -> str:
        when = seconds(self._last)
        if what == "is still at work":
            return f"the run {what}; this is how it stood at {when}"
        why = why or (f"while it stopped: {self._stopping}" if self._stopping else "")
        paid = any(step.provider != LOCAL for step in self._plan.steps)
        taken_up = ": what was paid for is taken up" if paid else ""
        because = f" ({why})" if why else ""
        return f"the run {what} at about {when}{because}; run the same command again{taken_up}"

    def warnings(self, log: Log) -> list[str]:
        """What is odd about the log."""
        odd = log.garbled + self._unused
        if not odd:
            return self._warnings
        lines = "line" if odd == 1 else "lines"
        told = f"{log.path} is damaged: {odd} {lines} cannot be used, and what they told of is not known"
        return [*self._warnings, told]
