"""A comparison for people: the figures of both runs, then every step that differs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from acp_action.report.cells import cells, fill, steady
from acp_action.report.escape import one_line
from acp_action.report.lines import span_words
from acp_action.report.wording import status_words, usd

if TYPE_CHECKING:
    from acp_action.report.comparison import Change, Comparison, Side, StepPair

_NAMES: Final = 32
# Characters of a value that differs, and of why a run was stopped.
_VALUE: Final = 60
_WHY: Final = 160
# Parts of one: less is no percent, and more is told in times.
_LEAST, _MANIFOLD = 0.005, 9.5
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
    return "\n\n".join("\n".join(map(one_line, part)) for part in parts if part)


def _place(letter: str, side: Side) -> str:
    told = f"{one_line(side.pipeline)}, {moment(side.started)}, {ended(side)}"
    return f"{letter}: {one_line(side.place)} ({told})"


def ended(side: Side) -> str:
    """How a run ended; one that did not come to its end, or has not yet, with the reason."""
    why = f": {one_line(side.stopped, _WHY)}" if side.stopped else ""
    return f"{status_words(side.status)}{why}"


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
    a, b, by = found.a, found.b, found.against
    return [
        ("Time", span_words(a.duration), span_words(b.duration), _apart(by.duration)),
        (
            "One after another",
            span_words(a.sequential),
            span_words(b.sequential),
            _apart(by.sequential),
        ),
        ("Speedup", f"{a.speedup:.1f}x", f"{b.speedup:.1f}x", ""),
        ("Waits", span_words(a.waited), span_words(b.waited), _apart(by.waited)),
        ("Workers", str(a.workers), str(b.workers), ""),
        ("Schedule", a.schedule, b.schedule, ""),
        ("Cost", _cost(a), _cost(b), _apart(by.cost)),
        *_counts(a, b),
    ]


def _counts(a: Side, b: Side) -> list[tuple[str, str, str, str]]:
    names = dict.fromkeys((*a.counts, *b.counts))
    return [
        (status_words(name).capitalize(), str(a.counts.get(name, 0)), str(b.counts.get(name, 0)), "")
        for name in names
    ]


def _apart(part: float | None) -> str:
    if part is None or abs(part) < _LEAST:
        return ""
    # Nobody reads "+2,144%".
    return f"{part:+.0%}" if part < _MANIFOLD else f"{part + 1:,.0f} times"


def _cost(side: Side) -> str:
    if side.cost is None:
        return "unknown" if side.cost_unknown else "nothing"
    known = usd(side.cost)
    return f"over {known}" if side.cost_unknown else known


def _steps(found: Comparison) -> list[str]:
    changed = found.changed
    count = f"{len(found.steps)} step{'' if len(found.steps) == 1 else 's'}"
    unseen = not_compared(found)
    whole = "Its 1 step is" if len(found.steps) == 1 else f"All {count} are"
    alike = f"{whole} alike{', as far as can be told' if unseen else ''}."
    lead = f"{len(changed)} of {count} differ:" if changed else alike
    names = [one_line(steady(pair.name)) for pair in changed]
    width = min(max(map(cells, names), default=0), _NAMES)
    rows = [f"  {_wide(name, width)}  {step_words(pair)}" for name, pair in zip(names, changed, strict=True)]
    outputs = Counter(pair.output for pair in found.steps)
    told = ", ".join(f"{outputs[key]} {words}" for key, words in _OUTPUTS.items() if outputs[key])  # type: ignore[index]
    rest = [*([f"Outputs: {told}"] if told else []), *([unseen] if unseen else [])]
    return [lead, *rows, *(["", *rest] if rest else [])]


def not_compared(found: Comparison) -> str:
    """What could not be held against each other for want of a manifest; empty where both are there."""
    lacks = [letter for letter, side in (("A", found.a), ("B", found.b)) if not side.manifest]
    if not lacks:
        return ""
    who = f"{' and '.join(lacks)} {'has' if len(lacks) == 1 else 'have'}"
    return f"Parameters and the content of outputs could not be compared: {who} no manifest.json of that run."


def _wide(text: str, width: int) -> str:
    return text if cells(text) >= width else fill(text, width)


def step_words(pair: StepPair) -> str:
    """What differs between the two sides of a step, on one line."""
    if pair.a is None or pair.b is None:
        side = pair.a or pair.b
        status = side.status if side else ""
        here, there = ("A", "B") if pair.a else ("B", "A")
        like = f"; perhaps {one_line(pair.like)} of {there}, which does the same" if pair.like else ""
        return f"only in {here} ({status_words(status)}){like}"
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
    ('… dusk, in warm lig…', '… dusk, in cold lig…')
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
