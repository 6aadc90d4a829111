"""From a node's path to its place in the text, and from a place back to the path."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from yaml.events import ScalarEvent

from acp_action.config.scalars import written
from acp_action.config.yaml_events import events_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.config.model import NodePath
    from acp_action.config.yaml_nodes import Tree

_COMMENT: Final = re.compile(r"[ \t]+#")
_WORD: Final = re.compile(r"\S+")


class Places:
    """The places of a tree's nodes, as indexes into the text it was read from."""

    def __init__(self, text: str, tree: Tree) -> None:
        self._text = text
        self._tree = tree

    def find(self, path: NodePath, *, key: bool = False) -> tuple[int, Any]:
        """Where a node's value, or its key, begins, and the node; else those of the nearest node above it."""
        node, index = self._tree.value, self._tree.start
        for depth, part in enumerate(path):
            place = self._number(node, part)
            if place is None:
                break
            marks = self._tree.marks[id(node)]
            if isinstance(node, dict):
                place = 2 * place + (0 if key and depth == len(path) - 1 else 1)
            index, node = marks[place], node[part]
        return index, node

    @staticmethod
    def _number(node: Any, part: str | int) -> int | None:
        if isinstance(node, dict):
            return list(node).index(part) if part in node else None
        if isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
            return part
        return None

    def path_at(self, index: int) -> NodePath:
        """The path of the deepest node that begins at or before a place."""
        path: list[str | int] = []
        node, start = self._tree.value, self._tree.start
        while isinstance(node, dict | list) and node:
            starts = self._starts(node)
            number = bisect_right(starts, index) - 1
            # What an alias stands for was written further up, so the place is not within it.
            if number < 0 or starts[0] < start:
                break
            if isinstance(node, list) and self._is_past(index, starts[number]):
                break
            part = list(node)[number] if isinstance(node, dict) else number
            path.append(part)
            node, start = node[part], starts[number]
        return tuple(path)

    def _is_past(self, index: int, item: int) -> bool:
        """Whether a line begins at a place, no deeper than the dash of an item: then its list is over."""
        line = self._text.rfind("\n", 0, index) + 1
        start = self._text.rfind("\n", 0, item) + 1
        lead = self._text[start:item]
        if index == item or self._text[line:index].strip() or lead.strip(" -"):
            return False
        return index - line <= lead.find("-")

    def _starts(self, node: Any) -> Sequence[int]:
        marks = self._tree.marks[id(node)]
        return marks[::2] if isinstance(node, dict) else marks

    # --- within one text

    def inside(self, path: NodePath, offset: int) -> int:
        """Where a character of a node's text stands; the start of the text where escapes hide it."""
        index, value = self.find(path)
        if not offset or not isinstance(value, str):
            return index
        for shift in (0, 1):
            if self._text.startswith(value, index + shift):
                return index + shift + offset
        word = _WORD.match(value, offset)
        if word is None:
            return index
        place = index - 1
        for _ in range(value.count(word[0], 0, offset) + 1):
            place = self._text.find(word[0], place + 1, self._ends.get(index, index))
            if place < 0:
                return index
        return place

    def cut_at(self, path: NodePath) -> int | None:
        """Where a comment ends a node's unquoted text, None when none does."""
        index, value = self.find(path)
        if self._text[index : index + 1] in ("'", '"', "|", ">") or isinstance(value, dict | list):
            return None
        text = written(value)
        is_there = text and self._text.startswith(text, index)
        end = index + len(text) if is_there else self._ends.get(index, index)
        match = _COMMENT.match(self._text, end)
        return match.end() - 1 if match else None

    @cached_property
    def _ends(self) -> dict[int, int]:
        """Where each text ends; a second pass over the file, for the few questions that need it."""
        parser = events_of(self._text)
        ends = {}
        while (event := parser.get_event()) is not None:
            if isinstance(event, ScalarEvent):
                ends[event.start_mark.index] = event.end_mark.index  # type: ignore[union-attr]
        return ends
