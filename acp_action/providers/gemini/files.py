"""Gemini's Files API: pictures that are too large for a request are uploaded before it, free of charge.

Source: https://ai.google.dev/gemini-api/docs/files and the requests of the official google-genai package.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import FatalError, TransientError
from acp_action.providers.gemini.messages import VERSION
from acp_action.providers.reading import entry

if TYPE_CHECKING:
    from acp_action.providers.base import Token
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.wire.wire import Wire

_WHAT: Final = "uploading a picture"
# Pictures are ready at once, nearly always.
_POLL: Final = 1.0
_NAME: Final = re.compile(r"files/[A-Za-z0-9_-]{1,100}")


def upload(wire: Wire, item: MediaInput, name: str, token: Token) -> str:
    """The address under which an uploaded file can be named in requests, for 48 hours.

    Waits until the service has looked at it. Raises FatalError when it cannot use it.
    """
    # Any name the file has on this machine is none of the service's business.
    head = {"display_name": name, "mime_type": item.mime, "size_bytes": item.size}
    started = wire.call(
        "POST", f"/upload/{VERSION}/files", token, what=_WHAT, json={"file": head},
        headers={
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(item.size),
            "X-Goog-Upload-Header-Content-Type": item.mime,
        },
    )  # fmt: skip
    address = started.headers.get("x-goog-upload-url")
    if not address:
        raise TransientError("Gemini gave no address to upload a picture to")
    command = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    sent = wire.call("POST", address, token, what=_WHAT, content=item.content(), headers=command)
    return _when_ready(wire, entry(sent.tree, "file"), token)


def _when_ready(wire: Wire, file: Any, token: Token) -> str:
    while True:
        state, uri, name = (entry(file, key) for key in ("state", "uri", "name"))
        if state == "FAILED":
            raise FatalError(
                f"Gemini cannot use the picture: {entry(file, 'error', 'message') or 'no reason'}"
            )
        if state == "ACTIVE" and isinstance(uri, str):
            return uri
        if not _NAME.fullmatch(str(name)):
            raise TransientError("Gemini's answer to an upload names no file")
        token.wait(_POLL, "Gemini to take in an uploaded picture")
        file = wire.get(f"/{VERSION}/{name}", token, what="looking after an uploaded picture").tree
