"""JSON that every parser takes: UTF-8, no NaN, no lone surrogates, line by line for people."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

_CONTROLS: Final = re.compile("[\x7f-\x9f]")
# The same in UTF-8, where no other character has these bytes.
_CONTROL_BYTES: Final = re.compile(b"\x7f|\xc2[\x80-\x9f]")


def to_json(value: Any) -> bytes:
    r"""A value as indented JSON with a line end; what JSON cannot say becomes null (NaN) or text.

    >>> to_json({"speed": float("nan")})
    b'{\n  "speed": null\n}\n'
    """
    # Its encoder is compiled; the standard one is not when it indents, and 10,000 steps show the difference.
    from pydantic_core import PydanticSerializationError
    from pydantic_core import to_json as encode

    try:
        content = encode(value, indent=2, inf_nan_mode="null")
    except (PydanticSerializationError, ValueError):
        content = encode(_plain(value), indent=2)
    return _CONTROL_BYTES.sub(_escape, content) + b"\n"


def without_controls(text: str) -> str:
    r"""A JSON text of the same value, with nothing in it that a terminal obeys.

    JSON itself has escapes for the first 32 characters only.

    >>> without_controls('["\x9b31m"]')
    '["\\u009b31m"]'
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escape(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())


def read_json(content: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError, also for NaN and numbers too large, and RecursionError."""
    return json.loads(content, parse_constant=_refuse, parse_float=_finite)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(written: str) -> float:
    # JSON sets no bound, and 1e999 would be read as infinity.
    value = float(written)
    if not math.isfinite(value):
        raise ValueError(f"{written[:20]} is too large a number")
    return value


def clean_text(text: str) -> str:
    """The text with lone surrogates replaced, so that it can be encoded."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    match value:
        case str():
            return clean_text(value)
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {clean_text(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
    return clean_text(str(value))
