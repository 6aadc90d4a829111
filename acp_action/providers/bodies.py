"""What is sent as the body of a request: JSON, or a form with files."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.artifacts import JsonValue


class Part(NamedTuple):
    """A file of a form. ``field``: the form's name for it; ``name`` and ``media_type`` go along."""

    field: str
    name: str
    content: bytes
    media_type: str = "application/octet-stream"


def json_body(value: Any) -> bytes:
    """Compact JSON in UTF-8. Raises ValueError for NaN and infinities, which no JSON has."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def form_body(fields: Mapping[str, JsonValue], files: Sequence[Part]) -> tuple[str, bytes]:
    """A form as ``multipart/form-data``: its media type, and its bytes. Always the same."""
    parts: list[bytes] = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else json.dumps(value)
        parts.append(f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{text}'.encode())
    for file in files:
        names = f'name="{_quoted(file.field)}"; filename="{_quoted(file.name)}"'
        head = f"Content-Disposition: form-data; {names}\r\nContent-Type: {file.media_type}\r\n\r\n"
        parts.append(head.encode() + file.content)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    # What holds its own hash has not been found yet, so the boundary stands in none of the parts.
    boundary = digest.hexdigest()[:32]
    whole = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return f"multipart/form-data; boundary={boundary}", whole + b"--%s--\r\n" % boundary.encode()


def _quoted(name: str) -> str:
    """As browsers do: what would end the name is percent-encoded."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
