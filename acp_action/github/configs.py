"""Which pipeline files the input ``config`` names, and which folder the outputs of each go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.errors import UsageError
from acp_action.plan.names import assign_stems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_WILD: Final = frozenset("*?[")
_CHECKED_OUT: Final = "actions/checkout comes before"


def find_configs(patterns: Sequence[str], workspace: Path) -> tuple[Path, ...]:
    """The files, each once, in the order of the patterns and within one by name; relative to the workspace.

    A pattern may hold ``*``, ``?``, ``[…]`` and ``**``; a path that exists as it is written is no pattern.
    Raises UsageError with every pattern that names no file of the workspace.
    """
    root = workspace.resolve()
    found: dict[Path, None] = {}
    complaints = []
    for pattern in patterns:
        try:
            matches = list(_matches(pattern, root))
        except (ValueError, NotImplementedError, OSError) as error:
            complaints.append(f"input 'config': {pattern!r} is no usable path: {error}")
            continue
        if not matches:
            complaints.append(f"input 'config': {_nothing(pattern)}")
        found |= dict.fromkeys(matches)
    if complaints:
        raise UsageError("\n".join(complaints))
    return tuple(found)


def _matches(pattern: str, root: Path) -> Iterator[Path]:
    literal = root / pattern
    if not _WILD & set(pattern) or literal.exists():
        candidates = [literal]
    else:
        # An absolute pattern may still lie in the workspace: runners turn host paths into those.
        inside = literal.relative_to(root)
        candidates = sorted(root.glob(str(inside)))
    for path in candidates:
        real = path.resolve()
        # A link may lead anywhere, and a pull request may bring one.
        if real.is_file() and real.is_relative_to(root):
            yield path.relative_to(root) if path.is_relative_to(root) else real.relative_to(root)


def _nothing(pattern: str) -> str:
    if _WILD & set(pattern):
        return f"no file of the workspace matches {pattern!r}; check the pattern, and that {_CHECKED_OUT}"
    return f"there is no file {pattern!r} in the workspace; check the path, and that {_CHECKED_OUT}"


def output_names(configs: Sequence[Path]) -> tuple[str, ...]:
    """A folder name for each of several files: the file's own name, with its folders where two are alike."""
    stems = [path.stem for path in configs]
    twins = {stem for stem in stems if stems.count(stem) > 1}
    names = [
        "-".join((*path.parent.parts, path.stem)) if path.stem in twins else path.stem for path in configs
    ]
    return assign_stems(names, [False] * len(names))
