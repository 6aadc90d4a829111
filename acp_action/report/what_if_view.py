"""Trials for people: a table with bars, the knee as advice, and what was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.report.escape import one_line
from acp_action.report.lines import span_words

if TYPE_CHECKING:
    from acp_action.report.what_if import Trial, WhatIf

# Two columns of bars fit 80 characters.
_BAR: Final = 12
_ALONE: Final = 30


def what_if_text(found: WhatIf) -> str:
    """The recorded run, the trials, advice and assumptions."""
    advice = [f"Advice: {line}" for line in found.advice]
    if found.doubt:
        advice = [f"No advice: {found.doubt}"]
    parts = [_head(found), _table(found), advice, _assumed(found)]
    return "\n\n".join("\n".join(map(one_line, part)) for part in parts if part)


def _head(found: WhatIf) -> list[str]:
    steps = f"{found.steps} step{'' if found.steps == 1 else 's'}"
    workers = f"{found.workers} worker{'' if found.workers == 1 else 's'}"
    setting = f"{span_words(found.duration)} with {workers}, {found.schedule}"
    if found.replayed is None:
        return [f"{one_line(found.pipeline)}: {steps}; as the file stands {setting} (simulated)"]
    lines = [f"{one_line(found.pipeline)}: {steps}; recorded {setting}", found.again]
    if found.guessed:
        count = f"{found.guessed} step{' was' if found.guessed == 1 else 's were'}"
        lines.append(f"{count} never done; taken for as long as others of the kind, or for what was expected")
    return lines


def _table(found: WhatIf) -> list[str]:
    schedules = list(dict.fromkeys(trial.schedule for trial in found.trials))
    longest = max((trial.duration for trial in found.trials), default=0.0)
    trials = {(trial.max_workers, trial.schedule): trial for trial in found.trials}
    bar = _BAR if len(schedules) > 1 else _ALONE
    width = 21 + bar
    lead = f"{'workers':>9}"
    rows = [(lead + "".join(f"  {name:<{width}}" for name in schedules)).rstrip()]
    for workers in dict.fromkeys(trial.max_workers for trial in found.trials):
        cells = [_cell(trials.get((workers, name)), longest, bar) for name in schedules]
        rows.append(f"{workers:>9}{''.join(cells)}".rstrip())
    return rows


def _cell(trial: Trial | None, longest: float, room: int) -> str:
    if trial is None:
        return " " * (room + 23)
    bar = "=" * max(round(room * trial.duration / longest), 1) if longest > 0 else ""
    return f"  {span_words(trial.duration):>11} {trial.speedup:>5.1f}x   {bar:<{room}}"


def _assumed(found: WhatIf) -> list[str]:
    lines = [f"  {line.provider}: {line.limits} ({one_line(line.source)})" for line in found.assumed]
    return [*(["Limits of the providers:", *lines] if lines else []), *map(one_line, found.notes)]
