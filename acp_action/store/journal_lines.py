"""The lines of the journal: how one is written, and what can be read from a file that is not whole.

A line is a JSON object with the record and its checksum. The first names the version. Reading is a total
function: whatever bytes it is given, it gives the records that are whole, in order, and the rest apart.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

from acp_action.artifacts import FileKind, Kind
from acp_action.store.temporary import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION: Final = 1
_NAME: Final = "acp-journal"
_LINE: Final = re.compile(rb'\{"crc":"([0-9a-f]{8})","record":(\{.*\})\}')
# Of any version, whatever its lines look like otherwise.
_HEADER: Final = re.compile(rb'"acp-journal/([0-9]{1,9})"')
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_KINDS: Final = frozenset(get_args(Kind))
_FILE_KINDS: Final = frozenset(get_args(FileKind))


class Reading(NamedTuple):
    """What a file holds. ``version``: the header's, None without one. ``records``: those that are whole.

    ``garbled``: lines in the middle that cannot be read. ``sound``: bytes from the start up to where the file
    ends in a torn line; all of them when it does not.
    """

    version: int | None
    records: list[dict[str, Any]]
    garbled: list[bytes]
    sound: int


def header() -> bytes:
    """The first line of a new journal."""
    return encode({"do": "opened", "journal": f"{_NAME}/{VERSION}"})


def encode(record: Mapping[str, Any], hide: Any = bytes) -> bytes:
    """A record as a line. ``hide`` blots secrets out of it before the checksum is made."""
    return sealed(hide(_dumped(record).encode("ascii")))


def sealed(content: bytes) -> bytes:
    """The JSON of a record as a line."""
    return b'{"crc":"%08x","record":%s}\n' % (zlib.crc32(content), content)


def _dumped(record: Mapping[str, Any]) -> str:
    try:
        return json.dumps(record, separators=(",", ":"), allow_nan=False, default=_thawed)
    except ValueError:
        return json.dumps(_finite(record), separators=(",", ":"), default=_thawed)


def _thawed(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value


def read(content: bytes) -> Reading:
    """Everything in the file that can be used."""
    *lines, tail = content.split(b"\n")
    first = _HEADER.search(lines[0] if lines else tail)
    version = int(first[1]) if first else None
    records: list[dict[str, Any]] = []
    garbled: list[bytes] = []
    for line in lines:
        record = decode(line)
        if record is None:
            garbled.append(line)
        elif record["do"] != "opened":
            records.append(record)
    # The last line is whole even if only its end is missing; a torn one is what a kill leaves behind.
    last = decode(tail) if tail else None
    if last is not None and last["do"] != "opened":
        records.append(last)
    return Reading(version, records, garbled, len(content) - (0 if last else len(tail)))


def decode(line: bytes) -> dict[str, Any] | None:
    """The record of a line without its end, None when it is not as it was written."""
    record = unsealed(line)
    return record if record is not None and _is_sound(record) else None


def unsealed(line: bytes, load: Callable[[bytes], Any] = json.loads) -> dict[str, Any] | None:
    """What ``encode`` made the line of, None when it is not as it was written; its form is free."""
    match = _LINE.fullmatch(line)
    if match is None or int(match[1], 16) != zlib.crc32(match[2]):
        return None
    try:
        record: dict[str, Any] = load(match[2])
    except (ValueError, RecursionError):
        return None
    return record


def _is_sound(record: dict[str, Any]) -> bool:
    """Whether it has all that its kind needs, so that nobody who uses it need look again."""
    match record:
        case {"do": "opened", "journal": str()}:
            return True
        case {"step": str(), "key": str(), "at": str(), "do": str(kind)}:
            return _has_all(kind, record)
    return False


def _has_all(kind: str, record: dict[str, Any]) -> bool:
    match kind, record:
        case "intended", {"cost": cost}:
            return _is_price(cost)
        case "withdrawn", {"reason": str()}:
            return True
        case "accepted", {"id": str(), "begun": bool(), "urls": dict(urls)}:
            return all(isinstance(url, str) for url in urls.values())
        case "settled", {"result": dict()}:
            return True
        case "fetched", {"kind": str(made), "files": list(files), "text": str() | None, "cost": cost,
                         "seed": int() | None, "params": dict(), "notes": dict()}:  # fmt: skip
            return made in _KINDS and _is_price(cost) and all(map(_is_file, files))
        case "published", _:
            return True
    return False


def _is_price(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value < math.inf)


def _is_file(value: Any) -> bool:
    match value:
        case {"kind": str(kind), "extension": str(extension), "bytes": int(size), "sha256": str(digest),
              "facts": dict(), **rest}:  # fmt: skip
            named = EXTENSION.fullmatch(extension) and _DIGEST.fullmatch(digest)
            return bool(named) and kind in _FILE_KINDS and size > 0 and not rest
    return False
