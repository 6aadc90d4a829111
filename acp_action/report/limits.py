"""What limited a run: the time it takes with any number of workers, and one sentence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from acp_action.report.lines import span_words
from acp_action.report.wording import WORTH_TELLING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.engine.result import RunResult
    from acp_action.report.model import PathItem

_SHARE: Final = 0.05
"""Less than this part of the run's time is not worth a change of settings."""

_NAMES_SHOWN: Final = 5


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
    """What held the run up most, and whether more workers would help. ``least``: see ``least_duration``."""
    wall = result.total_duration
    if not path:
        return "nothing was carried out"
    on_path = {item.step for item in path}
    held = [step for step in result.steps if step.name in on_path]
    awaited = sum(step.waits.worker for step in result.steps)
    losses = {
        "worker": min(wall - least, awaited),
        "throttle": sum(step.waits.throttle for step in held),
        "backoff": sum(step.waits.backoff for step in held),
        "processor": sum(step.waits.processor for step in held),
    }
    worst = max(losses, key=lambda name: losses[name])
    if losses[worst] < max(_SHARE * wall, WORTH_TELLING):
        return _path_sentence(path, wall)
    if worst == "worker":
        return _worker_sentence(result, awaited, least)
    if worst == "throttle":
        return _throttle_sentence(result, on_path)
    lost = span_words(losses[worst])
    if worst == "processor":
        return f"this machine: the critical path waited {lost} for a processor; more workers would not help"
    return (
        f"failed attempts: the critical path spent {lost} in back-off after them; more workers would not help"
    )


def _path_sentence(path: Sequence[PathItem], wall: float) -> str:
    names = [item.step for item in path]
    if len(names) > _NAMES_SHOWN:
        names = [*names[:2], "…", *names[-2:]]
    share = f"{span_words(sum(item.service for item in path))} of {span_words(wall)}"
    return f"{share} is the critical path {' → '.join(names)}; more workers would not help"


def _worker_sentence(result: RunResult, awaited: float, least: float) -> str:
    if not result.plan.settings.parallel:
        return f"steps ran one after another; in parallel the run could take as little as {span_words(least)}"
    return (
        f"the number of workers: steps waited {span_words(awaited)} in all for a free one; "
        f"with more the run could take as little as {span_words(least)}"
    )


def _throttle_sentence(result: RunResult, on_path: set[str]) -> str:
    held: defaultdict[str, float] = defaultdict(float)
    for step in result.steps:
        if step.name in on_path:
            held[step.provider] += step.waits.throttle
    provider = max(held, key=lambda name: held[name])
    whole = sum(step.waits.throttle for step in result.steps if step.provider == provider)
    return (
        f"rate limit of {provider}: its steps waited {span_words(whole)} for it; more workers would not help"
    )
