"""What a run shows of the limits of its providers: from refusals, and from waits in their queues."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.catalogue.limits import UsualLimits
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acp_action.report.model import AttemptLine, RunReport

_WINDOWS: Final = (1.0, 10.0, 60.0)
# Times in a report are rounded to a microsecond.
_ROUNDED: Final = 3e-6
# A queue that held its requests for less than this part of their service is none.
_WORTH: Final = 0.05


class Seen(NamedTuple):
    """``limits``: what a provider seems to let through, None where it was not met; ``most``: ran at once.

    ``announced``: what its answers said of its limits last.
    """

    limits: UsualLimits | None
    most: int
    announced: UsualLimits | None = None


def limits_seen(report: RunReport) -> dict[str, Seen]:
    """For each provider that was asked, in the order of the plan; the embedded one has none."""
    attempts: dict[str, list[AttemptLine]] = {}
    for step in report.steps:
        if step.provider != LOCAL and step.status != "cached":
            attempts.setdefault(step.provider, []).extend(step.attempts)
    return {provider: _seen(found) for provider, found in attempts.items() if found}


def _seen(attempts: Sequence[AttemptLine]) -> Seen:
    refused = [attempt for attempt in attempts if attempt.outcome == "refused"]
    served = [attempt for attempt in attempts if attempt.outcome != "refused"]
    most = _most_at_once((attempt.started + attempt.queued, attempt.finished) for attempt in served)
    queued = sum(attempt.queued for attempt in served)
    worked = sum(attempt.finished - attempt.started - attempt.queued for attempt in served)
    pace = [attempt for attempt in refused if attempt.kind == "pace"]
    limits = UsualLimits(source="seen in this run", spread=0.0)
    if pace:
        count, window = _pace([attempt.started for attempt in served], [attempt.started for attempt in pace])
        limits = limits._replace(
            requests=count, window=window, tells_wait=any(a.told is not None for a in pace)
        )
    if queued > _WORTH * worked:
        limits = limits._replace(concurrency=most, queues=True)
    elif len(refused) > len(pace):
        limits = limits._replace(concurrency=most)
    told = [attempt.announced for attempt in attempts if attempt.announced is not None]
    announced = None
    if told and (told[-1].concurrency is not None or told[-1].per_second is not None):
        rate = told[-1].per_second
        requests = None if rate is None else max(round(rate * _WINDOWS[-1]), 1)
        announced = UsualLimits(told[-1].concurrency, requests, source="its answers said so")
    met = limits.concurrency is not None or limits.requests is not None
    return Seen(limits if met else None, most, announced)


def _most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    # At one moment an end comes before a start.
    spans = [(begin + _ROUNDED, end) for begin, end in spans]
    changes = sorted(change for begin, end in spans if end > begin for change in ((begin, 1), (end, -1)))
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    return max(most, 1)


def _pace(starts: Sequence[float], refusals: Sequence[float]) -> tuple[int, float]:
    """Requests and the seconds they are let through in: the shortest window full at every refusal."""
    ranked = sorted(starts)
    found = (len(ranked) or 1, _WINDOWS[-1])
    for window in _WINDOWS:
        fullest = max((_within(ranked, start, window) for start in ranked), default=0)
        if min(_within(ranked, refusal, window) for refusal in refusals) >= max(fullest, 1):
            return fullest, window
    return found


def _within(ranked: Sequence[float], moment: float, window: float) -> int:
    return bisect_right(ranked, moment) - bisect_left(ranked, moment - window + 1e-9)
