"""A plan for people and for programs: as a tree in plain text, as JSON values, as a Mermaid graph."""

from __future__ import annotations

import re
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acp_action.engine.forecast import forecast
from acp_action.engine.scopes import capacity
from acp_action.providers.base import Source
from acp_action.report.cells import cells, fill, steady
from acp_action.report.escape import one_line
from acp_action.report.lines import span_words
from acp_action.report.wording import setting_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acp_action.engine.forecast import Forecast
    from acp_action.plan.model import Group, Plan, Step
    from acp_action.providers.keys import KeyNeed

_ORDER_SHOWN = 12
# Cells: a column is no wider, however long its longest text is.
_COLUMN = 36
_PLAIN = re.compile(r"[^\w .,:()/+-]", re.ASCII)


def plan_text(plan: Plan, keys: Sequence[KeyNeed] = ()) -> str:
    """The plan as a tree, with edges, workers, the expected order, and settings with their origins.

    ``keys``: those that a run needs, shown with whether they are there.
    """
    expected = forecast(plan)
    rows = list(_rows(plan))
    widths = [min(max((cells(row[i]) for row in rows), default=0), _COLUMN) for i in range(3)]
    tree = ["  ".join(_wide(c, w) for c, w in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]
    needs = ["", *_keys(keys)] if keys else []
    return "\n".join([_headline(plan), "", *tree, "", *_expectation(expected), *needs, "", *_settings(plan)])


def _wide(text: str, width: int) -> str:
    """In so many cells; a text that takes more pushes what is behind it, and is not cut."""
    return text if cells(text) >= width else fill(text, width)


def _headline(plan: Plan) -> str:
    count, most = len(plan.steps), capacity(plan)
    schedule = f"{plan.settings.schedule} schedule" if plan.settings.parallel else "one step after another"
    return f"{one_line(plan.name)}: {count} step{'' if count == 1 else 's'}, {schedule}, up to {most} at once"


def _rows(plan: Plan) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, model with provider, and what it takes; groups as lines of their own, indented by depth."""
    opened: set[int] = set()
    for step in plan.steps:
        path = _path(plan, step.group)
        for group in path:
            if group.index not in opened:
                opened.add(group.index)
                yield _group_row(group, len(_path(plan, group.parent)))
        indent = "  " * len(path)
        yield indent + one_line(steady(step.name)), step.type, _model(step), _takes(plan, step)


def _group_row(group: Group, depth: int) -> tuple[str, str, str, str]:
    fast = "fail fast" if group.fail_fast else "carry on after failures"
    return (
        "  " * depth + one_line(steady(group.name)),
        "parallel_group",
        f"{group.max_workers} workers, {fast}",
        "",
    )


def _path(plan: Plan, group: int) -> list[Group]:
    path: list[Group] = []
    while group >= 0:
        path.append(plan.groups[group])
        group = plan.groups[group].parent
    return path[::-1]


def _model(step: Step) -> str:
    where = f"at {step.provider}" if not step.preview else "previewed locally"
    return f"{step.model.key} {where}" if step.model.key != step.provider else step.provider


def _takes(plan: Plan, step: Step) -> str:
    if not step.enabled:
        return "(disabled)"
    taken = [_source(plan, media) for media in step.media]
    texts = [] if step.text_from is None else [plan.steps[step.text_from].name]
    names = dict.fromkeys([*taken, *texts, *step.references])
    return f"<- {one_line(', '.join(names))}" if names else ""


def _source(plan: Plan, media: int | Source) -> str:
    if isinstance(media, Source):
        return media.path.name if media.path else str(media.url)
    return plan.steps[media].name


def _expectation(expected: Forecast) -> list[str]:
    shown = one_line(steady(" -> ".join(expected.order[:_ORDER_SHOWN])))
    more = len(expected.order) - _ORDER_SHOWN
    lines = ["Expected order: " + shown + (f" -> … and {more} more" if more > 0 else "")]
    guess = f"; {expected.unknown} of unknown length taken for 1 s each" if expected.unknown else ""
    together, apart = span_words(expected.duration), f"{span_words(expected.sequential)} one after another"
    return [*lines, f"Expected time: about {together} ({apart}{guess})"]


def _keys(keys: Sequence[KeyNeed]) -> list[str]:
    """A line for each key that a run needs; its value is never shown."""
    rows = [(need.provider, _key_state(need)) for need in keys]
    width = max(len(provider) for provider, _ in rows)
    return ["Keys that a run needs:", *(f"  {provider.ljust(width)}  {state}" for provider, state in rows)]


def _key_state(need: KeyNeed) -> str:
    if need.state == "missing":
        faults = f" ({'; '.join(need.faults)})" if need.faults else ""
        return f"missing: set {need.ways}, or the action input '{need.action_input}'{faults}"
    return "; ".join(need.faults) or f"{need.variable} is set"


def _settings(plan: Plan) -> list[str]:
    values = asdict(plan.settings)
    values["worker cap"] = values.pop("worker_cap")
    origins = dict(plan.settings.origins)
    rows = [
        (name, setting_words(value), origins.get(name.replace(" ", "_"), "default"))
        for name, value in values.items()
        if name != "origins" and value is not None and value != {}
    ]
    width = max(len(name) for name, _, _ in rows)
    return ["Settings:", *(f"  {name.ljust(width)}  {value}  ({origin})" for name, value, origin in rows)]


def plan_dict(plan: Plan, keys: Sequence[KeyNeed] = ()) -> dict[str, Any]:
    """The plan as JSON values: settings with origins, groups, steps with edges, what to expect, keys."""
    expected = forecast(plan)
    return {
        "schema": "acp-plan/1",
        "name": plan.name,
        "file": plan.source_name,
        "workers": capacity(plan),
        "settings": {k: v for k, v in asdict(plan.settings).items() if k != "origins"},
        "origins": dict(plan.settings.origins),
        "groups": [_group_dict(plan, group) for group in plan.groups],
        "steps": [_step_dict(plan, step, expected) for step in plan.steps],
        "expected": {
            "order": list(expected.order),
            "duration": expected.duration,
            "sequential": expected.sequential,
            "unknown": expected.unknown,
        },
        "keys": [need._asdict() for need in keys],
        "warnings": [str(problem) for problem in plan.warnings],
    }


def _group_dict(plan: Plan, group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "parent": plan.groups[group.parent].name if group.parent >= 0 else None,
        "max_workers": group.max_workers,
        "fail_fast": group.fail_fast,
        "steps": [plan.steps[i].name for i in group.members],
    }


def _step_dict(plan: Plan, step: Step, expected: Forecast) -> dict[str, Any]:
    return {
        "name": step.name,
        "type": step.type,
        "model": step.model.key,
        "provider": step.provider,
        "preview": step.preview,
        "group": plan.groups[step.group].name if step.group >= 0 else None,
        "enabled": step.enabled,
        "inputs": [_source(plan, media) for media in step.media],
        "text_from": None if step.text_from is None else plan.steps[step.text_from].name,
        "needs": [plan.steps[i].name for i in step.data],
        "params": dict(step.params) | ({} if step.text is None else {step.text_param: step.text}),
        "timeout": step.timeout,
        "retries": step.retries,
        "expected_seconds": step.expected,
        "expected_start": expected.starts.get(step.name),
        "output": step.stem,
        "line": step.position.line if step.position else None,
        "column": step.position.column if step.position else None,
    }


def plan_mermaid(plan: Plan) -> str:
    """The plan as a Mermaid flowchart: groups as boxes, data edges as arrows, order as dotted arrows."""
    lines = ["flowchart TD"]
    lines += [f'  s{s.index}["{_label(s.name)}<br/>{s.type}"]' for s in plan.steps if s.group < 0]
    for group in (g for g in plan.groups if g.parent < 0):
        lines += _box(plan, group, "  ")
    lines += [f"  s{source} --> s{step.index}" for step in plan.steps for source in step.data]
    return "\n".join([*lines, *_order_edges(plan)])


def _box(plan: Plan, group: Group, indent: str) -> list[str]:
    lines = [f'{indent}subgraph g{group.index}["{_label(group.name)}"]']
    lines += [
        f'{indent}  s{i}["{_label(plan.steps[i].name)}<br/>{plan.steps[i].type}"]' for i in group.members
    ]
    for inner in group.groups:
        lines += _box(plan, plan.groups[inner], indent + "  ")
    return [*lines, f"{indent}end"]


def _order_edges(plan: Plan) -> Iterable[str]:
    """Order without data as dotted arrows: what ``needs`` says, and the file's order from entry to entry."""
    count = len(plan.steps)
    drawn = {(source, step.index) for step in plan.steps for source in step.data}
    for source in range(count):
        for target in plan.graph.order[source]:
            if target < count and (source, target) not in drawn:
                yield f"  s{source} -.-> s{target}"
    if plan.settings.schedule == "ordered":
        entries = list(dict.fromkeys(_entry(plan, step) for step in plan.steps))
        for before, after in pairwise(entries):
            if "g" in before + after:  # from step to step the graph itself has the edge
                yield f"  {before} -.-> {after}"


def _entry(plan: Plan, step: Step) -> str:
    """The top-level entry a step belongs to, by its name in the picture."""
    return f"g{_path(plan, step.group)[0].index}" if step.group >= 0 else f"s{step.index}"


def _label(name: str) -> str:
    """A name that can neither end its quotes nor be taken for markup."""
    return _PLAIN.sub("_", name)
