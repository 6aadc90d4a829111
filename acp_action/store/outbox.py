"""Where outputs go: temporary files beside their final names, renamed once they are whole."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Final

from acp_action.artifacts import MediaFile, Output
from acp_action.engine.paper import Kept, KeptFile
from acp_action.errors import FatalError
from acp_action.redaction import redact
from acp_action.store.earlier import EarlierFiles
from acp_action.store.faults import is_storage_fault, storage_fault
from acp_action.store.target import obstacle, sync_folder, write_whole
from acp_action.store.temporary import fresh_path
from acp_action.store.vault import is_intact, measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acp_action.artifacts import Kind
    from acp_action.providers.base import Product, ProductFile, Stage
    from acp_action.store.vault import Vault

PLURAL: Final = frozenset({"images", "videos"})


class Outbox:
    """Publishes what steps make into one folder; used by all workers at once.

    ``folder`` must exist (see ``preflight``). ``durable``: files are synced to the disk before they get their
    names; off by default, because media that a power cut took is made again by the next run. ``vault``: where
    paid results stay; needed by ``keep`` and ``place`` alone.
    """

    def __init__(self, folder: Path, *, durable: bool = False, vault: Vault | None = None) -> None:
        self.folder = folder.resolve()
        self._durable = durable
        self._vault = vault
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
                files: tuple[MediaFile, ...] = (self._publish_text(stem, product.text),)
            else:
                files = self._publish_files(stem, product)
        finally:
            self.discard(stem)
        return self._published_as(stem, product.kind, files, product.text)

    def keep(self, stem: str, product: Product) -> Kept:
        """Put a paid product into the vault: whole, synced, and safe from what happens to its output.

        Raises FatalError when it cannot be kept.
        """
        files: tuple[KeptFile, ...] = ()
        if product.kind != "text":
            targets = self._targets(stem, product.kind, [_extension(file) for file in product.files])
            pairs = list(zip(product.files, targets, strict=True))
            seen = [self._inspect(file, target, durable=True) for file, target in pairs]
            for made, file in zip(product.files, seen, strict=True):
                try:
                    self._safe.take(made.path, file.sha256)
                except OSError as error:
                    raise storage_fault(error, file.path, file.bytes) from error
            files = tuple(
                KeptFile(made.kind, _extension(made), file.bytes, file.sha256, made.facts)
                for made, file in zip(product.files, seen, strict=True)
            )
        self.discard(stem)
        text = product.text if product.kind == "text" else None
        return Kept(product.kind, files, text, product.cost, product.seed, product.params, product.notes)

    def place(self, stem: str, kept: Kept, *, trusted: bool) -> Output | None:
        """Give a kept product its final names; None when a file of it is lost or was changed.

        ``trusted``: it was kept this moment. Else what stands there is looked at: what is as it was stays,
        and what was deleted or edited is put right. Raises FatalError.
        """
        if kept.kind == "text":
            return self._published_as(stem, "text", (self._publish_text(stem, kept.text),), kept.text)
        targets = self._targets(stem, kept.kind, [file.extension for file in kept.files])
        pairs = list(zip(kept.files, targets, strict=True))
        there = [not trusted and is_intact(path, file.bytes, file.sha256) for file, path in pairs]
        missing = [pair for pair, is_there in zip(pairs, there, strict=True) if not is_there]
        if not trusted and not all(self._safe.has(file.sha256, file.bytes) for file, _ in missing):
            return None
        for file, target in missing:
            try:
                self._safe.lay(file.sha256, target)
            except OSError as error:
                raise storage_fault(error, target, file.bytes) from error
        files = tuple(MediaFile(f.kind, path, f.bytes, f.sha256, f.facts) for f, path in pairs)
        return self._published_as(stem, kept.kind, files, None)

    @property
    def _safe(self) -> Vault:
        if self._vault is None:
            raise ValueError("paid products are kept in a vault, and there is none")
        return self._vault

    def _published_as(self, stem: str, kind: Kind, files: tuple[MediaFile, ...], text: str | None) -> Output:
        self._published.update(file.path.name for file in files)
        self._remove_earlier(stem)
        return Output(kind, files, text if kind == "text" else None)

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

    def _publish_text(self, stem: str, text: str | None) -> MediaFile:
        if text is None:
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
        targets = self._targets(stem, product.kind, [_extension(file) for file in product.files])
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

    def _targets(self, stem: str, kind: Kind, extensions: Sequence[str]) -> list[Path]:
        if kind in PLURAL:
            if not extensions:
                raise FatalError("the provider made no file")
            return [self._target(f"{stem}_{n}", ext) for n, ext in enumerate(extensions, start=1)]
        if len(extensions) != 1:
            raise ValueError(f"a {kind} is one file, not {len(extensions)}")
        return [self._target(stem, extensions[0])]

    def _target(self, stem: str, extension: str) -> Path:
        target = self.folder / f"{stem}.{extension}"
        if problem := obstacle(target):
            raise FatalError(problem)
        return target

    def _inspect(self, made: ProductFile, target: Path, *, durable: bool = False) -> MediaFile:
        if made.path.parent != self.folder:
            raise ValueError(f"{made.path} does not come from the step's stage")
        try:
            size, digest = measure(made.path, durable=durable or self._durable)
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


def _extension(file: ProductFile) -> str:
    return file.path.suffix.removeprefix(".")
