"""The Files API of Gemini: resumable uploads, and files that are ready after a while."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Files live two days.
KEEP: Final = 48 * 3600.0


@dataclass(slots=True)
class Upload:
    """A file on its way, and then there. ``ended``: when its last byte came; None before."""

    id: str
    type: str
    size: int
    shown_as: str = ""
    content: bytearray = field(default_factory=bytearray)
    ended: float | None = None

    @property
    def name(self) -> str:
        """How the API names it."""
        return f"files/{self.id}"

    def state(self, now: float, work: float) -> str:
        """PROCESSING until ``work`` seconds after the upload; pictures and texts are ready at once."""
        assert self.ended is not None
        slow = self.type.startswith(("video/", "audio/"))
        return "PROCESSING" if slow and now < self.ended + work else "ACTIVE"

    def facts(self, top: str, state: str) -> dict[str, Any]:
        """The file as the API shows it; sizes are texts, the hash is the base64 of its hexadecimal form."""
        digest = hashlib.sha256(self.content).hexdigest()
        made = datetime.now(UTC)
        return {
            "name": self.name,
            "displayName": self.shown_as,
            "mimeType": self.type,
            "sizeBytes": str(len(self.content)),
            "createTime": _stamp(made),
            "updateTime": _stamp(made),
            "expirationTime": _stamp(made + timedelta(seconds=KEEP)),
            "sha256Hash": base64.b64encode(digest.encode()).decode(),
            "uri": f"{top}/v1beta/{self.name}",
            "state": state,
            "source": "UPLOADED",
        }

    def receive(self, offset: int, content: bytes, *, final: bool) -> str:
        """Why these bytes do not fit; "" when they do."""
        if offset != len(self.content):
            return f"Upload offset {offset} does not match the {len(self.content)} bytes received."
        self.content += content
        if len(self.content) > self.size or (final and len(self.content) != self.size):
            return f"{len(self.content)} bytes received, {self.size} announced."
        return ""


def announced(headers: Mapping[str, str], body: Any, name: str) -> Upload:
    """The upload that a start announces, in headers and, for its name, in the body."""
    about = body.get("file") or {}
    kind = headers.get("x-goog-upload-header-content-type") or about.get("mimeType") or ""
    size = int(headers.get("x-goog-upload-header-content-length") or about.get("sizeBytes") or 0)
    return Upload(name, kind or "application/octet-stream", size, about.get("displayName") or "")


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
