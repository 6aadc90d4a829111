"""What makes a paid result the same one: a digest of all that its provider is asked for, and of no secret.

Two requests with one fingerprint would be answered alike, so that the second need not be paid for. It is the
same in every process, on every machine and in every folder.
"""

from __future__ import annotations

import hashlib
import json
import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp_action.artifacts import Output
from acp_action.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.providers.base import Request, Source


def fingerprint(request: Request, urls: Mapping[str, str] | None = None) -> str:
    """The digest of a request, as 32 hexadecimal digits; its media are read.

    ``urls``: the provider's addresses where they are not its own, because another address may be a stand-in,
    whose results are not those of the service. Not in it: the key (who pays changes nothing of what is made),
    the file's names and places, time-outs, and the attempt. Raises FatalError for a file that cannot be read.
    """
    model = request.model
    asked = {
        "provider": model.provider,
        "urls": dict(urls or {}),
        "model": [model.type, model.key, model.entry.get("endpoint")],
        "type": request.type,
        "text": request.text,
        "params": request.params,
        "media": [_of_medium(medium) for medium in request.media],
    }
    text = json.dumps(_plain(asked), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _of_medium(medium: Output | Source) -> Any:
    if isinstance(medium, Output):
        return [medium.kind, *(file.sha256 for file in medium.files)]
    if medium.path is None:
        return [medium.kind, "url", medium.url]
    try:
        status = medium.path.stat()
        return [medium.kind, _digest(str(medium.path), status.st_size, status.st_mtime_ns, status.st_ino)]
    except OSError as error:
        raise FatalError(f"cannot read {medium.path}: {error.strerror or error}") from error


# One picture often feeds every step of a file. What tells that it was changed is part of the key.
@lru_cache(maxsize=1024)
def _digest(path: str, _size: int, _modified: int, _inode: int) -> str:
    with Path(path).open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    """The value in the one form in which it is written: 1.0 is 1, and a tuple is a list."""
    match value:
        case bool() | None | str() | int():
            return value
        case float():
            return int(value) if math.isfinite(value) and value == int(value) else value
        case list() | tuple():
            return [_plain(item) for item in value]
    return {str(key): _plain(item) for key, item in value.items()}
