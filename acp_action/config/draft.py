"""What may still be said about a faulty file, once the faulty keys are taken out of it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

    from acp_action.config.canonical import Canonical
    from acp_action.config.model import NodePath
    from acp_action.config.sources import Source

# Values that change nothing about who feeds whom: a plan can be made without them.
_HARMLESS: Final = frozenset({
    "description", "enabled", "fail_fast", "log_level", "max_rate_limit_wait", "max_workers", "parallel",
    "rate_limit_delay", "rate_limits", "retry_count", "timeout", "version",
})  # fmt: skip


@dataclass(slots=True)
class Doubts:
    """What a file leaves open: ``about_edges``, who feeds whom; ``entries``, what these are at all."""

    about_edges: bool
    entries: set[NodePath] = field(default_factory=set)


def find_doubts(canonical: Canonical, source: Source, faulty: Sequence[ErrorDetails]) -> Doubts | None:
    """Take the faulty keys out of the canonical form, and say what is in doubt without them.

    None when so much is that nothing more can be said.
    """
    if canonical.config is None:
        return None
    doubts = Doubts(canonical.guessed or bool(source.problems), set(canonical.doubtful))
    doubts.entries |= _entries_at_fault(canonical, source)
    for error in faulty:
        holder, key = _holder(canonical.config, error["loc"])
        holder.pop(key, None)
        if error["type"] == "extra_forbidden" or key in _HARMLESS or error["loc"] == ("name",):
            continue
        if error["loc"][0] != "steps" and key != "schedule":
            return None
        doubts.about_edges = True
        if error["loc"][0] == "steps":
            doubts.entries.add(canonical.at(holder))
    return doubts


def _holder(config: dict[str, Any], loc: tuple[str | int, ...]) -> tuple[dict[str, Any], str]:
    """The entry or the settings that a faulty key stands in; the whole key, where a part of it is wrong."""
    holder = config
    while len(loc) > 2 and loc[0] == "steps" and isinstance(loc[1], int):
        # The validator names the kind of an entry after its index; the config has no such level.
        holder, loc = holder["steps"][loc[1]], loc[3:]
    if loc[0] == "settings" and len(loc) > 1:
        holder, loc = holder["settings"], loc[1:]
    return holder, str(loc[0])


def _entries_at_fault(canonical: Canonical, source: Source) -> set[NodePath]:
    """The entries that faults of the text stand in: what was read of those may not be what was meant."""
    if not source.problems:
        return set()
    places = sorted(
        ((at.line, at.column), path) for path in canonical.places if (at := source.locate(path)) is not None
    )
    starts = [place for place, _ in places]
    faults = (problem.position for problem in source.problems if problem.position is not None)
    numbers = {bisect_right(starts, (fault.line, fault.column)) - 1 for fault in faults}
    return {places[number][1] for number in numbers if number >= 0}
