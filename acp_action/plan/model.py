"""A plan: every step with its edges, scopes and defaults settled, ready to be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.config.cascade import Effective
    from acp_action.config.model import NodePath
    from acp_action.errors import Position, Problem
    from acp_action.providers.base import Source


class Step(NamedTuple):
    """One planned step.

    ``index``: its place in plan order. ``media``: what feeds its media port, in order: indexes of steps, or
    sources from outside. ``text_from``: the step whose text it takes, None for the run's input or its own
    parameter. ``references``: template names to step indexes. ``data``: every step whose output it needs.
    ``group``: index into ``Plan.groups``, -1 at top level; ``number`` of ``total`` is its place in that
    group, 0 at top level. ``timeout`` in seconds, ``retries`` after the first attempt. ``expected``: seconds
    of service time, None when unknown. ``preview``: provider ``local`` stands in for the model's own.
    ``text``: its own text as written (``text_param`` says under which name), None when it takes another's or
    none; ``params``: everything else. ``templated``: whether templates stand in them.
    ``stem``: the file name of its output without the extension, unique in the plan. ``max_duplicate_cost``:
    USD up to which a paid request of unknown outcome is sent again by itself, None for never.
    """

    index: int  # type: ignore[assignment]  # tuples have a method of this name, which nobody needs
    name: str
    type: str
    model: Model
    provider: str
    preview: bool
    params: Mapping[str, JsonValue]
    text: str | None
    text_param: str
    templated: bool
    media: tuple[int | Source, ...]
    text_from: int | None
    references: Mapping[str, int]
    data: tuple[int, ...]
    group: int
    number: int
    total: int
    timeout: float
    retries: int
    expected: float | None
    enabled: bool
    stem: str
    at: NodePath
    position: Position | None
    max_duplicate_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One parallel group; ``parent`` is an index into ``Plan.groups``, -1 at top level.

    ``members``: indexes of the steps that stand directly in it; ``groups``: those of the groups in it.
    """

    index: int
    name: str
    parent: int
    max_workers: int
    fail_fast: bool
    members: tuple[int, ...]
    groups: tuple[int, ...]
    position: Position | None


@dataclass(frozen=True, slots=True)
class Graph:
    """Edges between nodes, by index: steps first (0 to n-1), then gates, which take no time.

    A gate stands for "this group may start", "this group is settled" or "all outputs of this group".
    ``data[i]``: nodes that need node i to have succeeded. ``order[i]``: nodes that need it settled.
    """

    size: int
    data: tuple[tuple[int, ...], ...]
    order: tuple[tuple[int, ...], ...]
    waiting: tuple[int, ...]


class Links(NamedTuple):
    """What a step waits for, as the file says it: nodes are steps, and groups behind them.

    ``data``: whose outputs it takes. ``after``: what has to be settled. The order of the file is not in it.
    """

    data: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be carried out, and under which settings. ``warnings`` are problems that stop nothing.

    ``links``: by step; empty where nobody planned, as for single calls.
    """

    name: str
    steps: tuple[Step, ...]
    groups: tuple[Group, ...]
    graph: Graph
    settings: Effective
    input_text: str | None
    source_name: str
    warnings: tuple[Problem, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Links, ...] = ()
