"""How long a provider says to wait, and the limits that it tells of. Pure, and total on any bytes.

Every number is finite and not negative; what is neither, or is garbage, counts as nothing said.
"""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from acp_action.providers.base import Announced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acp_action.providers.wire.answer import Answer

CAP: Final = 86_400.0
"""Seconds; who names a longer wait gets this one."""

# Greater numbers are points in time: seconds since the epoch, and then milliseconds.
_EPOCH: Final = 1e9
_EPOCH_MS: Final = 1e11
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_NUMBER: Final = re.compile(r"[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE]\+?[0-9]{1,2})?")
_PART: Final = re.compile(
    r"([0-9]{1,15}(?:\.[0-9]{0,15})?)\s?"
    r"(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)(?![a-z])",
    re.IGNORECASE,
)
_COMPOUND: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+", re.IGNORECASE)
_COMPOUND_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)", re.IGNORECASE)
_TOLD: Final = re.compile(r"(?:retry|again|resets?|wait)\b[^0-9\n]{0,40}?(?=[0-9])", re.IGNORECASE)
_RESETS: Final = (("x-ratelimit-reset", "x-ratelimit-remaining"),
                  ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
                  ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
                  ("ratelimit-reset", "ratelimit-remaining"))  # fmt: skip
_LOOKED_AT: Final = 16 * 1024
_DEEPEST: Final = 8

Kind = Literal["unknown", "concurrency", "pace"]
_CONCURRENCY: Final = re.compile(r"concurren|parallel|in.flight|simultaneous", re.IGNORECASE)
_PACE: Final = re.compile(
    r"quota|\brate|per[_ -]?minute|per[_ -]?second|\brpm\b|\btpm\b|throttl", re.IGNORECASE
)

_DAY: Final = re.compile(r"per[-_ ]?day|\bdaily|\bRPD\b|requests?/day", re.IGNORECASE)


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds to wait before asking again, None when the answer does not say. At most ``CAP``.

    ``now``: seconds since the epoch, for what is told as a point in time by a server that tells no time.
    """
    told = _by_headers(answer.headers, now)
    if told is None:
        told = _by_tree(answer.tree, now)
    return _by_words(answer.text[:_LOOKED_AT]) if told is None else told


def kind_of(answer: Answer) -> Kind:
    """What is limited, as far as the body's words tell."""
    words = answer.text[:_LOOKED_AT]
    if _CONCURRENCY.search(words):
        return "concurrency"
    return "pace" if _PACE.search(words) else "unknown"


def is_of_the_day(answer: Answer) -> bool:
    """Whether the body's words speak of a quota for a day."""
    return _DAY.search(answer.text[:_LOOKED_AT]) is not None


def announced(headers: Mapping[str, str]) -> Announced | None:
    """The limits that an answer's headers tell of, None when they tell of none."""
    concurrency = _count(headers, "maximum-concurrent-requests")
    suffix = "-requests" if "x-ratelimit-limit-requests" in headers else ""
    limit = _count(headers, f"x-ratelimit-limit{suffix}")
    remaining = _count(headers, f"x-ratelimit-remaining{suffix}")
    now = _date(headers.get("date", "")) or math.inf
    reset = _moment(headers.get(f"x-ratelimit-reset{suffix}", ""), now)
    pace = _window(headers.get("ratelimit-policy", "") or headers.get("x-ratelimit-policy", ""))
    # Only these refill steadily, and tell when they will be full; others name the end of a window.
    if pace is None and suffix and limit and remaining is not None and reset and limit > remaining:
        pace = (limit - remaining) / reset
    found = Announced(concurrency or None, pace, remaining, reset)
    return None if found == Announced() else found


def seconds_in(text: str) -> float | None:
    """A span as ``21``, ``21s``, ``6m0s`` or ``120ms``, None for anything else.

    >>> seconds_in("6m0s"), seconds_in("34.5s"), seconds_in("-1"), seconds_in("NaN")
    (360.0, 34.5, None, None)
    """
    text = text.strip()
    if len(text) > 60 or not text.isascii():
        return None
    if _NUMBER.fullmatch(text):
        return _finite(float(text))
    if _COMPOUND.fullmatch(text):
        parts = _COMPOUND_PART.findall(text)
        return _finite(sum(float(number) * _UNITS[unit.lower()] for number, unit in parts))
    return None


def _by_headers(headers: Mapping[str, str], now: float) -> float | None:
    now = _date(headers.get("date", "")) or now
    milliseconds = seconds_in(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _capped(milliseconds / 1000)
    told = headers.get("retry-after", "")
    wait = seconds_in(told)
    if wait is None and (moment := _date(told)) is not None:
        wait = max(moment - now, 0.0)
    return _capped(wait) if wait is not None else _by_resets(headers, now)


def _by_resets(headers: Mapping[str, str], now: float) -> float | None:
    """When the limit that is used up is reset; the longest where none says that it is."""
    resets = [(_moment(headers.get(reset, ""), now), headers.get(left, "")) for reset, left in _RESETS]
    told = [(wait, left) for wait, left in resets if wait is not None]
    used_up = [wait for wait, left in told if left.strip() == "0"]
    return _capped(max(used_up or [wait for wait, _ in told], default=None))


def _by_tree(value: Any, now: float, depth: int = 0) -> float | None:
    """Google's RetryInfo, or headers of somebody behind the provider, anywhere in an error's body."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        found = (_by_tree(item, now, depth + 1) for item in value[:50])
        return next((wait for wait in found if wait is not None), None)
    if not isinstance(value, dict):
        return None
    wait = _delay(value.get("retryDelay"))
    if wait is None and isinstance(inner := value.get("headers"), dict):
        wait = _by_headers({str(k).lower(): str(v) for k, v in inner.items()}, now)
    if wait is not None:
        return _capped(wait)
    found = (_by_tree(value[key], now, depth + 1) for key in ("error", "details", "metadata") if key in value)
    return next((wait for wait in found if wait is not None), None)


def _delay(value: Any) -> float | None:
    if isinstance(value, dict):
        value = value.get("seconds")
    return seconds_in(str(value)) if isinstance(value, str | int | float) else None


def _by_words(text: str) -> float | None:
    """``retry in 34.07s``, ``resets in ~30s``, ``try again in 1 minute``."""
    for told in _TOLD.finditer(text):
        spans = list(_adjacent(text, told.end()))
        if spans:
            return _capped(_finite(sum(spans)))
    return None


def _adjacent(text: str, at: int) -> Iterator[float]:
    """The parts of a span that begins at a place: ``1m26.4s`` has two."""
    while part := _PART_LOOSE.match(text, at):
        unit = part[2].lower()
        yield float(part[1]) * _UNITS["ms" if unit.startswith(("ms", "milli")) else unit[0]]
        at = part.end()


_PART_LOOSE: Final = re.compile(_PART.pattern.replace("(?![a-z])", r"(?![a-z])\s?"), re.IGNORECASE)


def _moment(text: str, now: float) -> float | None:
    """Seconds until a reset that is told as a span or as a point in time."""
    value = seconds_in(text)
    if value is None or value < _EPOCH:
        return value
    wait = (value / 1000 if value >= _EPOCH_MS else value) - now
    return max(wait, 0.0) if math.isfinite(wait) else None


def _window(policy: str) -> float | None:
    """Requests a second from a policy such as ``100;w=60``."""
    found = re.match(r'\s*(?:"[^"]*"\s*;\s*q=)?([0-9]{1,9})\s*;\s*w=([0-9]{1,9})', policy)
    return int(found[1]) / int(found[2]) if found and int(found[1]) and int(found[2]) else None


def _date(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date."""
    if not 20 <= len(text) <= 60 or not text.isascii():
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _count(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) and value >= 0 else None


def _capped(value: float | None) -> float | None:
    return None if value is None else min(value, CAP)
