"""Gathers what is wrong with a file while it is planned, so that all of it is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from acp_action.config.model import NodePath
    from acp_action.errors import Position, Problem


class ConfigSource(Protocol):
    """Where a config came from; knows the place of every node."""

    @property
    def name(self) -> str:
        """The file as people know it."""
        ...

    def locate(self, path: NodePath, key: bool = False) -> Position | None:
        """The place of a node's value, or of its key."""
        ...

    def problem(
        self,
        path: NodePath,
        what: str,
        mend: str = "",
        *,
        key: bool = False,
        offset: int = 0,
        severity: Literal["error", "warning"] = "error",
    ) -> Problem:
        """A problem at a node, with its place and line."""
        ...


class Findings:
    """The problems found so far; ``errors`` end the planning, ``warnings`` go into the plan."""

    def __init__(self, source: ConfigSource) -> None:
        self.source = source
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def error(self, path: NodePath, what: str, mend: str = "", *, key: bool = False, offset: int = 0) -> None:
        """Note an error at a node of the file; ``offset``: characters into its text."""
        self.errors.append(self.source.problem(path, what, mend, key=key, offset=offset))

    def warning(self, path: NodePath, what: str, mend: str = "") -> None:
        """Note something that stops nothing."""
        self.warnings.append(self.source.problem(path, what, mend, severity="warning"))

    def sorted_errors(self) -> list[Problem]:
        """The errors in file order, each once."""
        unique = list(dict.fromkeys(self.errors))
        return sorted(unique, key=lambda p: (p.position.line, p.position.column) if p.position else (0, 0))
