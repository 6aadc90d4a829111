"""Names that the artifact service takes: of artifacts, and of the files inside of their archives.

The service refuses some characters in a path. They are written as ``%XX``, one for each byte of their UTF-8
form, which is reversible: ``original_name(archive_name(x)) == x``.
"""

from __future__ import annotations

import re
from typing import Final

_REFUSED_IN_NAMES: Final = re.compile(r'[":<>|*?\r\n\\/]')
# What the service refuses, and what no name should bring into a log or onto a disk: control characters,
# backslashes (a folder to some programs that unpack), and bytes that are not UTF-8 (surrogates in Python).
# A "%" changes only where it could be taken for the beginning of a replacement.
_REPLACED_IN_PATHS: Final = re.compile(r'["<>:|*?\\\x00-\x1f\x7f\udc80-\udcff]|%(?=[0-9A-Fa-f]{2})')
_REPLACEMENT: Final = re.compile(r"(?:%[0-9A-F]{2})+")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def artifact_name_fault(name: str) -> str:
    """Empty when the service takes an artifact of this name; else what is wrong, and how to mend it.

    >>> artifact_name_fault("media")
    ''
    >>> artifact_name_fault("media/linux")
    "the artifact name 'media/linux' holds '/', which the artifact service refuses; try 'media-linux'"
    """
    if not name.strip():
        return "the artifact name is empty; give one, such as 'media'"
    found = list(dict.fromkeys(_REFUSED_IN_NAMES.findall(name)))
    if found:
        seen = " and ".join(repr(character) for character in found)
        better = _REFUSED_IN_NAMES.sub("-", name)
        return f"the artifact name {name!r} holds {seen}, which the artifact service refuses; try {better!r}"
    if _UNSEEN.search(name) or name in (".", ".."):
        return f"{name!r} cannot be the name of an artifact, which becomes a folder; use letters and digits"
    return ""


def archive_name(relative: str) -> str:
    """The name in an archive for a file's path relative to the root, its parts joined by ``/``.

    Different paths get different names, and a path that the service takes stays as it is.

    >>> archive_name("shots/what now?.png")
    'shots/what now%3F.png'
    """
    return _REPLACED_IN_PATHS.sub(_percent, relative)


def original_name(archived: str) -> str:
    """The path that ``archive_name`` made this name of."""
    return _REPLACEMENT.sub(_plain, archived)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogateescape"))


def _plain(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "surrogateescape")
