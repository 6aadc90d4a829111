"""A request as it is sent: its head as bytes, and its body."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.errors import FatalError
from acp_action.providers.bodies import Part, form_body, json_body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.artifacts import JsonValue
    from acp_action.providers.address import Place

USUAL: Final = {"User-Agent": "acp-action", "Accept": "*/*", "Accept-Encoding": "identity"}
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Latin-1 without controls: what else stands in a header would be cut there, or begin another one.
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class Content(NamedTuple):
    """A body and its media type; empty for none. A path is a file, sent as it is read."""

    media_type: str = ""
    body: bytes | Path = b""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)


NOTHING: Final = Content()


def content_of(
    json: Any = None,
    fields: Mapping[str, JsonValue] | None = None,
    files: Sequence[Part] = (),
    content: bytes | Path | None = None,
) -> Content:
    """The body that is asked for: JSON, a form, or bytes as they are."""
    if fields is not None or files:
        return Content(*form_body(fields or {}, files))
    if content is not None:
        return Content("application/octet-stream", content)
    return NOTHING if json is None else Content("application/json", json_body(json))


def head_of(method: str, place: Place, headers: Mapping[str, str], content: Content) -> bytes:
    """Request line and headers. Raises FatalError, without its value, for a header that cannot be sent."""
    scheme_port = 443 if place.secure else 80
    host = f"[{place.host}]" if ":" in place.host else place.host
    lines = [f"{method} {place.target} HTTP/1.1", f"Host: {host}"]
    if place.port != scheme_port:
        lines[1] += f":{place.port}"
    named = {name.lower() for name in headers}
    if content.media_type and "content-type" not in named:
        lines.append(f"Content-Type: {content.media_type}")
    if content.body or method in _WITH_BODY:
        lines.append(f"Content-Length: {content.size}")
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise FatalError(
                f"the header {name[:40]!r} cannot be sent: it holds characters that no header may; if it is"
                " the key, take it over anew, without line ends and quotes"
            )
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
