"""A pipeline given as a mapping from Python: the twin of YamlSource, without places."""

from __future__ import annotations

from math import isfinite
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Final, Literal

from acp_action.config.text import FORBIDDEN
from acp_action.config.where import where
from acp_action.config.yaml_faults import DEEPEST
from acp_action.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.config.model import NodePath
    from acp_action.errors import Position

MOST_VALUES: Final = 1_000_000
"""Values a mapping may hold; lists that are shared between many steps count each time."""

_LONGEST_INT: Final = 128
"""Bits; longer numbers are no seed of any model, and Python refuses to write out very long ones."""


class MappingSource:
    """A mapping, copied into plain values: ``value``, ``name`` and ``problems`` as in YamlSource."""

    trusted: Final = True
    is_complete: Final = True

    def __init__(self, value: Mapping[str, Any], name: str = "pipeline") -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.value: Any = value
        self._count = 0
        self._is_refused = False
        self.value = self._plain(value, ())

    def locate(self, path: NodePath, key: bool = False) -> Position | None:  # noqa: ARG002
        """None: a mapping has no places."""
        return None

    def is_damaged(self, position: Position | None) -> bool:  # noqa: ARG002
        """False: a mapping was never a text."""
        return False

    def cut_at(self, path: NodePath) -> Position | None:  # noqa: ARG002
        """None: a mapping has no comments."""
        return None

    def problem(
        self,
        path: NodePath,
        what: str,
        mend: str = "",
        *,
        key: bool = False,  # noqa: ARG002
        offset: int = 0,  # noqa: ARG002
        at: Position | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> Problem:
        """A problem at a node, with words for where it is."""
        return Problem(where(self.value, path), what, mend, self.name, at, severity=severity)

    def _plain(self, value: Any, path: NodePath) -> Any:
        self._count += 1
        if self._is_refused:
            return None
        if self._count > MOST_VALUES or len(path) > DEEPEST:
            self._refuse_size(path)
            return None
        if isinstance(value, dict):
            keys = [key for key in value if self._is_key(key, path)]
            return {key: self._plain(value[key], (*path, key)) for key in keys}
        if isinstance(value, list | tuple):
            return [self._plain(item, (*path, number)) for number, item in enumerate(value)]
        if value is None or isinstance(value, bool):
            return value
        return self._plain_leaf(value, path)

    def _plain_leaf(self, value: Any, path: NodePath) -> Any:
        if isinstance(value, PathLike):
            value = fspath(value)
        if isinstance(value, str):
            if bad := FORBIDDEN.search(value):
                self._refuse(path, f"an invisible character (U+{ord(bad[0]):04X}) in the text", "take it out")
                return ""
            return str(value)
        if isinstance(value, int) and value.bit_length() <= _LONGEST_INT:
            return int(value)
        if isinstance(value, float) and isfinite(value):
            return float(value)
        kind = "number beyond reason" if isinstance(value, int | float) else type(value).__name__
        self._refuse(path, f"a {kind}", "a pipeline holds texts, numbers, true, false, None, lists and dicts")
        return None

    def _is_key(self, key: Any, path: NodePath) -> bool:
        if not isinstance(key, str):
            self._refuse(path, f"the key {key!r} is not a text", "use texts as keys")
        return isinstance(key, str)

    def _refuse_size(self, path: NodePath) -> None:
        # The first word about it ends the reading: a mapping that holds itself is met at every turn.
        self._is_refused = True
        if self._count > MOST_VALUES:
            self._refuse((), f"more than {MOST_VALUES:,} values", "split the pipeline")
        else:
            what = f"more than {DEEPEST} lists and mappings within each other"
            self._refuse(path[:4], what, "write it flatter")

    def _refuse(self, path: NodePath, what: str, mend: str) -> None:
        self.problems.append(self.problem(path, what, mend))
