"""What stands in an answer's JSON, whose shape nobody vouches for; what is not there is None."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.artifacts import JsonValue

_DEEPEST: Final = 30


def entry(value: Any, *path: str | int) -> Any:
    """What stands in decoded JSON below keys and places; None where the shape is another one.

    >>> entry({"a": [{"b": 1}]}, "a", 0, "b")
    1
    """
    for key in path:
        if isinstance(key, str):
            value = value.get(key) if isinstance(value, dict) else None
        else:
            value = value[key] if isinstance(value, list) and -len(value) <= key < len(value) else None
    return value


def at_path(tree: Any, path: str) -> list[Any]:
    """What stands at a path of the catalogue's notation, in order; what is null or not there is left out.

    >>> at_path({"images": [{"url": "a"}, {"url": None}, {"url": "b"}]}, "images[].url")
    ['a', 'b']
    """
    found = [tree]
    for part in path.split("."):
        name, _, several = part.partition("[")
        found = [item.get(name) for item in found if isinstance(item, dict)]
        if several:
            found = [member for item in found if isinstance(item, list) for member in item]
    return [item for item in found if item is not None]


def addresses_in(value: Any, depth: int = 0) -> list[str]:
    """Every address of a file in a value of any shape, in order: a text, a list, an object.

    >>> addresses_in({"video": "https://a/b.mp4", "seed": 3})
    ['https://a/b.mp4']
    """
    if isinstance(value, str):
        return [value] if value.startswith(("https://", "http://", "data:")) else []
    if isinstance(value, list | dict) and depth < _DEEPEST:
        members = value.values() if isinstance(value, dict) else value
        return [address for member in members for address in addresses_in(member, depth + 1)]
    return []


def amount_of(value: object) -> float | None:
    """An amount that a service told, None where it is missing, negative or nonsense: unknown is never 0.

    >>> amount_of("0.004"), amount_of(float("nan")), amount_of(-1), amount_of(None)
    (0.004, None, None, None)
    """
    read = None
    with suppress(OverflowError):
        read = values.number(value)
    return read if read is not None and read >= 0 else None


def counts_of(used: Any) -> dict[str, JsonValue]:
    """The whole numbers of a usage report, for the manifest; nonsense is left out."""
    named: Sequence[tuple[str, Any]] = [*used.items()] if isinstance(used, dict) else []
    return {k: v for k, v in named if isinstance(v, int) and not isinstance(v, bool) and v >= 0}
