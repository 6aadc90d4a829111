"""What reports say in words, whatever their format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from acp_action.catalogue.prices import usd as usd
from acp_action.report.escape import one_line
from acp_action.report.lines import seconds, span_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from acp_action.report.model import PathItem, RunReport, SettingValue, Split, StepLine

PREVIEW: Final = "the embedded provider stood in for the models that are named. For a look, not for use."

NOTHING_PAID: Final = "nothing was paid for"

_NAMES_SHOWN: Final = 3
_REASON_SHOWN: Final = 300
_ORDER: Final = ("failed", "timed_out", "refused", "doubt", "cancelled", "skipped", "cached", "succeeded")

_BAD: Final = frozenset({"failed", "timed_out", "refused", "doubt"})
"""Ends with a cause of their own, for which a look at the step's place in the file is worth it."""

WORTH_TELLING: Final = 0.05
"""Seconds; less is shown as 0.0s."""

_URGENCY: Final = {"cancelled": 1, "skipped": 2, "cached": 3, "succeeded": 3}

_MENDS: Final = {
    "failed": "run again when the cause is mended; what is done is not paid for twice",
    "timed_out": "raise the timeout of the step or its group, or choose a faster model, and run again",
    "refused": "the provider's content policy forbids it: change the prompt, or choose another model",
    "doubt": "see in the provider's own list what became of it; --resubmit-doubtful orders it once more",
    "cancelled": "run again; what is done is not paid for twice",
    "skipped": "mend what it waited for and run again",
}

_RUN_STOPPED: Final = "because the run was stopped"
"""How the engine begins the reason of a step that a stop kept from running."""

UNDER_WAY: Final = "it is under way"
NOT_BEGUN: Final = "it has not begun"
"""Reasons of steps without an end, in the report of a run that is still at work."""
_TOLD_ONCE: Final = ("the run was killed ", "the run broke off ", UNDER_WAY, NOT_BEGUN)
"""How reasons begin for which the run as a whole says how to go on."""


def counts_words(report: RunReport) -> str:
    """How many steps ended how, best first: ``3 succeeded, 1 failed``."""
    counts = ((status, report.counts.get(status, 0)) for status in reversed(_ORDER))
    told = [f"{count} {status_words(status)}" for status, count in counts if count]
    return ", ".join(told) or "no steps"


def saved_words(report: RunReport) -> str:
    """What doing steps at once was good for."""
    return f"{span_words(report.saved)} saved" if report.saved >= WORTH_TELLING else "no time saved"


def cost_words(report: RunReport) -> str:
    """What it cost; an unknown price is called unknown, never nothing."""
    unknown = report.cost_unknown
    if not report.cost and not unknown:
        return NOTHING_PAID
    if report.cost is None:
        return "unknown"
    known = usd(report.cost)
    steps = "step" if unknown == 1 else "steps"
    return f"{known}, and {unknown} {steps} at an unknown price" if unknown else known


def status_words(status: str) -> str:
    """How a step or run ended, as people say it.

    >>> status_words("timed_out"), status_words("doubt")
    ('timed out', 'in doubt')
    """
    return "in doubt" if status == "doubt" else one_line(status).replace("_", " ")


def path_words(
    item: PathItem, name: Callable[[str], str] = one_line, prose: Callable[[str], str] = one_line
) -> str:
    """One item of the critical path, without its name.

    ``name`` and ``prose``: how the format has names of steps, and words of ours with a name in them.
    """
    after = name(item.after)
    held = {
        "start": "from the start",
        "needs": f"after {after}",
        "worker": f"after {after}, which made room",
    }[item.held_by]
    tells = item.waited_for and item.waited >= WORTH_TELLING
    waited = f", and {span_words(item.waited)} {_spent(prose(item.waited_for))}" if tells else ""
    when = f"{seconds(item.begin)} to {seconds(item.end)}"
    return f"{when}, {held}: {span_words(item.service)} of service{waited}"


def setting_words(value: SettingValue) -> str:
    """A setting's value as the file would say it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case Mapping():
            return limits_words(value)
    return str(value)


def limits_words(limits: Mapping[str, Mapping[str, float]]) -> str:
    """Limits by provider, as the file would say them.

    >>> limits_words({"fal": {"requests_per_minute": 60.0, "concurrency": 10}})
    '{fal: {requests_per_minute: 60, concurrency: 10}}'
    """
    each = (
        f"{name}: {{{', '.join(f'{k}: {v:g}' for k, v in said.items())}}}" for name, said in limits.items()
    )
    return f"{{{', '.join(each)}}}"


def _spent(waited_for: str) -> str:
    if waited_for == "back-off":
        return "in back-off"
    return f"of waiting for {'the ' if waited_for.startswith('rate limit') else ''}{waited_for}"


def names_words(names: Sequence[str], written: Callable[[str], str] = one_line) -> str:
    """Names of steps, the first few of many; ``written``: each as the format has it.

    >>> names_words(["a"]), names_words(["a", "b"]), names_words(["a", "b", "c", "d", "e"])
    ('a', 'a, b', 'a, b, c and 2 more')
    """
    shown = names if len(names) <= _NAMES_SHOWN + 1 else names[:_NAMES_SHOWN]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    return f"{', '.join(map(written, shown))}{more}"


def by_reason(ends: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    """The names of steps that ended alike, by their status and reason; each end is name, status, reason."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name, status, reason in ends:
        alike.setdefault((status, reason), []).append(name)
    return alike


def trouble_words(status: str, reason: str, names: Sequence[str], place: str = "") -> str:
    """What became of steps that ended alike, as one line; ``place``: where the first stands in its file.

    >>> trouble_words("failed", "no credit", ["x"], "pipeline.yaml:12:7")
    "pipeline.yaml:12:7: step 'x': failed: no credit"
    """
    why = f": {one_line(reason, _REASON_SHOWN)}" if reason else ""
    if not place or status not in _BAD:
        return f"{names_words(names)} {status_words(status)}{why}"
    who = f"step '{one_line(names[0])}'" if len(names) == 1 else f"steps {names_words(names)}"
    return f"{one_line(place)}: {who}: {status_words(status)}{why}"


def failures_first(steps: Iterable[StepLine]) -> list[StepLine]:
    """The steps with what went wrong first, then what never ran, then the rest; each in plan order."""
    return sorted(steps, key=urgency)


def urgency(step: StepLine) -> int:
    """How early a step is told of: 0 for what went wrong, more for what never ran, most for what is done."""
    return _URGENCY.get(step.status, 0)


def lost_words(split: Split) -> str:
    """What a step waited for and how long, empty for nothing worth telling.

    >>> from acp_action.report.model import Split
    >>> lost_words(Split(2.0, 0.5, 8.0, 0.0, 0.0, 1.0))
    '2.0s for inputs, 0.5s for a worker, 8.0s for a rate limit'
    """
    parts = (
        (split.inputs, "for inputs"),
        (split.worker, "for a worker"),
        (split.throttle, "for a rate limit"),
        (split.backoff, "in back-off"),
        (split.processor, "for a processor"),
    )
    return ", ".join(f"{span_words(value)} {what}" for value, what in parts if value >= WORTH_TELLING)


def figures(report: RunReport) -> list[tuple[str, str]]:
    """The figures of a run with their names, the same in every format; the last two may hold foreign text."""
    waits = report.waits
    return [
        ("Total time", span_words(report.total_duration)),
        ("Sequential estimate", span_words(report.sequential_estimate)),
        ("Speedup", f"{report.speedup:.2f}x"),
        ("Time saved", span_words(report.saved)),
        ("Workers", f"{report.workers}, at most {report.peak} busy at once"),
        ("Parallel efficiency", f"{report.efficiency:.0%}"),
        ("Least time with more workers", span_words(report.least_duration)),
        ("Waited for a worker", span_words(waits.worker)),
        ("Waited for rate limits", span_words(waits.throttle)),
        ("Back-off after failures", span_words(waits.backoff)),
        ("Waited for a processor of this machine", span_words(waits.processor)),
        ("Cost", cost_words(report)),
        ("Started", report.started),
        ("File", report.source),
    ]


def mend_words(step: StepLine) -> str:
    """What to do about a step without its output; empty when there is nothing to do."""
    if not step.enabled or (step.status in ("cancelled", "skipped") and step.reason.startswith(_TOLD_ONCE)):
        return ""
    if step.status == "skipped" and step.reason.startswith(_RUN_STOPPED):
        return _MENDS["cancelled"]
    return _MENDS.get(step.status, "")


def next_words(report: RunReport) -> str:
    """What to do about the first of what went wrong; empty when there is nothing to do."""
    undone = (step for step in failures_first(report.steps) if step.status not in ("succeeded", "cached"))
    return next(filter(None, map(mend_words, undone)), "")


def size_words(size: int) -> str:
    """A file's size.

    >>> size_words(999), size_words(12_345), size_words(3_456_789)
    ('999 B', '12 kB', '3.5 MB')
    """
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"
