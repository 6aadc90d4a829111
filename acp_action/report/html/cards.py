"""Every step as a card: how it ended, how it was made, and what it made."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.providers.registry import LOCAL
from acp_action.report.escape import one_line, plain_lines
from acp_action.report.html.outputs import Records
from acp_action.report.lines import seconds, span_words
from acp_action.report.wording import lost_words, mend_words, names_words, urgency, usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from acp_action.report.html.outputs import Files, Shown
    from acp_action.report.model import AttemptLine, RunReport, StepLine

_PROMPTS: Final = ("prompt", "text", "question")
"""The parameters that are shown as the prompt, the first of them that is there."""

_TEXT_SHOWN: Final = 2000
_VALUE_SHOWN: Final = 300
_PARAMS_SHOWN: Final = 40
GOOD: Final = ("succeeded", "cached")


class Fact(NamedTuple):
    """A named value on a card."""

    name: str
    value: str


class Trouble(NamedTuple):
    """Steps that ended alike: their names in words, and their cards, of which there is at least one."""

    names: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One step, in words. ``place``: its place in the report, from 0."""

    place: int
    name: str
    status: str
    needs_attention: bool
    off: bool
    preview: bool
    kind: str
    type: str
    made_by: str
    group: str
    prompt: str
    text: str
    reason: str
    mend: str
    took: str
    facts: tuple[Fact, ...]
    attempts: tuple[str, ...]
    params: tuple[Fact, ...]
    files: tuple[Shown, ...]


def cards(
    report: RunReport, manifest: Mapping[str, Any] | None, files: Files, places: Iterable[int]
) -> Iterator[Card]:
    """The cards of the steps at these places."""
    records = Records(manifest)
    path = {item.step for item in report.critical_path}
    for place in places:
        step = report.steps[place]
        known = records.of(step)
        yield _card(place, step, known[0] if known else {}, files.of(step, known), critical=step.name in path)


def troubles(found: Iterable[Card]) -> list[Trouble]:
    """The steps that need attention, those of one cause and one way to mend it together; in their order."""
    alike: defaultdict[tuple[str, str, str], list[Card]] = defaultdict(list)
    for card in found:
        if card.needs_attention:
            alike[card.status, card.reason, card.mend].append(card)
    return [Trouble(names_words([card.name for card in each]), tuple(each)) for each in alike.values()]


def _card(
    place: int, step: StepLine, record: Mapping[str, Any], files: tuple[Shown, ...], *, critical: bool
) -> Card:
    params = record.get("params")
    params = dict(params) if isinstance(params, dict) else {}
    key = next((name for name in _PROMPTS if isinstance(params.get(name), str)), "")
    kind = next((file.kind for file in files), "none")
    if step.text is not None and kind in ("none", "other"):
        kind = "text"
    return Card(
        place=place,
        name=one_line(step.name),
        status=step.status,
        needs_attention=step.enabled and step.status not in GOOD,
        off=not step.enabled,
        preview=step.preview,
        kind=kind,
        type=one_line(step.type),
        made_by=one_line(f"{record.get('model_name') or step.model}, {step.provider}"),
        group=one_line(step.group),
        prompt=plain_lines(params.pop(key) if key else "", _TEXT_SHOWN),
        text=plain_lines(step.text or ""),
        reason=plain_lines(step.reason, _TEXT_SHOWN),
        mend="" if step.status in GOOD else mend_words(step),
        took=span_words(step.split.service) if step.attempts else "",
        facts=tuple(_facts(step, critical=critical)),
        attempts=tuple(map(_attempt, step.attempts)) if len(step.attempts) > 1 else (),
        params=tuple(
            Fact(one_line(str(name), _VALUE_SHOWN), _value(value))
            for name, value in list(params.items())[:_PARAMS_SHOWN]
        ),
        files=files,
    )


def _facts(step: StepLine, *, critical: bool) -> Iterator[Fact]:
    if step.place and urgency(step) == 0:
        yield Fact("In the file", one_line(step.place))
    if step.cost is not None:
        yield Fact("Cost", usd(step.cost))
    elif step.attempts and step.provider != LOCAL:
        yield Fact("Cost", "unknown")
    if step.seed is not None:
        yield Fact("Seed", str(step.seed))
    if len(step.attempts) > 1:
        yield Fact("Attempts", str(len(step.attempts)))
    if step.attempts and (lost := lost_words(step.split)):
        yield Fact("Waited", lost)
    if critical:
        yield Fact("Held up", "the run: on its critical path")


def _attempt(attempt: AttemptLine) -> str:
    why = f": {one_line(attempt.reason, _VALUE_SHOWN)}" if attempt.reason else ""
    return f"{seconds(attempt.started)} to {seconds(attempt.finished)}, {one_line(attempt.outcome)}{why}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return plain_lines(value, _VALUE_SHOWN)
    try:
        return plain_lines(json.dumps(value, ensure_ascii=False, default=str), _VALUE_SHOWN)
    except (ValueError, RecursionError):
        return "…"
