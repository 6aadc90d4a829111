"""Which lines of a board are shown where there is no room for all: what happens now, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.progress.board import BAD, UNSETTLED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.progress.board import Line

_LAST: Final = 9


class Folded(NamedTuple):
    """The lines that are shown, and how many steps are not: done, gone wrong, left out, busy, and waiting."""

    shown: tuple[Line, ...]
    done: int = 0
    failed: int = 0
    skipped: int = 0
    busy: int = 0
    waiting: int = 0

    @property
    def hidden(self) -> bool:
        """Whether any line is left out."""
        return self != Folded(self.shown)


def fold(lines: Sequence[Line], room: int) -> Folded:
    """At most ``room`` lines, in the order of the board.

    Running ones stand by worker, so that each keeps its place. First come groups in which something happens,
    then running, parked and failed steps, then what stands at top level. Finished and waiting members of
    groups are not shown one by one: their group counts them.
    """
    if len(lines) <= room:
        return Folded(tuple(lines))
    # A row that counts what is hidden stands at the end.
    ranked = sorted((_urgency(line), place) for place, line in enumerate(lines))
    kept = [place for urgency, place in ranked[: max(room - 1, 0)] if urgency < _LAST]
    shown = sorted(kept, key=lambda place: _place(lines[place], place))
    hidden = [lines[place].state for place in set(range(len(lines))) - set(kept) if not lines[place].is_group]
    waiting = hidden.count("waiting")
    busy = sum(state in UNSETTLED for state in hidden) - waiting
    failed = sum(state in BAD for state in hidden)
    skipped = hidden.count("skipped") + hidden.count("cancelled")
    done = len(hidden) - waiting - busy - failed - skipped
    return Folded(tuple(lines[place] for place in shown), done, failed, skipped, busy, waiting)


def _urgency(line: Line) -> int:
    if line.is_group:
        return 0 if line.state == "running" else 5 if line.failed else 6 if line.depth == 0 else 8
    if line.state == "running":
        return 1
    if line.state == "parked":
        return 2
    if line.state in BAD:
        return 3
    if line.state == "cancelled":
        return 4
    return 7 if line.depth == 0 else _LAST


def _place(line: Line, place: int) -> tuple[int, int, int]:
    """Under its group: the group itself, then who runs, by worker, then the rest in file order."""
    if line.is_group or line.depth == 0:
        return (place, 0, 0)
    return (line.home, 1, line.worker) if line.state == "running" else (line.home, 2, place)
