"""What the services with one call answer, as it is kept on the trail, and what becomes of it.

A result on the trail has either what was asked for, or ``refused`` or ``failed``: why there is none although
the service has worked, and may have billed, for it. A later run that finds such a result says the same again
and pays for nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import FatalError, PolicyRefusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue

MAY_BE_BILLED: Final = "the request may be billed"
_EXCERPT: Final = 200


def check_result(result: Mapping[str, JsonValue]) -> None:
    """Raise what a result without a product says: PolicyRefusal or FatalError."""
    if "refused" in result:
        raise PolicyRefusal(str(result["refused"]))
    if "failed" in result:
        raise FatalError(str(result["failed"]))


def amount(value: Any) -> float | None:
    """A price or a number of units as a service tells it; None for what is no such number, or negative.

    >>> amount("NaN"), amount(-1), amount("12")
    (None, None, 12.0)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def excerpt(text: str) -> str:
    """The beginning of a text, on one line, as a message quotes it."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"


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
