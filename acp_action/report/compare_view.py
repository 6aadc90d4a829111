"""A comparison for people: the figures of both runs, then every step that differs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from acp_action.report.cells import cells, fill, steady
from acp_action.report.escape import one_line
from acp_action.report.lines import span_words
from acp_action.report.wording import status_words, usd

if TYPE_CHECKING:
    from acp_action.report.compare import Change, Comparison, Side, StepPair

_NAMES: Final = 32
# Characters of a value that differs.
_VALUE: Final = 60
# Seconds or USD that are worth a percentage.
_LEAST: Final = 0.05
_OUTPUTS: Final = {
    "same": "the same",
    "different": "different",
    "unknown": "of unknown content",
    "only_a": "only in A",
    "only_b": "only in B",
}


def comparison_text(found: Comparison) -> str:
    """The head, the figures, and what became of the steps."""
    parts = [[_place("A", found.a), _place("B", found.b)], _figures(found), _steps(found)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _place(letter: str, side: Side) -> str:
    told = f"{one_line(side.pipeline)}, {moment(side.started)}, {one_line(side.status)}"
    return f"{letter}: {one_line(side.place)} ({told})"


def moment(started: str) -> str:
    """When a run began, for people.

    >>> moment("2025-10-09T08:53:20.000Z")
    '2025-10-09 08:53:20 UTC'
    """
    return f"{one_line(started, 40).replace('T', ' ').partition('.')[0].removesuffix('Z')} UTC"


def _figures(found: Comparison) -> list[str]:
    rows = [("", "A", "B", "B against A")]
    rows += figures(found)
    return [f"{name:<18}{one:>18}{other:>18}   {change}".rstrip() for name, one, other, change in rows]


def figures(found: Comparison) -> list[tuple[str, str, str, str]]:
    """What is told of each run as a whole: the name, the two values, and how far they are apart."""
    a, b = found.a, found.b
    return [
        ("Time", span_words(a.duration), span_words(b.duration), _against(a.duration, b.duration)),
        (
            "One after another",
            span_words(a.sequential),
            span_words(b.sequential),
            _against(a.sequential, b.sequential),
        ),
        ("Speedup", f"{a.speedup:.1f}x", f"{b.speedup:.1f}x", ""),
        ("Waits", span_words(a.waited), span_words(b.waited), _against(a.waited, b.waited)),
        ("Workers", str(a.workers), str(b.workers), ""),
        ("Schedule", a.schedule, b.schedule, ""),
        ("Cost", _cost(a), _cost(b), _against(a.cost or 0.0, b.cost or 0.0)),
        *_counts(a, b),
    ]


def _counts(a: Side, b: Side) -> list[tuple[str, str, str, str]]:
    names = dict.fromkeys((*a.counts, *b.counts))
    return [
        (status_words(name).capitalize(), str(a.counts.get(name, 0)), str(b.counts.get(name, 0)), "")
        for name in names
    ]


def _against(a: float, b: float) -> str:
    return f"{b / a - 1:+.0%}" if a > 0 and abs(b - a) >= _LEAST and round(abs(b / a - 1), 2) else ""


def _cost(side: Side) -> str:
    if side.cost is None:
        return "unknown" if side.cost_unknown else "nothing"
    known = usd(side.cost)
    return f"over {known}" if side.cost_unknown else known


def _steps(found: Comparison) -> list[str]:
    changed = found.changed
    count = f"{len(found.steps)} step{'' if len(found.steps) == 1 else 's'}"
    lead = f"{len(changed)} of {count} differ:" if changed else f"All {count} are alike."
    names = [one_line(steady(pair.name)) for pair in changed]
    width = min(max(map(cells, names), default=0), _NAMES)
    rows = [f"  {_wide(name, width)}  {step_words(pair)}" for name, pair in zip(names, changed, strict=True)]
    outputs = Counter(pair.output for pair in found.steps)
    told = ", ".join(f"{outputs[key]} {words}" for key, words in _OUTPUTS.items() if outputs[key])  # type: ignore[index]
    return [lead, *rows, *(["", f"Outputs: {told}"] if told else [])]


def _wide(text: str, width: int) -> str:
    return text if cells(text) >= width else fill(text, width)


def step_words(pair: StepPair) -> str:
    """What differs between the two sides of a step, on one line."""
    if pair.a is None or pair.b is None:
        side = pair.a or pair.b
        status = side.status if side else ""
        return f"only in {'A' if pair.a else 'B'} ({status})"
    return "; ".join(map(change_words, pair.changes))


def change_words(change: Change) -> str:
    """One difference: ``model flux_dev -> flux_pro``."""
    if change.what == "output":
        return "output differs"
    a, b = (one_line(value) or "none" for value in apart(change.a, change.b, _VALUE))
    return f"{one_line(change.what)} {a} -> {b}"


def apart(a: str, b: str, room: int) -> tuple[str, str]:
    """Two values in ``room`` characters each, so that what tells them apart is seen.

    >>> apart("a lighthouse at dusk, in warm light", "a lighthouse at dusk, in cold light", 20)
    ('… at dusk, in warm …', '… at dusk, in cold …')
    """
    if max(len(a), len(b)) <= room:
        return a, b
    alike = next(
        (place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    start = max(alike - room // 2, 0)
    return _piece(a, start, room), _piece(b, start, room)


def _piece(value: str, start: int, room: int) -> str:
    piece = f"…{value[start:]}" if start else value
    return piece if len(piece) <= room else f"{piece[: room - 1]}…"
