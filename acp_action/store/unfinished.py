"""What ``{{timestamp}}`` and ``{{random}}`` stand for, kept for each pipeline until a run of it succeeds.

Else the run that takes up an interrupted one would ask for other texts, and so order anew what is paid for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from acp_action.engine.request import Origin
from acp_action.store.plain_file import read_plain
from acp_action.store.target import write_whole
from acp_action.store.vault import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNFINISHED: Final = "unfinished.json"
_SCHEMA: Final = "acp-unfinished/1"
_LARGEST: Final = 1024 * 1024
"""Bytes; a larger file in its place was not written by us."""
_SEEDS: Final = 2**64


def taken_up(folder: Path, pipeline: str, new: Origin, *, fresh: bool = False) -> Origin:
    """The origin of the pipeline's unfinished run in this folder; else ``new``, which is written to the disk.

    ``pipeline``: the name of its file. ``fresh``: it is ``new`` whatever was there. The state folder must
    exist, and be locked. Raises OSError.
    """
    known = _read(folder)
    if not fresh and pipeline in known:
        return known[pipeline]
    _write(folder, {**known, pipeline: new})
    return new


def finished(folder: Path, pipeline: str) -> None:
    """A run of the pipeline has all it wanted; the next one is another. Raises OSError."""
    known = _read(folder)
    if known.pop(pipeline, None) is not None:
        _write(folder, known)


def _write(folder: Path, known: Mapping[str, Origin]) -> None:
    content = {"schema": _SCHEMA, "pipelines": {name: origin._asdict() for name, origin in known.items()}}
    write_whole(folder / STATE / UNFINISHED, json.dumps(content).encode(), durable=True)


def _read(folder: Path) -> dict[str, Origin]:
    path = folder / STATE / UNFINISHED
    try:
        value = json.loads(read_plain(path, _LARGEST, follow=False))
    except (OSError, ValueError, RecursionError):
        return {}
    match value:
        case {"schema": str(schema), "pipelines": dict(pipelines)} if schema == _SCHEMA:
            found = {name: _origin(record) for name, record in pipelines.items()}
            return {name: origin for name, origin in found.items() if origin is not None}
    return {}


def _origin(record: Any) -> Origin | None:
    match record:
        case {"timestamp": str(stamp), "seed": int(seed)} if 0 <= seed < _SEEDS and seed is not True:
            return Origin(stamp, int(seed))
    return None
