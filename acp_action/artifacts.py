"""What a step makes: texts and media files, by kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JsonValue: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"
Kind = Literal["text", "image", "images", "video", "videos", "audio"]
FileKind = Literal["text", "image", "video", "audio"]

SINGULAR: Final[dict[Kind, FileKind]] = {
    "text": "text",
    "image": "image",
    "images": "image",
    "video": "video",
    "videos": "video",
    "audio": "audio",
}


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file of an output.

    ``path``: absolute. ``bytes``: size. ``sha256``: lower-case hex. ``facts``: what was measured, by kind:
    image ``width``, ``height``, ``format``; video also ``duration`` (s), ``fps``, ``codec``,
    ``has_audio``; audio ``duration`` (s), ``sample_rate`` (Hz), ``channels``, ``engine``; text
    ``characters``.
    """

    kind: FileKind
    path: Path
    bytes: int
    sha256: str
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """What one step made: its files in order and, for texts, the text itself."""

    kind: Kind
    files: tuple[MediaFile, ...]
    text: str | None = None

    @property
    def value(self) -> str | list[str]:
        """What ``{{step_x.output}}`` stands for: the text, the file's path, or the list of paths."""
        if self.text is not None:
            return self.text
        paths = [str(f.path) for f in self.files]
        return paths if self.kind in ("images", "videos") else paths[0]
