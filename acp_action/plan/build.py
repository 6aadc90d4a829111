"""The graph the engine walks: steps first, then gates where entries or whole groups are awaited."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from acp_action.plan.model import Graph
from acp_action.plan.outline import GroupSpot, StepSpot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.plan.inputs import Inputs
    from acp_action.plan.outline import Outline


class GraphBuilder:
    """Collects edges; a gate keeps m waiters on n members at m + n edges instead of m × n."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._data: list[list[int]] = [[] for _ in outline.steps]
        self._order: list[list[int]] = [[] for _ in outline.steps]
        self._settled: dict[int, int] = {}
        self._outputs: dict[int, int] = {}

    def add_inputs(self, step: int, inputs: Inputs) -> None:
        """The step's own edges; node numbers behind the steps are groups."""
        first_group = len(self._outline.steps)
        for node in dict.fromkeys(inputs.data):
            source = node if node < first_group else self._outputs_gate(node - first_group)
            self._data[source].append(step)
        for node in dict.fromkeys(inputs.after):
            source = node if node < first_group else self._settled_gate(node - first_group)
            self._order[source].append(step)

    def add_file_order(self) -> None:
        """Top-level entries one after another; a group opens as a whole and is awaited as a whole."""
        roots = self._outline.roots
        for before, entry in itertools.pairwise(roots):
            end = before.index if isinstance(before, StepSpot) else self._settled_gate(before.index)
            if isinstance(entry, StepSpot):
                self._order[end].append(entry.index)
            else:
                self._order[end].append(self._opening_gate(entry))

    def build(self) -> Graph:
        """The finished graph."""
        waiting = [0] * len(self._data)
        for edges in (self._data, self._order):
            for targets in edges:
                for target in targets:
                    waiting[target] += 1
        return Graph(len(waiting), _frozen(self._data), _frozen(self._order), tuple(waiting))

    def _gate(self) -> int:
        self._data.append([])
        self._order.append([])
        return len(self._data) - 1

    def _opening_gate(self, group: GroupSpot) -> int:
        gate = self._gate()
        self._order[gate].extend(group.steps)
        return gate

    def _settled_gate(self, group: int) -> int:
        if group not in self._settled:
            self._settled[group] = gate = self._gate()
            for step in self._outline.groups[group].steps:
                self._order[step].append(gate)
        return self._settled[group]

    def _outputs_gate(self, group: int) -> int:
        if group not in self._outputs:
            self._outputs[group] = gate = self._gate()
            for step in self._outline.groups[group].steps:
                if self._outline.steps[step].enabled:
                    self._data[step].append(gate)
        return self._outputs[group]


def _frozen(edges: Sequence[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(targets) for targets in edges)
