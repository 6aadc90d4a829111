"""Media that come within an answer: as base64, or as a data URL."""

from __future__ import annotations

import binascii
import math
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from acp_action.errors import FatalError
from acp_action.providers.media.verify import kept
from acp_action.providers.wire.intake import too_large

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from acp_action.artifacts import FileKind
    from acp_action.providers.base import ProductFile, Stage, Token

MOST: Final = 200_000_000
"""Bytes of one file; the text it comes in is a third longer, and in memory."""


class _Unbound:
    """A token that nothing stops."""

    def check(self) -> None:
        pass

    def wait(self, seconds: float, what: str = "") -> None:
        pass

    def remaining(self) -> float:
        return math.inf

    def now(self) -> float:
        return 0.0

    def waking(self, call: Callable[[], None]) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()


def decode_base64(
    text: str,
    stage: Stage,
    *,
    kind: FileKind,
    most: int = MOST,
    token: Token | None = None,
) -> ProductFile:
    """The file that a base64 text holds, verified, on disk.

    Raises FatalError for no base64, no medium of this kind, or more than ``most`` bytes.
    """
    # Before it is decoded: the text alone is enough in memory.
    if len(text) * 3 // 4 > most + 3:
        raise too_large(most)
    try:
        content = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError) as error:
        raise FatalError(f"the {kind} in the answer is no base64: {error}") from error
    return _written(content, stage, token, kind, most)


def decode_data_url(
    url: str,
    stage: Stage,
    *,
    kind: FileKind,
    most: int = MOST,
    token: Token | None = None,
) -> ProductFile:
    """As ``decode_base64``, for a ``data:`` URL."""
    head, comma, text = url.partition(",")
    if not comma:
        raise FatalError(f"the {kind} in the answer is a data URL without content")
    if head.rstrip().lower().endswith(";base64"):
        return decode_base64(text, stage, kind=kind, most=most, token=token)
    if len(text) > most * 3:
        raise too_large(most)
    return _written(unquote_to_bytes(text), stage, token, kind, most)


def _written(
    content: bytes,
    stage: Stage,
    token: Token | None,
    kind: FileKind,
    most: int,
) -> ProductFile:
    if len(content) > most:
        raise too_large(most)
    path = stage("part")
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return kept(path, stage, token or _Unbound(), kind=kind)
    finally:
        path.unlink(missing_ok=True)
