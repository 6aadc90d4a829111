"""The artifact: what the runs left on disk, packed and uploaded, unless a stop comes first."""

from __future__ import annotations

import os
import random
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.errors import ArtifactError, Cancelled
from acp_action.github.archive import pack
from acp_action.github.artifacts import upload_artifact
from acp_action.github.names import artifact_name_fault
from acp_action.store.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from acp_action.engine.cancel import StopSwitch
    from acp_action.github.artifacts import Uploaded
    from acp_action.github.context import ArtifactServer
    from acp_action.github.inputs import Inputs
    from acp_action.github.outcome import Ended

_REPORTS: Final = (MANIFEST, "report.json", "report.md", "report.html")


def kept_files(ended: Sequence[Ended]) -> list[Path]:
    """Every file that the runs made and that is still there: media, manifests and reports."""
    return [path for one in ended for path in _files(one) if path.is_file() and not path.is_symlink()]


def _files(one: Ended) -> Iterator[Path]:
    for step in one.result:
        if step.output is not None:
            yield from (file.path for file in step.output.files)
    yield from (one.result.output_dir / name for name in _REPORTS)


def hand_in(
    ended: Sequence[Ended],
    inputs: Inputs,
    service: ArtifactServer,
    *,
    temp: Path,
    mask: Callable[[str], object],
    stop: StopSwitch,
) -> Uploaded:
    """Pack the runs' files and upload them.

    Raises ArtifactError when that fails; Cancelled, at once, when ``stop`` is thrown: what was sent by then
    is left to the service, which forgets what is never finished.
    """
    if fault := artifact_name_fault(inputs.artifact_name):
        raise ArtifactError(f"input 'artifact-name': {fault}")
    files = kept_files(ended)
    if not files:
        raise ArtifactError("there is nothing to upload: the run left no file")
    halt = threading.Event()

    def work() -> Uploaded:
        root = Path(os.path.commonpath([one.result.output_dir for one in ended]))
        with tempfile.TemporaryDirectory(dir=temp, prefix="acp-artifact-") as folder:
            archive = pack(
                root,
                files,
                Path(folder) / "artifact.zip",
                compression=inputs.compression_level,
                stop=lambda: _check(halt),
            )
            return upload_artifact(
                archive,
                inputs.artifact_name,
                service,
                retention_days=inputs.retention_days,
                overwrite=inputs.overwrite,
                mask=mask,
                wait=lambda seconds: _wait(halt, seconds),
                random=random.Random(),  # noqa: S311 - jitter, not secrets
                now=lambda: datetime.now(UTC),
            )

    return _until_stopped(work, halt, stop)


def _check(halt: threading.Event) -> None:
    if halt.is_set():
        raise Cancelled("stopped while the artifact was made")


def _wait(halt: threading.Event, seconds: float) -> None:
    halt.wait(seconds)
    _check(halt)


def _until_stopped(work: Callable[[], Uploaded], halt: threading.Event, stop: StopSwitch) -> Uploaded:
    """What ``work`` gives, done on a thread of its own: a request under way must not hold up a stop."""
    ended: list[Uploaded | BaseException] = []
    turn = threading.Event()

    def run() -> None:
        try:
            ended.append(work())
        except BaseException as error:  # noqa: BLE001 - it comes out on the caller's thread
            ended.append(error)
        turn.set()

    def tell(_reason: str) -> None:
        halt.set()
        turn.set()

    threading.Thread(target=run, name="acp-artifact", daemon=True).start()
    stop.attach(tell)
    try:
        turn.wait()
    finally:
        stop.detach(tell)
    if not ended:
        raise Cancelled("stopped while the artifact was uploaded")
    if isinstance(ended[0], BaseException):
        raise ended[0]
    return ended[0]
