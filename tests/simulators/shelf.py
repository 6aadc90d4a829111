"""The files that a simulator serves: results, and what was uploaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulators.media import TYPES
from tests.simulators.wire import Call, Reply

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True, eq=False)
class Item:
    """A file. ``gone``: the status with which its present address is refused; 0 while it is served.

    ``for_good``: a new address does not bring it back. ``expires``: when it goes by itself, None for never.
    ``text``: the prompt that it was made for.
    """

    name: str
    form: str
    make: Callable[[], bytes] = field(repr=False)
    version: int = 0
    gone: int = 0
    for_good: bool = False
    expires: float | None = None
    text: str = ""

    @property
    def content(self) -> bytes:
        """The bytes."""
        return self.make()

    @property
    def type(self) -> str:
        """The media type."""
        return TYPES.get(self.form, "application/octet-stream")


class Shelf:
    """Files by path. ``top``: the address that they are served below."""

    def __init__(self) -> None:
        self.top = ""
        self._items: dict[str, Item] = {}
        self._named: dict[tuple[str, str], Item] = {}

    def put(
        self, name: str, form: str, make: Callable[[], bytes], *, expires: float | None = None, text: str = ""
    ) -> Item:
        """A new file, or the one that is there under this name (without extension)."""
        if (item := self._named.get((name, form))) is None:
            item = self._named[name, form] = Item(name, form, make, expires=expires, text=text)
            self._items[self._path(item)] = item
        return item

    def address(self, item: Item) -> str:
        """Where the file can be fetched; a new address if the old one expired and not for good."""
        if item.gone and not item.for_good:
            item.version += 1
            item.gone = 0
            self._items[self._path(item)] = item
        return self.top + self._path(item)

    def _path(self, item: Item) -> str:
        return f"/media/{item.name}-{item.version}.{item.form}"

    def find(self, path: str) -> Item | None:
        """The file at a path, whether it is served or gone."""
        return self._items.get(path)

    def answer(self, call: Call, now: float) -> Reply:
        """The file, or the part of it that was asked for."""
        item = self._items.get(call.path)
        if item is not None and item.expires is not None and now > item.expires:
            item.gone, item.for_good = item.gone or 404, True
        if item is None or item.gone or not call.path.endswith(f"-{item.version}.{item.form}"):
            page = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
            return Reply((item.gone if item else 0) or 404, page, {"Content-Type": "application/xml"})
        return _whole_or_part(call, item)


def _whole_or_part(call: Call, item: Item) -> Reply:
    content = item.content
    tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
    headers = {"Content-Type": item.type, "ETag": tag, "Accept-Ranges": "bytes"}
    asked = call.headers.get("range", "")
    if not asked.startswith("bytes=") or call.headers.get("if-range", tag) != tag:
        return Reply(200, content, headers)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, end = int(first or 0), min(int(last or len(content) - 1), len(content) - 1)
    if start >= len(content):
        return Reply(416, b"", {**headers, "Content-Range": f"bytes */{len(content)}"})
    return Reply(
        206, content[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(content)}"}
    )
