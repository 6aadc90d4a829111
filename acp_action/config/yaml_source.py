"""A pipeline file as values, with the place of every node, and everything that is wrong with it as YAML."""

from __future__ import annotations

from os import fsencode
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from acp_action.config.environment import SIZE_VARIABLE
from acp_action.config.text import FILLER, Fault, Lines, clean_text, decode, shown
from acp_action.config.where import where
from acp_action.config.yaml_places import Places
from acp_action.config.yaml_tree import parse_tree
from acp_action.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.config.model import NodePath
    from acp_action.config.yaml_nodes import Tree
    from acp_action.errors import Position

MAX_BYTES: Final = 10 * 2**20
"""How big a pipeline file may be: 10 MiB are more than 50,000 steps."""

_MOST_REPAIRS: Final = 10
_REPAIRED_LENGTH: Final = 200_000
"""How many broken values are blanked out to find what else is wrong, and up to which length of a text."""


class YamlSource:
    """A YAML text that was read: its ``value``, its ``name`` for people, and its ``problems``, in order.

    ``value`` is made of dict, list, str, int, float, bool and None, and must not be changed. Unless the
    source ``is_complete`` it is what could be read before the text broke off.
    """

    trusted: Final = False

    def __init__(self, text: str, name: str, faults: Iterable[Fault] = (), *, readable: bool = True) -> None:
        self.name = name
        self._lines = Lines(text)
        self._damaged: set[int] = set()
        broken: list[Fault] = []
        tree, parsed = self._read(text, broken) if readable else (parse_tree(""), "")
        self._tree = tree
        self._places = Places(parsed, tree)
        self._has_comments = " #" in text or "\t#" in text
        self.value: Any = tree.value
        self.is_complete = readable and tree.error is None
        self.problems = [
            self._told(fault) for fault in sorted([*faults, *broken, *tree.faults], key=_by_place)
        ]

    @classmethod
    def from_path(cls, path: str | Path, max_bytes: int = MAX_BYTES) -> YamlSource:
        """Read a file of at most ``max_bytes`` bytes.

        Raises UsageError for a file that is not there, cannot be read or is too big; what is wrong within it
        goes to ``problems``.
        """
        if "\n" in str(path):
            raise UsageError(f"{shown(str(path))} is no path; a text is read by YamlSource.from_text")
        try:
            with Path(path).open("rb") as file:
                content = file.read(max_bytes + 1)
        except (OSError, ValueError) as error:
            raise UsageError(_unreadable(path, error)) from error
        if len(content) > max_bytes:
            limit = f"{max_bytes / 2**20:g} MiB" if max_bytes >= 2**20 else f"{max_bytes:,} bytes"
            raise UsageError(
                f"{path}: the file is bigger than {limit}; split the pipeline, or set {SIZE_VARIABLE}"
            )
        text, faults, readable = decode(content)
        return cls(text, fsencode(path).decode(errors="replace"), faults, readable=readable)

    @classmethod
    def from_text(cls, text: str, name: str = "pipeline") -> YamlSource:
        """Read a text; ``name`` stands for it in messages."""
        text, faults, readable = clean_text(text)
        return cls(text, name, faults, readable=readable)

    def _read(self, text: str, broken: list[Fault]) -> tuple[Tree, str]:
        """Parse; where one broken value stops the parser, blank it out and look for what else is wrong."""
        for _ in range(_MOST_REPAIRS):
            tree = parse_tree(text)
            if tree.error is None:
                return tree, text
            if broken and tree.error.index <= broken[-1].index:
                return tree, text  # blanking out did not help, and what comes next is told by nobody
            broken.append(tree.error)
            if tree.error.patch is None or len(text) > _REPAIRED_LENGTH:
                return tree, text
            self._damaged.add(self._lines.position(tree.error.patch[0]).line)
            text = _patched(text, *tree.error.patch)
        return tree, text

    def locate(self, path: NodePath, key: bool = False) -> Position | None:
        """The place of a node's value, or of its key; of the nearest node above it where it is missing."""
        return self._lines.position(self._places.find(path, key=key)[0])

    def is_damaged(self, position: Position | None) -> bool:
        """Whether a broken value stands in that line, so that what was read there means nothing."""
        return position is not None and position.line in self._damaged

    def cut_at(self, path: NodePath) -> Position | None:
        """Where a comment ends a node's unquoted text, None when none does."""
        cut = self._places.cut_at(path) if self._has_comments else None
        return None if cut is None else self._lines.position(cut)

    def problem(
        self,
        path: NodePath,
        what: str,
        mend: str = "",
        *,
        key: bool = False,
        offset: int = 0,
        at: Position | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> Problem:
        """A problem at a node: with the file, the place and its line, and words for where it is.

        ``key``: the node's key is meant. ``offset``: the character of its text that is meant. ``at``: the
        place, where the caller knows it better.
        """
        if at is None:
            place = self._places.inside(path, offset) if offset else self._places.find(path, key=key)[0]
            at = self._lines.position(place)
        line, caret = self._lines.excerpt(at)
        return Problem(where(self.value, path), what, mend, self.name, at, line, severity, caret)

    def _told(self, fault: Fault) -> Problem:
        """A fault of the text as a problem: at the node of the same line, or at the entry it stands in."""
        at = self._lines.position(fault.index)
        path = self._places.path_at(fault.index)
        if fault.patch and path and set(str(path[-1])) == {FILLER}:
            path = path[:-1]  # what was blanked out has become a key
        while path and not _is_entry(path):
            place = self.locate(path, key=True)
            if place is not None and place.line == at.line:
                break
            path = path[:-1]
        return self.problem(path, fault.what, fault.mend, at=at)


def _is_entry(path: NodePath) -> bool:
    return isinstance(path[-1], int) and path[-2:-1] in (("steps",), ("parallel_steps",))


def _by_place(fault: Fault) -> int:
    return fault.index


def _patched(text: str, start: int, stop: int) -> str:
    """The text with a broken piece made harmless and as long: a text, or a comment for a whole line."""
    length = stop - start
    line_start = text.rfind("\n", 0, start) + 1
    if not text[line_start:start].strip():
        filler = "#" * length
    else:
        filler = f'"{FILLER * (length - 2)}"' if length > 1 else FILLER
    return text[:start] + filler + text[stop:]


def _unreadable(path: str | Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: there is no such file; check the path, or begin with: ai-content-pipeline init"
    if isinstance(error, IsADirectoryError):
        return f"{path}: this is a folder; give the pipeline file in it"
    if isinstance(error, PermissionError):
        return f"{path}: the file may not be read; check its permissions"
    return f"{path}: the file cannot be read: {getattr(error, 'strerror', None) or error}"
