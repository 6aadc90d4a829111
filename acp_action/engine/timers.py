"""Moments to come in a run: when a step is tried again, and when a gate is asked again."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.engine.gates import Gate


class Timers:
    """Owned by the scheduler; times on the clock's scale."""

    def __init__(self) -> None:
        self._gates: dict[int, Gate] = {}
        self._heap: list[tuple[float, int, int]] = []  # when, step or -1, gate number

    @property
    def first(self) -> float:
        """The earliest moment, ``inf`` when there is none."""
        return self._heap[0][0] if self._heap else math.inf

    def try_again(self, moment: float, index: int) -> None:
        """A step waits between two attempts until then."""
        heappush(self._heap, (moment, index, -1))

    def ask(self, moment: float, gate: Gate) -> None:
        """A gate may have room then, unless it is asked earlier anyway."""
        if moment < gate.wake_at:
            gate.wake_at = moment
            self._gates[gate.number] = gate
            heappush(self._heap, (moment, -1, gate.number))

    def due(self, now: float) -> Iterator[int | Gate]:
        """The steps and the gates whose moments have come, each once for each moment."""
        while self._heap and self._heap[0][0] <= now:
            _, index, number = heappop(self._heap)
            if number >= 0:
                gate = self._gates[number]
                gate.wake_at = math.inf
                yield gate
            else:
                yield index
