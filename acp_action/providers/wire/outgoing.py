"""What is sent with a request: its headers, and JSON, a form or a file as its body."""

from __future__ import annotations

import json as jsons
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.artifacts import JsonValue

USUAL: Final = {"User-Agent": "acp-action", "Accept": "*/*", "Accept-Encoding": "identity"}
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Latin-1 without controls: what else stands in a header would be cut there, or begin another one.
_VALUE: Final = re.compile(r"(?![ \t])[\t\x20-\x7e\x80-\xff]*")


class Part(NamedTuple):
    """A file of a form. ``field``: the form's name for it; ``name`` and ``media_type`` go along."""

    field: str
    name: str
    content: bytes
    media_type: str = "application/octet-stream"


class Content(NamedTuple):
    """A body and its media type, empty for none, or a form's parts. A path is a file, sent as it is read."""

    media_type: str = ""
    body: bytes | Path = b""
    fields: Mapping[str, str] = MappingProxyType({})
    files: Sequence[Part] = ()

    @property
    def size(self) -> int:
        """Bytes, without what holds a form together."""
        own = self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)
        return own + sum(len(part.content) for part in self.files)


NOTHING: Final = Content()


def content_of(
    json: Any = None,
    fields: Mapping[str, JsonValue] | None = None,
    files: Sequence[Part] = (),
    content: bytes | Path | None = None,
) -> Content:
    """The body that is asked for: JSON, a form, or bytes as they are. ValueError for what no JSON has."""
    if fields is not None or files:
        texts = {name: v if isinstance(v, str) else jsons.dumps(v) for name, v in (fields or {}).items()}
        return Content("", b"", texts, files)
    if content is not None:
        return Content("application/octet-stream", content)
    if json is None:
        return NOTHING
    text = jsons.dumps(json, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Content("application/json", text.encode())


def headers_of(headers: Mapping[str, str], content: Content) -> dict[str, str]:
    """All headers of a request. Raises FatalError, without its value, for one that cannot be sent."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise FatalError(
                f"the header {name[:40]!r} cannot be sent: it holds characters that no header may; if it is"
                " the key, take it over anew, without line ends and quotes"
            )
    if content.media_type and "content-type" not in {name.lower() for name in headers}:
        return {**headers, "Content-Type": content.media_type}
    return dict(headers)
