"""What the terminal behind a stream can show, as the environment tells it."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL_SIZE: Final = (80, 24)
STYLES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
COLOURS: Final = frozenset({"red", "green", "yellow", "cyan"})


def wants_live(environ: Mapping[str, str]) -> bool:
    """Whether standard error is a terminal that a display can be drawn on again and again."""
    return is_terminal(sys.stderr) and not _is_plain(environ)


def wants_ascii(encoding: str | None, environ: Mapping[str, str]) -> bool:
    """Whether only ASCII can be shown; the C locale says so even where Python writes UTF-8."""
    if (encoding or "").lower().replace("-", "").replace("_", "") not in ("utf8", "utf8sig"):
        return True
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return locale in ("C", "POSIX")


def wants_colours(environ: Mapping[str, str]) -> bool:
    """Whether colours may be used: not with NO_COLOR (https://no-color.org), nor on a VT100 and the like."""
    if environ.get("NO_COLOR") or _is_plain(environ):
        return False
    return not environ.get("TERM", "").startswith(("vt", "ansi-mono"))


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether the stream is there and leads to a terminal."""
    return bool(stream and not stream.closed and stream.isatty())


def size_of(stream: IO[str]) -> tuple[int, int]:
    """Columns and rows of the terminal behind the stream; the usual ones where it does not tell."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return _USUAL_SIZE
    # Some terminals say 0 where they do not know.
    return columns or _USUAL_SIZE[0], rows or _USUAL_SIZE[1]


def is_behind(stream: IO[str]) -> bool:
    """Whether somebody else has the terminal, because this program runs in the background."""
    try:
        return os.tcgetpgrp(stream.fileno()) != os.getpgrp()
    except (OSError, ValueError):
        return False


def styled(text: str, style: str) -> str:
    """The text with the codes for ``style`` around it."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def _is_plain(environ: Mapping[str, str]) -> bool:
    return environ.get("TERM", "") in ("", "dumb", "unknown")
