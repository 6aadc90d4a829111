"""Packing files into the zip that becomes an artifact: the same files always make the same bytes.

It is written to a seekable file, so that sizes stand before the contents: programs that unpack a zip while it
arrives cannot find the end of a stored file otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from acp_action.errors import ArtifactError
from acp_action.github.names import archive_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NOTE: Final = "RENAMED.json"
"""The file of an archive that tells which names were changed: a JSON object, name here to name before."""

# Compressed by their own means: deflating them takes long and saves nothing.
_MEDIA: Final = frozenset({
    "3gp", "aac", "aif", "aiff", "avi", "avif", "bmp", "flac", "gif", "heic", "heif", "jpeg", "jpg", "jxl",
    "m4a", "m4v", "mka", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "oga", "ogg", "ogv", "opus", "png", "tif",
    "tiff", "wav", "webm", "webp", "wma", "wmv", "7z", "bz2", "gz", "tgz", "xz", "zip", "zst",
})  # fmt: skip
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip on disk: its size, its digest in lower-case hex, and how many files were packed.

    ``renamed``: of each file whose name the artifact service refuses, the name here and the real one.
    """

    path: Path
    bytes: int
    sha256: str
    files: int
    renamed: Mapping[str, str]


def pack(
    root: Path,
    files: Sequence[Path],
    target: Path,
    *,
    compression: int = 6,
    stop: Callable[[], None] | None = None,
) -> Archive:
    """Pack files, absolute or relative to the current folder, under their paths relative to ``root``.

    ``compression``: 0 (none) to 9 for all but media, which are stored. ``stop`` is called every MiB and
    raises to end the work. Raises ArtifactError when there are no files, for one that is missing, no regular
    file, outside of the root or reached by a symbolic link, and when the disk is full. Whatever is raised,
    ``target`` is removed.
    """
    entries = _entries(root, files, target)
    renamed = {name: real for name, (real, _) in entries.items() if name != real}
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=compression) as archive:
            for name, (_, path) in entries.items():
                _add(archive, name, path, compression, stop)
            if renamed:
                _note(archive, renamed, {*entries}, compression)
        digest = _sha256(target, stop)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise ArtifactError(f"cannot write the archive {target}: {error.strerror or error}") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Archive(target, target.stat().st_size, digest, len(entries), renamed)


def _entries(root: Path, files: Sequence[Path], target: Path) -> dict[str, tuple[str, Path]]:
    """Name in the archive → relative name and path, in the order of the archive's names."""
    if not files:
        raise ArtifactError(f"there are no files in {root} to make an artifact of")
    real_root = os.path.realpath(root)
    found: dict[str, tuple[str, Path]] = {}
    for file in files:
        relative = _relative(real_root, root, file)
        if os.path.realpath(target) == os.path.realpath(file):
            raise ArtifactError(f"the archive {target} cannot be packed into itself; write it elsewhere")
        found[archive_name(relative)] = relative, Path(real_root, relative)
    # By UTF-8 bytes: the order must not depend on anything but the names.
    return dict(sorted(found.items(), key=lambda entry: entry[0].encode()))


def _relative(real_root: str, root: Path, file: Path) -> str:
    """The file's path below the root, with ``/``; no part of it may be a symbolic link."""
    given = os.path.abspath(file)  # noqa: PTH100 - resolve() would follow links
    inside = next((p for top in (os.path.abspath(root), real_root) if (p := _below(top, given))), "")  # noqa: PTH100
    if not inside:
        raise ArtifactError(f"{file} is not in {root}, the folder that the artifact is made of")
    # Of what was given: a ".." behind a link leads elsewhere than it seems to.
    real = os.path.realpath(file)
    if real != os.path.join(real_root, inside):  # noqa: PTH118
        raise ArtifactError(f"{file} leads to {real} by a symbolic link, which is not packed; copy the file")
    return inside.replace(os.sep, "/")


def _below(top: str, path: str) -> str:
    """The rest of the path below ``top``, or an empty text."""
    lead = top.rstrip(os.sep) + os.sep
    return path[len(lead) :] if path.startswith(lead) else ""


def _add(
    archive: zipfile.ZipFile, name: str, path: Path, compression: int, stop: Callable[[], None] | None
) -> None:
    """Pack one file, a piece at a time."""
    with _opened(path) as source:
        size = os.fstat(source.fileno()).st_size
        entry = _entry(name, size, compression)
        with archive.open(entry, "w") as sink:
            rest = size
            while rest and (piece := source.read(min(_PIECE, rest))):
                if stop is not None:
                    stop()
                sink.write(piece)
                rest -= len(piece)
        if rest or source.read(1):
            raise ArtifactError(f"{path} changed while it was packed; pack it when it is finished")


def _opened(path: Path) -> BinaryIO:
    """A regular file, open for reading; never what a link leads to, nor a pipe that nobody writes to."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ArtifactError(f"cannot pack {path}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise ArtifactError(f"cannot pack {path}: it is not a regular file; name the files, not their folder")
    return os.fdopen(number, "rb", buffering=0)


def _entry(name: str, size: int, compression: int) -> zipfile.ZipInfo:
    """What the archive says of a file: nothing that differs from one machine or run to the next."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    media = name.rpartition(".")[2].lower() in _MEDIA
    entry.compress_type = zipfile.ZIP_STORED if media or compression == 0 else zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    # Known beforehand, so that zipfile gives large files, and only those, the fields of zip64.
    entry.file_size = size
    # An entry does not take over the archive's level; the attribute is public since Python 3.13.
    setattr(entry, "compress_level" if hasattr(entry, "compress_level") else "_compresslevel", compression)
    return entry


def _note(archive: zipfile.ZipFile, renamed: Mapping[str, str], taken: set[str], compression: int) -> None:
    """Add the file that tells the real names, under a name that no other file has."""
    name = NOTE
    while name in taken:
        name = f"_{name}"
    text = json.dumps(dict(renamed), indent=2) + "\n"
    entry = _entry(name, len(text), compression)
    archive.writestr(entry, text.encode("ascii"))


def _sha256(path: Path, stop: Callable[[], None] | None) -> str:
    """The finished zip's digest; its headers are written last, so it cannot be had on the way."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as source:
        while piece := source.read(_PIECE):
            if stop is not None:
                stop()
            digest.update(piece)
    return digest.hexdigest()
