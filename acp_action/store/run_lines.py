"""The lines of a run's log: how each is written, and what can be read from a file that is not whole.

They are sealed as the journal's are. The first one says what was planned, the others what happened.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic_core import PydanticSerializationError, to_json

from acp_action.artifacts import FileKind, Kind, MediaFile, Output
from acp_action.engine.result import Attempt, Status, StepResult, Waits
from acp_action.providers.base import Announced
from acp_action.redaction import SECRETS
from acp_action.store.journal_lines import encode, sealed
from acp_action.store.manifest import iso_time, relative_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Step

VERSION: Final = 1
NAME: Final = "acp-run-log"
_LATEST: Final = 1e10
"""Seconds; no run takes three centuries, and sums of what is below stay numbers."""
_MOST: Final = 1_000_000
"""Of workers and attempts."""
_KINDS: Final = frozenset(get_args(Kind))
_FILE_KINDS: Final = frozenset(get_args(FileKind))


# --- writing


def header(plan: Mapping[str, Any], wall: float) -> bytes:
    """The first line; ``plan``: what was planned, as plain values."""
    return line({"do": "opened", "log": f"{NAME}/{VERSION}", "at": iso_time(wall), "plan": plan})


def line(record: Mapping[str, Any]) -> bytes:
    """A record as a line, without secrets."""
    try:
        # A fifth of the time of the standard encoder.
        content = to_json(record, inf_nan_mode="null")
    except (PydanticSerializationError, ValueError):
        return encode(record, SECRETS.bytes)
    # Secrets are known as the standard encoder writes them.
    return sealed(SECRETS.bytes(content)) if content.isascii() else encode(record, SECRETS.bytes)


def began(wall: float, workers: int) -> bytes:
    """The run began; ``wall``: in seconds since the epoch."""
    return line({"do": "began", "wall": wall, "workers": workers})


def group(index: int, at: float) -> bytes:
    """A group's first step may start."""
    return line({"do": "group", "group": index, "at": at})


def started(step: int, attempt: int, worker: int, at: float) -> bytes:
    """An attempt began. Made by hand, because there is nothing but numbers in it."""
    return sealed(
        b'{"do":"started","step":%d,"attempt":%d,"worker":%d,"at":%s}'
        % (step, attempt, worker, repr(at).encode())
    )


def settled(index: int, result: StepResult, folder: Path) -> bytes:
    """A step has its result; what the plan says of it is left out."""
    output = result.output
    made = None
    if output is not None:
        files = [
            (f.kind, relative_name(f.path, folder), f.bytes, f.sha256, dict(f.facts)) for f in output.files
        ]
        made = {"kind": output.kind, "files": files, "text": output.text}
    return line(
        {
            "do": "settled",
            "step": index,
            "status": result.status.value,
            "reason": result.reason,
            "at": result.settled,
            # As tuples of no name, which are written in a third of the time.
            "waits": tuple(result.waits),
            "attempts": [tuple(attempt) for attempt in result.attempts],
            "output": made,
            "cost": result.cost,
            "seed": result.seed,
            "params": dict(result.params),
            "notes": dict(result.metadata),
            "closed": result.closed,
        }
    )


def ended(run: RunResult) -> bytes:
    """All steps are settled."""
    detached = list(run.detached)
    return line({"do": "ended", "at": run.total_duration, "stopped": run.stopped, "detached": detached})


# --- reading


def result_of(record: Mapping[str, Any], step: Step, group: str, folder: Path) -> StepResult | None:
    """The result that a line tells of, None when it is none; nothing in it leads out of the folder."""
    match record:
        case {
            "status": str(status),
            "reason": str(reason),
            "at": at,
            "waits": list(waits),
            "attempts": list(attempts),
            "output": dict() | None as output,
            "cost": cost,
            "seed": seed,
            "params": dict(params),
            "notes": dict(notes),
            "closed": str(closed),
        } if (  # fmt: skip
            status in _STATUSES
            and is_time(at)
            and len(waits) == len(Waits._fields)
            and all(map(is_time, waits))
            and (cost is None or _is_number(cost))
            and (seed is None or isinstance(seed, int))
        ):
            tries = [_attempt(attempt) for attempt in attempts]
            made = _output(output, folder) if output is not None else None
            whole = [attempt for attempt in tries if attempt is not None]
            # What has its output is good, and nothing else is.
            if len(whole) < len(tries) or (made is not None) != Status(status).good or (output and not made):
                return None
            return StepResult(
                step.name, step.type, step.model.key, step.provider, group, Status(status), reason, made,
                tuple(whole), Waits(*waits), at, cost, seed, params, notes, closed,
            )  # fmt: skip
    return None


_STATUSES: Final = frozenset(status.value for status in Status)


def is_time(value: Any) -> bool:
    """Whether it is a moment or a length of time of a run."""
    return type(value) in (int, float) and 0 <= value <= _LATEST


def is_count(value: Any) -> bool:
    """Whether it is a number of workers or attempts."""
    return type(value) is int and 0 < value <= _MOST


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -_LATEST <= value <= _LATEST


def _attempt(value: Any) -> Attempt | None:
    match value:
        case [
            number,
            begin,
            end,
            int(worker),
            str(outcome),
            str(reason),
            held,
            queued,
            str(kind),
            told,
            list() | None as said,
            *rest,
        ] if (  # fmt: skip
            is_count(number)
            and all(map(is_time, (begin, end, held, queued)))
            and begin <= end
            and -1 <= worker <= _MOST
            and (told is None or _is_number(told))
            and (rest in ([], [None]) or (len(rest) == 1 and is_time(rest[0])))
        ):
            announced = None if said is None else _announced(said)
            return Attempt(
                number, begin, end, worker, outcome, reason, held, queued, kind, told, announced, *rest
            )
    return None


def _announced(said: list[Any]) -> Announced | None:
    if len(said) != len(Announced._fields) or not all(n is None or _is_number(n) for n in said):
        return None
    return Announced(*said)


def _output(value: dict[str, Any], folder: Path) -> Output | None:
    match value:
        case {"kind": str(kind), "files": list(files), "text": str() | None as text} if kind in _KINDS:
            seen = [_file(file, folder) for file in files]
            whole = tuple(file for file in seen if file is not None)
            if len(whole) == len(seen) and (whole or text is not None):
                return Output(kind, whole, text)  # type: ignore[arg-type]
    return None


def _file(value: Any, folder: Path) -> MediaFile | None:
    match value:
        case [str(kind), str(name), int(size), str(digest), dict(facts)] if (
            kind in _FILE_KINDS and size >= 0 and is_inside(name)
        ):
            return MediaFile(kind, folder / name, size, digest, facts)  # type: ignore[arg-type]
    return None


def is_inside(name: str) -> bool:
    """Whether a file of this name stands in the output folder, or below it."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name
