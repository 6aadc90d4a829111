"""Anchors and aliases, with a bound on what the aliases of one file stand for.

An alias shares the value of its anchor, so that a bomb takes no memory to build; but whoever walks the result
would walk for ever. What every alias stands for is therefore counted before it is used.
"""

from __future__ import annotations

from typing import Any, Final

MOST_ALIASED: Final = 250_000
"""Values that all aliases of a file may stand for: no bomb passes, but shared params of 10,000 steps do."""

# A long text costs time too, each time it is looked at.
_TEXT_PER_VALUE: Final = 64
_OPEN: Final = object()


class Anchors:
    """The anchors of one text, each with its value once that is complete."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        # Sizes are kept by identity, so what was measured must not go away.
        self._kept: list[Any] = []
        self._aliased = 0

    def begin(self, name: str) -> None:
        """The list or mapping of this anchor has begun."""
        self._values[name] = _OPEN

    def finish(self, name: str, value: Any) -> None:
        """The value of this anchor is complete."""
        self._values[name] = value
        self._kept.append(value)

    def is_known(self, name: str) -> bool:
        """Whether there is such an anchor above."""
        return name in self._values

    def is_open(self, name: str) -> bool:
        """Whether the alias would stand within its own value."""
        return self._values[name] is _OPEN

    def use(self, name: str) -> tuple[Any, int]:
        """The value of an anchor that is complete, and how deep its lists and mappings are."""
        value = self._values[name]
        size, height = self._measure(value)
        self._aliased += size
        return value, height

    @property
    def are_too_many(self) -> bool:
        """Whether the aliases used so far stand for more values than one file may have."""
        return self._aliased > MOST_ALIASED

    def _measure(self, value: Any) -> tuple[int, int]:
        if not isinstance(value, dict | list):
            return 1 + (len(value) // _TEXT_PER_VALUE if isinstance(value, str) else 0), 0
        if id(value) not in self._sizes:
            parts = [self._measure(item) for item in (value.values() if isinstance(value, dict) else value)]
            size = 1 + sum(size for size, _ in parts)
            self._sizes[id(value)] = size, 1 + max((height for _, height in parts), default=0)
        return self._sizes[id(value)]
