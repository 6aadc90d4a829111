"""What a written value means: a number or a truth value only where nothing is lost by it."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final, TypeAlias

Scalar: TypeAlias = "bool | int | float | str | None"

_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
# 39 digits hold every number of 128 bits: longer than any seed, and short enough to convert in no time.
_CANONICAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,38})(?P<fraction>\.[0-9]{1,20})?")
_NUMBER: Final = re.compile(
    r"[+-]?(?:0|[1-9][0-9]{0,38})(?P<float>\.[0-9]{1,30})?(?P<exponent>[eE][+-]?[0-9]{1,3})?"
)
_FLAGS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def plain_value(text: str) -> Scalar:
    """What an unquoted scalar means.

    It is a number, a truth value or nothing only when writing that back gives the same text; all else
    (``NO``, ``off``, ``1:30``, ``0755``, ``1_000``, ``1.10``, ``1e3``, dates) stays the text it is.

    >>> [plain_value(t) for t in ("4", "0.5", "true", "NO", "1.10", "0755")]
    [4, 0.5, True, 'NO', '1.10', '0755']
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-0123456789" and (match := _CANONICAL.fullmatch(text)):
        number = float(text) if match["fraction"] else int(text)
        if str(number) == text:
            return number
    return text


def written(value: Scalar) -> str:
    """The text that ``plain_value`` made this value from.

    >>> written(True), written(0.5)
    ('true', '0.5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def parse_flag(text: str) -> bool | None:
    """true, yes, on, false, no, off in any case; None for everything else."""
    return _FLAGS.get(text.strip().lower())


def parse_number(text: str) -> int | float | None:
    """A decimal number, with a fraction or an exponent if need be; None for everything else.

    Finite only, and nothing that different YAML versions read differently (``0755``, ``1_000``, ``1:30``).

    >>> parse_number("1e3"), parse_number("0755"), parse_number("inf")
    (1000.0, None, None)
    """
    match = _NUMBER.fullmatch(text.strip())
    if not match:
        return None
    if not (match["float"] or match["exponent"]):
        return int(match[0])
    number = float(match[0])
    return number if isfinite(number) else None
