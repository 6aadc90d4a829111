"""Uploads as browsers send them: multipart/form-data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulators.wire import Call

_NAME = re.compile(r'\bname="([^"]*)"')
_FILE = re.compile(r'\bfilename="([^"]*)"')
_TYPE = re.compile(r"^content-type:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One field; ``file`` and ``type`` are empty when it is no file."""

    name: str
    file: str
    type: str
    content: bytes

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


def parts(call: Call) -> list[Part]:
    """The fields of a form, in order; none when the body is no form."""
    boundary = call.headers.get("content-type", "").partition("boundary=")[2].strip('"')
    if not boundary:
        return []
    found = []
    for piece in (b"\r\n" + call.body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        about = head.decode("utf-8", "replace")
        name, file, type_ = _NAME.search(about), _FILE.search(about), _TYPE.search(about.strip())
        found.append(
            Part(name[1] if name else "", file[1] if file else "", type_[1] if type_ else "", content)
        )
    return found
