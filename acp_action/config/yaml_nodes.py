"""The values of a YAML text with their places, complete or under construction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from acp_action.config.text import Fault

WANTED: Final = object()
"""Instead of a key: the next value is a key of this mapping."""
ITEM: Final = object()
"""Instead of a key: this is a list."""
DROPPED: Final = object()
"""Instead of a key: the next value goes nowhere, its key was refused."""
MERGED: Final = object()
"""Instead of a key: the keys of the next value are taken over (``<<``)."""


@dataclass(slots=True)
class Tree:
    """What a text holds. ``marks``: places by the ``id`` of the list or mapping; ``start``: the root's place.

    ``error``: the fault that ended the reading; what was read before is in ``value`` all the same.
    """

    value: Any = None
    start: int = 0
    marks: dict[int, list[int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    error: Fault | None = None


class Frame:
    """A list or mapping under construction. ``key``: what the next event is, or the key of the next value."""

    __slots__ = ("anchor", "key", "key_start", "marks", "merged", "start", "value")

    def __init__(self, value: Any, key: Any, start: int, anchor: str | None) -> None:
        self.value = value
        self.key = key
        self.start = start
        self.anchor = anchor
        self.key_start = start
        self.marks: list[int] = []
        self.merged: list[tuple[Any, int]] = []

    def take_over(self, source: dict[str, Any], marks: list[int]) -> None:
        """Add the keys of a mapping that are not written in this one, with their places."""
        for number, (key, item) in enumerate(source.items()):
            if key not in self.value:
                self.value[key] = item
                self.marks += marks[2 * number : 2 * number + 2]
