"""Uploads as tests make them: an archive of given bytes, waits that take no time, masks that are kept."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from acp_action.github.archive import Archive
from acp_action.github.artifacts import Uploaded, upload_artifact
from acp_action.github.context import ArtifactServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.github.artifact_service import StrictService

NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
MIB = 1024 * 1024


def archive_of(folder: Path, content: bytes = b"PK: not a zip, which no service looks at") -> Archive:
    """An archive with this content."""
    path = folder / "media.zip"
    path.write_bytes(content)
    return Archive(path, len(content), hashlib.sha256(content).hexdigest(), 1, {})


def pattern(size: int) -> bytes:
    """Bytes in which no two blocks are alike."""
    return random.Random(size).randbytes(size)


@dataclass
class Uploader:
    """Uploads one archive to a service. ``waits``: seconds asked for, without the zeros."""

    service: StrictService
    archive: Archive
    waits: list[float] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    on_wait: Callable[[float], None] = lambda _seconds: None
    on_mask: Callable[[str], None] = lambda _secret: None

    def __call__(
        self, name: str = "media", *, token: str = "", cap: int = 0, url: str = "", **options: Any
    ) -> Uploaded:
        """Upload under a name, by the service's own token where none is given."""
        server = ArtifactServer(url or f"{self.service.url}/ignored/", token or self.service.token, cap)
        return upload_artifact(
            self.archive, name, server, mask=self._mask, wait=self._wait, random=random.Random(7),
            now=lambda: NOW, **options,
        )  # fmt: skip

    def _wait(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)
        self.on_wait(seconds)

    def _mask(self, secret: str) -> None:
        self.masked.append(secret)
        self.on_mask(secret)
