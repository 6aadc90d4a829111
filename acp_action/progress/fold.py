"""Which lines of a board are shown where there is no room for all: what happens now, and what went wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.progress.board import BAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.progress.board import Line

_BAD, _CANCELLED, _LAST = 4, 5, 9
_DONE: Final = frozenset({"succeeded", "cached"})
_NAMED: Final = frozenset({"cancelled", "skipped", "running", "waiting"})
# After the run, its report tells the rest.
_BAD_AT_THE_END: Final = 8


class Folded(NamedTuple):
    """The lines that are shown, and how many steps are not, by what became of them, as it is told."""

    shown: tuple[Line, ...]
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0
    running: int = 0
    held: int = 0
    waiting: int = 0

    @property
    def hidden(self) -> bool:
        """Whether any line is left out."""
        return self != Folded(self.shown)


def fold(lines: Sequence[Line], room: int, *, ended: bool = False) -> Folded:
    """At most ``room`` lines, in the order of the board; fewer once the run has ``ended``.

    Running ones stand by worker, so that each keeps its place. First come groups in which something happens,
    then running and parked steps, groups in which something failed and what failed there, then what stands
    at top level. Finished and waiting members of groups are not shown one by one: their group counts them.
    """
    if len(lines) <= room:
        return Folded(tuple(lines))
    ranked = sorted(
        (urgency, place) for place, line in enumerate(lines) if (urgency := _urgency(line)) < _LAST
    )
    if ended:
        ended_badly = [rank for rank in ranked if rank[0] in (_BAD, _CANCELLED)]
        left_out = set(ended_badly[_BAD_AT_THE_END:])
        ranked = [rank for rank in ranked if rank not in left_out]
    # A row that counts what is hidden stands at the end.
    kept = {place for _, place in ranked[: max(room - 1, 0)]}
    shown = sorted(kept, key=lambda place: _place(lines[place], place))
    hidden = Counter(
        line.state for place, line in enumerate(lines) if place not in kept and not line.is_group
    )
    counts = Counter[str]()
    for state, count in hidden.items():
        counts[_word(state)] += count
    return Folded(tuple(lines[place] for place in shown), *(counts[name] for name in Folded._fields[1:]))


def _word(state: str) -> str:
    if state in _DONE:
        return "done"
    if state in BAD:
        return "failed"
    return state if state in _NAMED else "held"


def _urgency(line: Line) -> int:
    if line.is_group:
        return 0 if line.state == "running" else 3 if line.failed else 6 if line.depth == 0 else 8
    if line.state == "running":
        return 1
    if line.state == "parked":
        return 2
    if line.state in BAD:
        return _BAD
    if line.state == "cancelled":
        return _CANCELLED
    return 7 if line.depth == 0 else _LAST


def _place(line: Line, place: int) -> tuple[int, int, int]:
    """Under its group: the group itself, then who runs, by worker, then the rest in file order."""
    if line.is_group or line.depth == 0:
        return (place, 0, 0)
    return (line.home, 1, line.worker) if line.state == "running" else (line.home, 2, place)
