"""Shapes of faults that several services have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulators.faults import edited
from tests.simulators.wire import json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.faults import Shape


def says(status: int, content: Any, **headers: str) -> Shape:
    """This instead of an answer; not billed. With 200 a model had begun, but said nothing."""
    return lambda sim, call, make: json_reply(status, content, headers)


def altered(change: Callable[[Any], object]) -> Shape:
    """The true answer, billed, with its content changed in place."""

    def changed(content: Any) -> None:
        change(content)

    return lambda sim, call, make: edited(make, changed)
