"""What a provider sent as media, held against what it should be, before it is kept under a media name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from acp_action.errors import FatalError
from acp_action.providers.base import ProductFile
from acp_action.providers.wire.answer import excerpt

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.artifacts import FileKind, JsonValue
    from acp_action.providers.base import Stage, Token

_EXTENSIONS: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tiff"}
_TEXT: Final = re.compile(rb"\s*(?:<[!?a-zA-Z]|[{\[]\s*[\"{\[\]}])")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_SHOWN: Final = 2000
# More than is opened to be worked on: an upscaled picture is paid for, and kept if memory can take it.
_MOST_PIXELS: Final = 120_000_000
_PICTURE: Final = "the picture that the provider sent"


def kept(path: Path, stage: Stage, token: Token, *, kind: FileKind) -> ProductFile:
    """The product for a staged file, moved to a staged path with the extension of its real format.

    It is decoded to its end, within limits. Raises FatalError, which says what came instead, and what the
    token raises.
    """
    head = _head(path)
    if not head:
        raise FatalError(f"the provider sent nothing where {_named(kind)} should be")
    if _TEXT.match(head) and not _CONTROL.search(head[:64]):
        raise FatalError(f"the provider sent a text where {_named(kind)} should be: {_shown(head)}")
    if kind == "image":
        facts, found = _picture(path, token)
    else:
        facts, found = _played(path, kind, token)
    target = stage(found)
    path.replace(target)
    return ProductFile(kind, target, facts)


def _picture(path: Path, token: Token) -> tuple[dict[str, JsonValue], str]:
    # Late, here and below: planning needs none of these.
    from acp_action.providers.media.pictures import opened, room_for

    with opened(path, _MOST_PIXELS, _PICTURE) as picture, room_for(picture.width * picture.height, token):
        picture.load()
        form = picture.format or ""
        return {"width": picture.width, "height": picture.height, "format": form}, _EXTENSIONS[form]


def _played(path: Path, kind: FileKind, token: Token) -> tuple[dict[str, JsonValue], str]:
    from acp_action.providers.media.containers import head_of_file, sound_form, video_form
    from acp_action.providers.media.playing import played

    label = f"the {kind}"
    head = head_of_file(path, label)
    form = video_form(head) if kind == "video" else sound_form(head)
    if form is None:
        raise FatalError(
            f"the provider sent something that is no {kind}: it begins with {head[:16].hex(' ')}"
        )
    return played(path, label, form, token, video=kind == "video"), form.extension


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SHOWN)


def _named(kind: FileKind) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _shown(head: bytes) -> str:
    return excerpt(head.decode("utf-8", "replace"), 160)
