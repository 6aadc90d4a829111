"""What a page shows of each output file: where it is as seen from the page, and what is known of it."""

from __future__ import annotations

import stat
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from acp_action.report.lines import span_words
from acp_action.report.wording import size_words
from acp_action.store.strict_json import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from markupsafe import Markup

    from acp_action.report.html.thumbnails import Thumbnails
    from acp_action.report.model import StepLine

_KINDS: Final = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif"), "image"),
    **dict.fromkeys((".mp4", ".webm", ".mov"), "video"),
    **dict.fromkeys((".wav", ".mp3", ".m4a", ".ogg", ".flac"), "audio"),
}

_LARGEST: Final = 100_000
"""Pixels of a side; no medium has more."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One file. ``address``: relative, empty where there is nothing to link to.

    ``thumbnail``: a data address, empty when there is none. ``width``, ``height``: pixels, 0 when unknown.
    """

    name: str
    kind: str
    address: str
    thumbnail: str
    facts: str
    width: int = 0
    height: int = 0

    @property
    def box(self) -> Markup:
        """The attributes that keep its place free until it is there, empty for an unknown size."""
        from markupsafe import Markup

        return Markup(' width="{}" height="{}"').format(self.width, self.height) if self.width else Markup()


class Records:
    """What a manifest knows, by step. A page of an old run is made with whatever manifest lies there."""

    def __init__(self, manifest: Mapping[str, Any] | None) -> None:
        self._by_step: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for part in ("outputs", "without_output"):
            found = manifest.get(part) if manifest else None
            for record in found if isinstance(found, list) else ():
                if isinstance(record, dict):
                    self._by_step[clean_text(str(record.get("step")))].append(record)

    def of(self, step: StepLine) -> Sequence[Mapping[str, Any]]:
        """The records of a step, one for each file, or one that stands for none."""
        return self._by_step.get(step.name, ())


class Files:
    """Looks at the files of a run. ``base``: the folder as seen from the page, with a slash at its end."""

    def __init__(self, folder: Path | None, base: str, thumbnails: Thumbnails) -> None:
        self._folder = folder.resolve() if folder else None
        self._base = base
        self._thumbnails = thumbnails

    def of(self, step: StepLine, records: Sequence[Mapping[str, Any]]) -> tuple[Shown, ...]:
        """All files of a step."""
        known = {clean_text(str(record.get("file"))): record for record in records}
        return tuple(self._shown(name, known.get(name, {})) for name in step.files)

    def _shown(self, name: str, record: Mapping[str, Any]) -> Shown:
        kind = _KINDS.get(PurePosixPath(name).suffix.lower(), "text" if name.endswith(".txt") else "other")
        facts = ", ".join(filter(None, _facts(record)))
        path = self._inside(name)
        if path is None:
            return Shown(name, kind, "", "", facts)
        # The base keeps a name with a colon from being read as an address of its own.
        address, thumbnail = f"{self._base}{quote(name)}", self._thumbnails.of(kind, path)
        return Shown(name, kind, address, thumbnail, facts, *_size(record))

    def _inside(self, name: str) -> Path | None:
        """The file, unless it is not there or lies outside: a report may have been made by anybody."""
        if self._folder is None:
            return None
        try:
            path = self._folder / name
            if path.parent == self._folder and stat.S_ISREG(path.lstat().st_mode):
                # True of nearly every file, and quicker than to follow the whole path.
                return path
            path = path.resolve()
            return path if path.is_relative_to(self._folder) and path.is_file() else None
        except (OSError, RuntimeError, ValueError):
            return None


def _media(record: Mapping[str, Any]) -> Mapping[str, Any]:
    media = record.get("media")
    return media if isinstance(media, dict) else {}


def _size(record: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height in pixels, zeros when one is not known."""
    sides = (_media(record).get("width"), _media(record).get("height"))
    width, height = (side if isinstance(side, int) and 0 < side < _LARGEST else 0 for side in sides)
    return (width, height) if width and height else (0, 0)


def _facts(record: Mapping[str, Any]) -> Sequence[str]:
    width, height = _size(record)
    length, size = _media(record).get("duration"), record.get("bytes")
    return (
        f"{width} × {height}" if width else "",
        span_words(length) if isinstance(length, int | float) else "",
        size_words(size) if isinstance(size, int) else "",
    )
