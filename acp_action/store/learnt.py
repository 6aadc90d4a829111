"""What a run has learnt of its providers' limits, kept in the state folder for the next one.

The file is only a hint, and may be anybody's: one that is not as it should be is not used, and what it says
can make requests no quicker than they are with a provider of which nothing is known.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from acp_action.engine.clock import SystemClock
from acp_action.engine.run import process_lanes
from acp_action.engine.throttle import Throttle
from acp_action.store.faults import explain
from acp_action.store.plain_file import read_plain
from acp_action.store.strict_json import to_json
from acp_action.store.target import write_whole
from acp_action.store.vault import STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from acp_action.engine.throttle import Lanes

_log = logging.getLogger(__name__)
LANES: Final = "lanes.json"
SCHEMA: Final = "acp-lanes/1"
_LARGEST: Final = 256 * 1024
_MOST_LANES, _LONGEST_NAME = 500, 300


@contextmanager
def remembered(
    folder: Path,
    accounts: Collection[tuple[str, str]],
    *,
    lanes: Lanes | None = None,
    now: Callable[[], float] = time.time,
) -> Iterator[Lanes]:
    """The lanes for a run in an output folder with its state folder; what they learn is kept at its end.

    ``accounts``: whose limits are kept, by provider and fingerprint. ``lanes``: those of the process by
    default; a lane that is there already goes on from what it knows itself. ``now``: the wall clock.
    """
    lanes = lanes or process_lanes(SystemClock())
    lanes.restore(read(folder / STATE / LANES), now())
    try:
        yield lanes
    finally:
        keep(folder / STATE / LANES, lanes.snapshot(now(), accounts))


def keep(path: Path, learnt: Mapping[str, Any]) -> None:
    """Write a snapshot of lanes, for its owner alone; one of none leaves what is there."""
    if not learnt["lanes"]:
        return
    content = to_json({"schema": SCHEMA, **learnt})
    try:
        write_whole(path, content)
        path.chmod(0o600)
    except OSError as error:
        _log.warning("%s cannot be written: %s; the next run learns limits anew",
                     path, explain(error, path.parent, len(content)))  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """A snapshot of lanes, as far as it is one; empty when there is none."""
    try:
        value = _parsed(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s cannot be used: %s; limits are learnt anew", path, error)
        return {}
    sound = {key: lane for key, lane in value["lanes"].items() if _is_sound(key, lane)}
    if lost := len(value["lanes"]) - len(sound):
        _log.warning("%s: %d of %d entries cannot be used; their limits are learnt anew",
                     path, lost, len(value["lanes"]))  # fmt: skip
    return {"at": value["at"], "lanes": sound}


def _parsed(path: Path) -> dict[str, Any]:
    """The file's content. Raises OSError, and ValueError for what is no snapshot of lanes."""
    value = json.loads(read_plain(path, _LARGEST, follow=False))
    match value:
        case {"schema": str(schema), "at": int() | float() as at, "lanes": dict(lanes), **others} if (
            schema == SCHEMA and not isinstance(at, bool) and not others and len(lanes) <= _MOST_LANES
        ):
            return {"at": at, "lanes": lanes}
    raise ValueError(f"it is not of the form {SCHEMA}")


def _is_sound(key: str, lane: object) -> bool:
    """Whether an entry is what a lane may go on from."""
    if not isinstance(lane, dict) or set(lane) != {"pace", "cap"}:
        return False
    return (
        len(key) <= _LONGEST_NAME and key.isprintable() and key.count("/") >= 2 and Throttle().restore(lane)
    )
