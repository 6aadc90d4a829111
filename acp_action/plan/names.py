"""File names for steps: safe on every platform, stable from run to run, never two alike."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_STEM: Final = 150
"""Bytes of UTF-8; leaves room below 255 for a number, an extension and the marks of a temporary file."""

RESERVED_STEMS: Final = frozenset({"manifest", "report", "timeline", "trace", "steps", "events", "journal"})
"""Names of our own files beside the outputs; compared without case."""

_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"}
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_ .+,=@()-]{0,98}[A-Za-z0-9_)])?")
_FORBIDDEN: Final = frozenset('":<>|*?\\/')
_NUMBERED: Final = re.compile(r"(.+)_[1-9][0-9]*", re.DOTALL)


def safe_stem(name: str) -> str:
    """The file name, without an extension, for a step of this name.

    In NFC, never empty, at most 150 bytes of UTF-8, and free of path separators, control, bidi and other
    invisible characters, Windows device names, leading dots and dashes, trailing dots and spaces, and the
    names of our own files. A name that is all this already is kept; any other gets a hash of itself, so that
    two names never meet (names that differ in Unicode form only are one name here).

    >>> safe_stem("image_1"), safe_stem("../a/b")
    ('image_1', '_a_b-8e7e11e4')
    """
    if _PLAIN.fullmatch(name) and not _is_device(name) and name.lower() not in RESERVED_STEMS:
        return name
    form = unicodedata.normalize("NFC", name)
    clean = _clean(form)
    if clean == form and len(clean.encode()) <= LONGEST_STEM and _fold(clean) not in RESERVED_STEMS:
        return clean
    return _with_hash(clean, name)


def assign_stems(names: Sequence[str], plural: Sequence[bool]) -> tuple[str, ...]:
    """A stem for each name, in order, such that no two outputs can have the same file name.

    Stems differ even on file systems that ignore case or Unicode form; the later of twins gets a hash. A step
    with ``plural`` output also owns ``<stem>_1``, ``<stem>_2`` and so on.

    Raises ValueError for different lengths.
    """
    taken = _Taken(watch_numbers=any(plural))
    return tuple(taken.claim(name, many) for name, many in zip(names, plural, strict=True))


class _Taken:
    """The stems given so far, by the form in which file systems may compare them."""

    def __init__(self, *, watch_numbers: bool) -> None:
        self._stems: set[str] = set()
        self._families: set[str] = set()
        self._bases: set[str] = set()
        self._watch_numbers = watch_numbers

    def claim(self, name: str, plural: bool) -> str:
        stem = safe_stem(name)
        attempt = 0
        while not self._free(key := _fold(stem), plural):
            stem = _with_hash(safe_stem(name), f"{name}\0{attempt}" if attempt else name)
            attempt += 1
        self._add(key, plural)
        return stem

    def _free(self, key: str, plural: bool) -> bool:
        if key in self._stems:
            return False
        if not self._watch_numbers:
            return True
        if plural:
            return key not in self._bases
        numbered = _NUMBERED.fullmatch(key)
        return numbered is None or numbered[1] not in self._families

    def _add(self, key: str, plural: bool) -> None:
        self._stems.add(key)
        if not self._watch_numbers:
            return
        if plural:
            self._families.add(key)
        elif numbered := _NUMBERED.fullmatch(key):
            self._bases.add(numbered[1])


def _fold(stem: str) -> str:
    return stem.lower() if stem.isascii() else unicodedata.normalize("NFC", stem.casefold())


def _is_device(stem: str) -> bool:
    return stem.partition(".")[0].rstrip(" ").lower() in _DEVICES


def _clean(name: str) -> str:
    text = "".join("_" if _is_unwelcome(c) else c for c in name)
    text = text.lstrip(" .-").rstrip(" .") or "step"
    return f"_{text}" if _is_device(text) else text


def _is_unwelcome(char: str) -> bool:
    if char in _FORBIDDEN:
        return True
    category = unicodedata.category(char)
    return category[0] == "C" or (category[0] == "Z" and char != " ")


def _with_hash(stem: str, name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    room = LONGEST_STEM - len(digest) - 1
    kept = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return f"{kept}-{digest}"
