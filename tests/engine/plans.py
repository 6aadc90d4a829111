"""Plans made by hand for engine tests: steps, needs, groups, without a file or a catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acp_action.catalogue.models import Model
from acp_action.config.cascade import Effective
from acp_action.plan.model import Graph, Group, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODEL = Model(
    key="thing", name="Thing", type="text_to_image", provider="fake", aliases=(), makes="image", inputs=(),
    params=(), price=None, price_unit="", expected_seconds=None, state="listed", entry={},
)  # fmt: skip


@dataclass(frozen=True)
class Spec:
    """A step of a test: what it needs (data), what it comes after (order), where it stands."""

    name: str
    data: Sequence[int] = ()
    after: Sequence[int] = ()
    group: int = -1
    expected: float | None = None
    timeout: float = 300.0
    retries: int = 2
    provider: str = "fake"
    enabled: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)


def plan_of(
    specs: Sequence[Spec], groups: Sequence[Group] = (), input_text: str | None = None, **settings: Any
) -> Plan:
    """A plan with these steps and only the edges they name; no file order."""
    settings = {"schedule": "dataflow", "max_workers": 1000, "origins": {}, **settings}
    totals = [sum(1 for s in specs if s.group == g.index) for g in groups]
    seen: dict[int, int] = {}
    steps = []
    for index, spec in enumerate(specs):
        seen[spec.group] = number = seen.get(spec.group, 0) + 1
        inside = spec.group >= 0
        steps.append(
            Step(
                index=index,
                name=spec.name,
                type="text_to_image",
                model=MODEL,
                provider=spec.provider,
                preview=False,
                params=spec.params,
                text="x",
                text_param="prompt",
                templated=False,
                media=(),
                text_from=None,
                references={},
                data=tuple(spec.data),
                group=spec.group,
                number=number if inside else 0,
                total=totals[spec.group] if inside else 0,
                timeout=spec.timeout,
                retries=spec.retries,
                expected=spec.expected,
                enabled=spec.enabled,
                stem=spec.name,
                at=(),
                position=None,
            )
        )
    return Plan("test", tuple(steps), tuple(groups), _graph(specs), Effective(**settings), input_text, "test")


def group_of(index: int, members: Sequence[int], **changes: Any) -> Group:
    """A group with these member steps; 4 workers, fail fast, at top level unless said otherwise."""
    given = {"name": f"group_{index}", "parent": -1, "max_workers": 4, "fail_fast": True, "groups": ()}
    return Group(index=index, members=tuple(members), position=None, **{**given, **changes})


def _graph(specs: Sequence[Spec]) -> Graph:
    size = len(specs)
    data: list[list[int]] = [[] for _ in specs]
    order: list[list[int]] = [[] for _ in specs]
    for index, spec in enumerate(specs):
        for source in spec.data:
            data[source].append(index)
        for source in spec.after:
            order[source].append(index)
    waiting = tuple(len(s.data) + len(s.after) for s in specs)
    return Graph(size, tuple(map(tuple, data)), tuple(map(tuple, order)), waiting)
