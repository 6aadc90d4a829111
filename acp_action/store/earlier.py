"""The files an earlier run left in the output folder, as far as its manifest vouches for them."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.store.manifest import MANIFEST, read_outputs

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_NAME: Final = re.compile(r"(?P<stem>[^/\\]+?)\.(?P<extension>[a-z0-9]{1,10})")
_NUMBER: Final = re.compile(r"_[1-9][0-9]*$")


class _Earlier(NamedTuple):
    name: str
    bytes: int
    sha256: str


class EarlierFiles:
    """Reads the manifest in the folder once. One that cannot be read vouches for nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_stem: dict[str, list[_Earlier]] = {}
        for record in read_outputs(folder / MANIFEST):
            match record:
                case {"file": str(name), "bytes": int(size), "sha256": str(digest)}:
                    self._add(_Earlier(name, size, digest))

    def _add(self, file: _Earlier) -> None:
        name = _NAME.fullmatch(file.name)
        if name is None:
            return
        for stem in {name["stem"], _NUMBER.sub("", name["stem"])}:
            self._by_stem.setdefault(stem, []).append(file)

    def remove(self, stem: str, keep: Collection[str]) -> None:
        """Remove the stem's files but for those named in ``keep``, and those changed since they were made.

        Whatever cannot be removed stays: it does no harm but to be old.
        """
        for file in self._by_stem.pop(stem, ()):
            if file.name not in keep and self._is_untouched(file):
                with suppress(OSError):
                    (self._folder / file.name).unlink(missing_ok=True)

    def _is_untouched(self, file: _Earlier) -> bool:
        path = self._folder / file.name
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size != file.bytes:
                return False
            with path.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
        except OSError:
            return False
