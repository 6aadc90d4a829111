"""The step's log: one locked writer, our own workflow commands, and nothing else that is read as one."""

from __future__ import annotations

import errno
import re
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from acp_action.report.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

MESSAGE_LIMIT: Final = 4096
"""Most characters of an escaped message; the runner cuts there too, but through an escape."""
LEAST_SECRET: Final = 4
"""Shorter values are never masked: every ``on`` or ``1`` of the log would turn into stars."""

_LEADING_COLONS: Final = re.compile(r"^(\s*)::")
_HALF_ESCAPE: Final = re.compile(r"%.?$")
# ``act`` ends a command at its last ``::``, so a mask that holds one does not take there; its parts do.
_MASK_BREAKS: Final = re.compile("::|[\ud800-\udfff]")
_WORDS: Final = {"error": "ERROR", "warning": "WARNING", "notice": "NOTICE"}


Level: TypeAlias = Literal["error", "warning", "notice"]


class Note(NamedTuple):
    """An annotation. ``file`` is relative to the workspace; ``line`` and ``column`` from 1, 0 for unknown."""

    level: Level
    message: str
    title: str = ""
    file: str = ""
    line: int = 0
    column: int = 0


def neutral(text: str) -> str:
    r"""The text as one line of the log in which no runner finds a command.

    The runner reads ``::name::`` after any white space and ``##[name]`` anywhere in a line, and ends a line
    at a bare carriage return. What is invisible is shown as by ``one_line``.

    >>> neutral(" ::set-output name=a::b"), neutral("x ##[add-mask]y"), neutral("std::string")
    (' : :set-output name=a::b', 'x ## [add-mask]y', 'std::string')
    """
    return _LEADING_COLONS.sub(r"\1: :", one_line(text).replace("##[", "## ["))


def command(name: str, message: str = "", **properties: str | int) -> str:
    r"""A workflow command as the runner reads it, without a line end; empty properties are left out.

    Values of properties are trimmed, as the runner does. A leading ``=`` of one is lost in the runner.

    >>> command("error", "100%\nsure", file="a,b.yaml", line=3, title="")
    '::error file=a%2Cb.yaml,line=3::100%25%0Asure'
    """
    pairs = ((key, _property(str(value))) for key, value in properties.items())
    told = ",".join(f"{key}={value}" for key, value in pairs if value)
    return f"::{name}{' ' if told else ''}{told}::{_cut(_data(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text.strip()).replace(":", "%3A").replace(",", "%2C")


def _cut(escaped: str) -> str:
    if len(escaped) <= MESSAGE_LIMIT:
        return escaped
    return _HALF_ESCAPE.sub("", escaped[: MESSAGE_LIMIT - 1]) + "…"


class Log:
    """Writes the step's log: every call is one write of whole lines and a flush, one at a time.

    ``redact`` takes keys out of whatever is written. ``commands`` False, outside of Actions: plain lines
    instead of workflow commands. ``debug``: whether debug lines are written at all. A stream that takes no
    more raises nothing here: ``fault`` holds the first error, and a closed pipe is not written to again.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        redact: Callable[[str], str] = str,
        commands: bool = True,
        debug: bool = False,
    ) -> None:
        self.fault: OSError | ValueError | None = None
        self._stream = stream
        self._redact = redact
        self._commands = commands
        self._debug = debug
        self._lock = Lock()
        self._open = False
        self._closed = False

    def line(self, text: str) -> None:
        """Write a text as one line; line ends in it are shown."""
        self._write([self._clean(text)])

    def lines(self, text: str) -> None:
        """Write a text of any number of lines as they are; an empty one writes nothing."""
        self._write(self._clean_lines(text))

    def debug(self, text: str) -> None:
        """Write a text for those who look for a fault, each of its lines as one of theirs."""
        if self._debug:
            lead = "::debug::" if self._commands else "[DEBUG] "
            escape = _data if self._commands else str
            self._write([lead + _cut(escape(line)) for line in self._clean_lines(text)])

    def group(self, title: str) -> None:
        """Open a group, after closing the one that is open: the viewer does not nest them."""
        told = self._clean(title)
        with self._lock:
            ends = self._end()
            self._open = self._commands
            self._put([*ends, command("group", told) if self._commands else told])

    def end_group(self) -> None:
        """Close the open group, if there is one."""
        with self._lock:
            self._put(self._end())

    def annotate(self, note: Note) -> None:
        """Write an annotation: for people in the log, and for the runner at its place in the file."""
        message = self._clean_lines(note.message)
        title, file = self._clean(note.title), self._clean(note.file)
        if not self._commands:
            self._write(_plain(note, message, title, file))
            return
        places: dict[str, str | int] = {"file": file, "title": title}
        if note.line > 0:
            places["line"] = note.line
            if note.column > 0:
                places["col"] = note.column
        self._write([command(note.level, "\n".join(message), **places)])

    def mask(self, secret: str) -> bool:
        """Have the runner put stars for a secret from here on; outside of Actions nothing is written.

        The whole and each line of it, trimmed. False for one that is too short to be masked.
        """
        whole = secret.strip()
        if len(whole) < LEAST_SECRET:
            return False
        if self._commands:
            self._write([f"::add-mask::{_data(value)}" for value in _maskable(whole)])
        return True

    def _clean(self, text: str) -> str:
        # Before, because an escape within a secret would hide it; after, because one may come about by it.
        return neutral(self._redact(neutral(self._redact(text))))

    def _clean_lines(self, text: str) -> list[str]:
        return [neutral(self._redact(neutral(line))) for line in self._redact(text).splitlines()]

    def _end(self) -> list[str]:
        ends = ["::endgroup::"] if self._open else []
        self._open = False
        return ends

    def _write(self, lines: list[str]) -> None:
        with self._lock:
            self._put(lines)

    def _put(self, lines: list[str]) -> None:
        if not lines or self._closed:
            return
        try:
            self._stream.write(self._encodable("".join(f"{line}\n" for line in lines)))
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.fault = self.fault or error
            # Of a full disk something may be freed again; a closed stream stays closed.
            self._closed = isinstance(error, ValueError) or error.errno == errno.EPIPE

    def _encodable(self, text: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)


def _plain(note: Note, message: list[str], title: str, file: str) -> list[str]:
    place = ":".join(str(part) for part in (file, note.line, note.column if note.line else 0) if part)
    first, *more = message or [""]
    told = ": ".join(part for part in (place, title, first) if part)
    return [f"[{_WORDS[note.level]}] {told}", *(f"  {line}" for line in more)]


def _maskable(secret: str) -> Iterable[str]:
    """The secret in all forms that are masked, parts first: what takes a part cannot show the rest."""
    lines = [line.strip() for line in secret.splitlines()]
    parts = [part.strip() for line in lines for part in _MASK_BREAKS.split(line)]
    wholes = [*lines, secret] if not _has_surrogate(secret) else []
    # A dict keeps the order and drops the repeated.
    return dict.fromkeys(value for value in [*parts, *wholes] if len(value) >= LEAST_SECRET)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)
