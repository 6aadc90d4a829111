"""steps.csv: a line for each step, for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

from acp_action.report.escape import plain_lines

if TYPE_CHECKING:
    from acp_action.report.model import RunReport, StepLine

COLUMNS: Final = (
    "step", "group", "type", "model", "provider", "preview", "status", "reason", "attempts", "started_s",
    "settled_s", "service_s", "waited_inputs_s", "waited_worker_s", "waited_rate_limit_s", "back_off_s",
    "waited_processor_s", "cost_usd", "seed", "files",
)  # fmt: skip
"""The head; seconds count from the run's start, cost is empty where it is unknown."""

_SIGNS: Final = "=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212-"
_FORMULA: Final = re.compile(rf'(^|;)(?=[\s"\u061c\u200c-\u200f]*[{_SIGNS}])')
"""Where a spreadsheet would find a formula: https://owasp.org/www-community/attacks/CSV_Injection

At the beginning of a cell, in any width of its signs, and behind what is not seen. And after a semicolon,
because where that parts the cells, which is where the comma stands in numbers, no quotes hold a cell together
that begins after one.
"""


def render_csv(report: RunReport) -> str:
    """A line a step in plan order, failed ones too. No cell from outside begins as a formula does."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(step) for step in report.steps)
    return out.getvalue()


def _row(step: StepLine) -> tuple[object, ...]:
    split = step.split
    return (
        *map(_safe, (step.name, step.group, step.type, step.model, step.provider)),
        str(step.preview).lower(),
        _safe(step.status),
        _safe(step.reason),
        len(step.attempts),
        step.attempts[0].started if step.attempts else "",
        step.settled,
        split.service,
        split.inputs,
        split.worker,
        split.throttle,
        split.backoff,
        split.processor,
        "" if step.cost is None else step.cost,
        "" if step.seed is None else step.seed,
        _safe(" ".join(step.files)),
    )


def _safe(text: str) -> str:
    """The text on one line, what is not seen made visible, an apostrophe before what would be a formula."""
    text = plain_lines(text).replace("\n", "⏎").replace("\t", " ")
    return _FORMULA.sub(r"\1'", text)
