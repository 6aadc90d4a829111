"""What limited a run: the time it takes with any number of workers, and one sentence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from acp_action.report.critical import waits_between
from acp_action.report.lines import span_words
from acp_action.report.wording import WORTH_TELLING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.engine.result import RunResult
    from acp_action.report.model import PathItem
    from acp_action.report.waterfall import Kind

_SHARE: Final = 0.05
"""Less than this part of the run's time is not worth a change of settings."""

_NAMES_SHOWN: Final = 5
_NO_HELP: Final = "; more workers would not help"


def least_duration(result: RunResult) -> float:
    """Seconds the run takes when no step ever waits for a worker: the longest path through the plan.

    A step weighs its service, its back-off, and what a provider's limit or a busy processor held it.
    """
    graph = result.plan.graph
    waiting = list(graph.waiting)
    begin = [0.0] * graph.size
    longest = 0.0
    free = [node for node, count in enumerate(waiting) if count == 0]
    while free:
        node = free.pop()
        end = begin[node] + (_weight(result, node) if node < len(result.steps) else 0.0)
        longest = max(longest, end)
        for edges in (graph.data[node], graph.order[node]):
            for follower in edges:
                begin[follower] = max(begin[follower], end)
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    free.append(follower)
    return longest


def _weight(result: RunResult, node: int) -> float:
    step = result.steps[node]
    return step.duration + step.waits.throttle + step.waits.backoff + step.waits.processor


def limit_sentence(result: RunResult, path: Sequence[PathItem], least: float) -> str:
    """What held the run up most, and whether more workers would help. ``least``: see ``least_duration``.

    Waits count where they lie on the critical path: those of other steps passed while it was worked on.
    """
    wall = result.total_duration
    if not path:
        return "nothing was carried out"
    awaited = sum(step.waits.worker for step in result.steps)
    losses, limited = _losses(result, path)
    losses["worker"] = min(wall - least, awaited)
    worst = max(losses, key=lambda kind: losses[kind])
    more = _with_more(result, awaited, least)
    if losses[worst] < max(_SHARE * wall, WORTH_TELLING):
        return _path_sentence(path, wall) + more
    if worst == "worker":
        return _worker_sentence(result, least)
    lost = span_words(losses[worst])
    if worst == "processor":
        # With more workers, more of them wait for the same processors.
        more = more if more == _NO_HELP else ""
        return f"this machine: the critical path waited {lost} for a processor{more}"
    if worst == "throttle":
        provider = max(limited, key=lambda name: limited[name])
        held = span_words(limited[provider])
        return f"rate limit of {provider}: the critical path waited {held} for it{more}"
    return f"failed attempts: the critical path spent {lost} in back-off after them{more}"


def _losses(result: RunResult, path: Sequence[PathItem]) -> tuple[dict[Kind, float], Mapping[str, float]]:
    """Seconds lost on the path by kind, and those to limits by provider."""
    steps = {step.name: step for step in result.steps}
    losses: dict[Kind, float] = {"worker": 0.0, "throttle": 0.0, "backoff": 0.0, "processor": 0.0}
    limited: defaultdict[str, float] = defaultdict(float)
    for item in path:
        step = steps[item.step]
        waits = waits_between(step, item.begin, item.end)
        limited[step.provider] += waits["throttle"]
        for kind in losses:
            losses[kind] += waits[kind]
    return losses, limited


def _with_more(result: RunResult, awaited: float, least: float) -> str:
    """What more workers would be good for, as the end of a sentence; empty where it is not known."""
    if result.stopped:
        # It took as long as it was let; what never began would have kept more workers busy.
        return ""
    gain = result.total_duration - least
    if gain < _SHARE * result.total_duration:
        return _NO_HELP
    if min(gain, awaited) < WORTH_TELLING:
        return ""
    how = "with more workers" if result.plan.settings.parallel else "in parallel"
    return f"; {how} the run could take as little as {span_words(least)}"


def _path_sentence(path: Sequence[PathItem], wall: float) -> str:
    names = [item.step for item in path]
    if len(names) > _NAMES_SHOWN:
        names = [*names[:2], "…", *names[-2:]]
    share = f"{span_words(sum(item.service for item in path))} of {span_words(wall)}"
    return f"{share} is the critical path {' → '.join(names)}"


def _worker_sentence(result: RunResult, least: float) -> str:
    if not result.plan.settings.parallel:
        return f"steps ran one after another; in parallel the run could take as little as {span_words(least)}"
    longest = max(step.waits.worker for step in result.steps)
    return (
        f"the number of workers: steps waited up to {span_words(longest)} for a free one; "
        f"with more the run could take as little as {span_words(least)}"
    )
