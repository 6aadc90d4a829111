"""The entries of a file as flat lists: every step and group with its name and the scope it stands in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from acp_action.config.model import GroupEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acp_action.config.model import NodePath, PipelineConfig, StepEntry


@dataclass(slots=True)
class StepSpot:
    """A step where it stands: ``root`` is the index of its top-level entry, ``at`` its place in the file."""

    index: int
    name: str
    entry: StepEntry
    group: int
    root: int
    number: int
    enabled: bool
    at: NodePath


@dataclass(slots=True)
class GroupSpot:
    """A group where it stands; ``steps`` are the indexes of all steps in it, at any depth, in file order."""

    index: int
    name: str
    entry: GroupEntry
    parent: int
    root: int
    enabled: bool
    members: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    @property
    def at(self) -> NodePath:
        """Where the entry stands in the file."""
        return self.entry.at


Spot: TypeAlias = StepSpot | GroupSpot


@dataclass(slots=True)
class Outline:
    """All steps and groups of a file in file order, the top-level entries, and who is called what."""

    steps: list[StepSpot]
    groups: list[GroupSpot]
    roots: list[Spot]
    names: dict[str, Spot]


class _Names:
    """Gives ``<type>_<n>`` to nameless entries, n counting the entries of that type in file order."""

    def __init__(self, given: Iterable[str]) -> None:
        self._taken = set(given)
        self._seen: Counter[str] = Counter()

    def name(self, entry: StepEntry | GroupEntry) -> str:
        self._seen[entry.type] += 1
        if entry.name is not None:
            return entry.name
        number = self._seen[entry.type]
        while (name := f"{entry.type}_{number}") in self._taken:
            number += 1
        self._taken.add(name)
        return name


def outline(config: PipelineConfig) -> Outline:
    """The file's entries, flat, named, in file order."""
    result = Outline([], [], [], {})
    names = _Names(_given_names(config.steps))
    for root, entry in enumerate(config.steps):
        result.roots.append(_place(result, names, entry, root, -1, enabled=True))
    for step in result.steps:
        group = step.group
        while group >= 0:
            result.groups[group].steps.append(step.index)
            group = result.groups[group].parent
    return result


def _given_names(entries: Sequence[StepEntry | GroupEntry]) -> Iterable[str]:
    for entry in entries:
        if entry.name is not None:
            yield entry.name
        if isinstance(entry, GroupEntry):
            yield from _given_names(entry.steps)


def _place(
    into: Outline, names: _Names, entry: StepEntry | GroupEntry, root: int, parent: int, *, enabled: bool
) -> Spot:
    name = names.name(entry)
    enabled = enabled and entry.enabled
    spot: Spot
    if isinstance(entry, GroupEntry):
        spot = GroupSpot(len(into.groups), name, entry, parent, root, enabled)
        into.groups.append(spot)
        if parent >= 0:
            into.groups[parent].groups.append(spot.index)
        for member in entry.steps:
            _place(into, names, member, root, spot.index, enabled=enabled)
    else:
        number = len(into.groups[parent].members) + 1 if parent >= 0 else 0
        spot = StepSpot(len(into.steps), name, entry, parent, root, number, enabled, entry.at)
        into.steps.append(spot)
        if parent >= 0:
            into.groups[parent].members.append(spot.index)
    into.names.setdefault(name, spot)
    return spot
