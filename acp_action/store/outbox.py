"""Where outputs go: temporary files beside their final names, renamed once they are whole."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from typing import TYPE_CHECKING, Final

from acp_action.artifacts import MediaFile, Output
from acp_action.errors import FatalError
from acp_action.redaction import redact
from acp_action.store.earlier import EarlierFiles
from acp_action.store.faults import is_storage_fault, storage_fault
from acp_action.store.target import obstacle, sync_folder, write_whole
from acp_action.store.temporary import fresh_path

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.providers.base import Product, ProductFile, Stage

PLURAL: Final = frozenset({"images", "videos"})


class Outbox:
    """Publishes what steps make into one folder; used by all workers at once.

    ``folder`` must exist (see ``preflight``). ``durable``: files are synced to the disk before they get their
    names; off by default, because media that a power cut took is made again by the next run.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder.resolve()
        self._durable = durable
        self._staged: dict[str, list[Path]] = {}
        self._published: set[str] = set()
        self._earlier: EarlierFiles | None = None
        self._lock = threading.Lock()

    def stage_for(self, stem: str) -> Stage:
        """Gives the step's temporary files; nothing is created yet."""
        staged = self._staged.setdefault(stem, [])

        def stage(extension: str) -> Path:
            path = fresh_path(self.folder, stem, extension)
            staged.append(path)
            return path

        return stage

    def publish(self, stem: str, product: Product) -> Output:
        """Give the product its final names: ``<stem>.<ext>``, or ``<stem>_1.<ext>`` … for plural kinds.

        Files of an earlier run that this step made under other names are removed, if the manifest of that run
        lists them and they are as it left them. Raises FatalError when a file cannot be kept; then none
        of the temporary files is left.
        """
        try:
            if product.kind == "text":
                files: tuple[MediaFile, ...] = (self._publish_text(stem, product),)
            else:
                files = self._publish_files(stem, product)
        finally:
            self.discard(stem)
        self._published.update(file.path.name for file in files)
        self._remove_earlier(stem)
        return Output(product.kind, files, product.text if product.kind == "text" else None)

    def discard(self, stem: str) -> None:
        """Remove what an attempt left behind."""
        for path in self._staged.pop(stem, ()):
            try:
                path.unlink(missing_ok=True)
            except OSError:
                # It stays as a hidden file; the sweep of the next run takes it.
                continue

    def fault(self, stem: str, error: OSError) -> FatalError | None:
        """What an error while the step's files were written means; None when it is about something else.

        To be asked before ``discard``: how much was written until then is part of the message.
        """
        if not is_storage_fault(error):
            return None
        written = max((_size(path) for path in self._staged.get(stem, ())), default=0)
        return storage_fault(error, self.folder / stem, written + 1, at_least=True)

    def _publish_text(self, stem: str, product: Product) -> MediaFile:
        if (text := product.text) is None:
            raise ValueError("a product of kind text has no text")
        target = self._target(stem, "txt")
        # Before it is counted and hashed: the manifest vouches for what is on disk.
        text = redact(text)
        content = text.encode("utf-8", "replace")
        try:
            write_whole(target, content, durable=self._durable)
        except OSError as error:
            raise storage_fault(error, target, len(content)) from error
        digest = hashlib.sha256(content).hexdigest()
        return MediaFile("text", target, len(content), digest, {"characters": len(text)})

    def _publish_files(self, stem: str, product: Product) -> tuple[MediaFile, ...]:
        targets = self._targets(stem, product)
        # Everything is looked at before anything gets its name, so that a bad file promotes no other.
        files = [self._inspect(file, target) for file, target in zip(product.files, targets, strict=True)]
        for made, file in zip(product.files, files, strict=True):
            try:
                made.path.replace(file.path)
            except OSError as error:
                raise storage_fault(error, file.path, file.bytes) from error
        if self._durable:
            sync_folder(self.folder)
        return tuple(files)

    def _targets(self, stem: str, product: Product) -> list[Path]:
        extensions = [file.path.suffix.removeprefix(".") for file in product.files]
        if product.kind in PLURAL:
            if not extensions:
                raise FatalError("the provider made no file")
            return [self._target(f"{stem}_{n}", ext) for n, ext in enumerate(extensions, start=1)]
        if len(extensions) != 1:
            raise ValueError(f"a {product.kind} is one file, not {len(extensions)}")
        return [self._target(stem, extensions[0])]

    def _target(self, stem: str, extension: str) -> Path:
        target = self.folder / f"{stem}.{extension}"
        if problem := obstacle(target):
            raise FatalError(problem)
        return target

    def _inspect(self, made: ProductFile, target: Path) -> MediaFile:
        if made.path.parent != self.folder:
            raise ValueError(f"{made.path} does not come from the step's stage")
        try:
            size, digest = _measure(made.path, durable=self._durable)
        except OSError as error:
            raise storage_fault(error, target) from error
        if size == 0:
            raise FatalError(f"the provider made an empty file for {target.name}")
        return MediaFile(made.kind, target, size, digest, made.facts)

    def _remove_earlier(self, stem: str) -> None:
        with self._lock:
            if self._earlier is None:
                self._earlier = EarlierFiles(self.folder)
        self._earlier.remove(stem, keep=self._published)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _measure(path: Path, *, durable: bool) -> tuple[int, str]:
    # No link is followed, and a pipe does not block the worker.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb", buffering=0) as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is not a regular file")
        if durable:
            os.fsync(handle)
        return status.st_size, hashlib.file_digest(file, "sha256").hexdigest()
