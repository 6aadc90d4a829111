"""Where a node stands, as a person says it: ``group 'variations' > step 'edited': params.prompt``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acp_action.catalogue.step_types import GROUP_TYPE
from acp_action.config.text import FILLER, shown

if TYPE_CHECKING:
    from acp_action.config.model import NodePath

_LONGEST: Final = 6
"""Parts of a path behind an entry that are named; the place says the rest."""


def where(root: Any, path: NodePath) -> str:
    """The words for a path; entries are called by their names, nameless ones by their index.

    >>> where({"steps": [{"name": "a"}, {}]}, ("steps", 0, "params", "prompt"))
    "step 'a': params.prompt"
    >>> where({"steps": [{"name": "a"}, {}]}, ("steps", 1))
    'steps[1]'
    """
    entries = []
    node, rest = root, path
    while (length := _entry_length(rest)) and (entry := _follow(node, rest[:length])) is not None:
        entries.append(_entry_name(entry, rest[length - 1]))
        node, rest = entry, rest[length:]
    parts = (" > ".join(entries), _dotted(rest))
    return ": ".join(part for part in parts if part)


def _entry_length(path: NodePath) -> int:
    """How many parts of the path lead to the next entry; 0 where no entry follows."""
    length = 3 if path[:2] == ("params", "parallel_steps") else 2
    leads = path[:1] == ("steps",) or length == 3
    return length if leads and len(path) >= length and isinstance(path[length - 1], int) else 0


def _follow(node: Any, path: NodePath) -> Any:
    for part in path:
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return None
    return node


def _entry_name(entry: Any, index: str | int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    if isinstance(name, bool) or not isinstance(name, str | int | float) or not str(name).strip(FILLER):
        return f"steps[{index}]"
    kind = "group" if entry.get("type") == GROUP_TYPE else "step"
    return f"{kind} {shown(str(name))}"


def _dotted(path: NodePath) -> str:
    words = ""
    for part in path[:_LONGEST]:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += f".{shown(part)[1:-1]}" if words else shown(part)[1:-1]
    return words + ("…" if len(path) > _LONGEST else "")
