"""Where results stand in an answer's JSON, by the catalogue's notation: ``images[].url``, ``video.url``."""

from __future__ import annotations

from typing import Any


def at_path(tree: Any, path: str) -> list[Any]:
    """What stands at a path, in order; what is null or not there is left out.

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


def addresses_in(value: Any) -> list[str]:
    """Every address of a file in a value of any shape, in order: a text, a list, an object.

    >>> addresses_in({"video": "https://a/b.mp4", "seed": 3})
    ['https://a/b.mp4']
    """
    if isinstance(value, str):
        return [value] if value.startswith(("https://", "http://", "data:")) else []
    if isinstance(value, list | dict):
        members = value.values() if isinstance(value, dict) else value
        return [address for member in members for address in addresses_in(member)]
    return []
