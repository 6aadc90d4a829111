"""manifest.json: every output file of a run, how it was made, and every step that has none."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from acp_action.store.plain_file import read_plain
from acp_action.store.strict_json import to_json
from acp_action.store.target import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from acp_action.artifacts import MediaFile
    from acp_action.engine.result import RunResult, StepResult
    from acp_action.plan.model import Step

MANIFEST: Final = "manifest.json"
SCHEMA: Final = "acp-manifest/1"
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes; a larger file in the manifest's place was not written by us."""


def build_manifest(result: RunResult, folder: Path) -> dict[str, Any]:
    """The manifest as plain values. Files are named relative to ``folder``; times in seconds, cost in USD.

    ``outputs`` has one record for each file, in plan order; ``without_output`` one for each step that has
    none, with the reason.
    """
    pairs = list(zip(result.plan.steps, result.steps, strict=True))
    return {
        "schema": SCHEMA,
        "pipeline": result.plan.name,
        "source": result.plan.source_name,
        "started": iso_time(result.started_wall),
        "duration": round(result.total_duration, 6),
        "success": result.success,
        "stopped": result.stopped,
        "preview": any(is_preview(step, end) for step, end in pairs if end.output),
        "outputs": [record for step, end in pairs for record in _outputs(step, end, folder)],
        "without_output": [_without_output(step, end) for step, end in pairs if end.output is None],
    }


def write_manifest(result: RunResult, folder: Path) -> Path:
    """Write ``manifest.json`` into the folder, whole or not at all; its path. Raises OSError."""
    path = folder / MANIFEST
    write_whole(path, to_json(build_manifest(result, folder)))
    return path


def read_manifest(path: Path) -> dict[str, Any] | None:
    """A manifest that is there and of our version, else None. What it holds is not checked further."""
    try:
        value = json.loads(read_plain(path, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.get("schema") == SCHEMA else None


def read_outputs(path: Path) -> list[dict[str, Any]]:
    """The ``outputs`` of a manifest that is there and of our version, else nothing."""
    return outputs_of(read_manifest(path))


def outputs_of(manifest: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The ``outputs`` of a manifest, as far as they are records."""
    match manifest:
        case {"outputs": list(outputs)}:
            return [record for record in outputs if isinstance(record, dict)]
    return []


def records_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that a manifest has of steps, with and without outputs, as far as it is records."""
    found = manifest.get("without_output")
    without = found if isinstance(found, list) else []
    return outputs_of(manifest) + [record for record in without if isinstance(record, dict)]


def is_preview(step: Step, result: StepResult) -> bool:
    """Whether the embedded provider stood in for the model, by the plan or by the provider's own word."""
    return step.preview or result.metadata.get("preview") is True


def iso_time(wall: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond.

    >>> iso_time(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def relative_name(path: Path, folder: Path) -> str:
    """The path as seen from the folder, with forward slashes; absolute when it stands elsewhere."""
    if path.parent == folder:
        return path.name
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else os.fspath(path)


def _outputs(step: Step, result: StepResult, folder: Path) -> Iterator[dict[str, Any]]:
    if result.output is None:
        return
    common = _how_made(step, result)
    for file in result.output.files:
        yield {"step": step.name, **_file(file, folder), **common}


def _file(file: MediaFile, folder: Path) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "file": relative_name(file.path, folder),
        "bytes": file.bytes,
        "sha256": file.sha256,
        "media": dict(file.facts),
    }


def _how_made(step: Step, result: StepResult) -> dict[str, Any]:
    return {
        "type": result.type,
        "model": result.model,
        "model_name": step.model.name,
        "provider": result.provider,
        "preview": is_preview(step, result),
        "status": result.status.value,
        "params": dict(result.params),
        "seed": result.seed,
        "cost": result.cost,
        "attempts": len(result.attempts),
        "timings": _timings(result),
        "notes": dict(result.metadata),
    }


def _without_output(step: Step, result: StepResult) -> dict[str, Any]:
    return {
        "step": step.name,
        "type": result.type,
        "model": result.model,
        "provider": result.provider,
        "status": result.status.value,
        "reason": result.reason,
        "params": dict(result.params),
        "attempts": len(result.attempts),
        "timings": _timings(result),
    }


def _timings(result: StepResult) -> dict[str, float | None]:
    waits, attempts = result.waits, result.attempts
    return {
        "started": round(attempts[0].started, 6) if attempts else None,
        "settled": round(result.settled, 6),
        "inputs": round(waits.inputs, 6),
        "worker": round(waits.worker, 6),
        "throttle": round(waits.throttle, 6),
        "backoff": round(waits.backoff, 6),
        "processor": round(waits.processor, 6),
        "service": round(result.duration, 6),
    }
