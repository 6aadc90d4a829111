"""Server-sent events: the stream's bytes as (event, text) pairs. Total on any bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 64 * 1024 * 1024


class Said(NamedTuple):
    """One event: its name, ``message`` by default, and its text."""

    event: str
    text: str


class EventReader:
    """Takes a stream apart, however its bytes are cut into pieces; comments and fields unknown are left out.

    ``longest``: bytes of one event; more is a TransientError.
    """

    def __init__(self, longest: int = _LONGEST) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._event = ""
        self._lines: list[str] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[Said]:
        """The events that are complete with this piece. An event without its empty line never is."""
        self._rest += piece
        # A carriage return at the very end may be half of a line end.
        end = len(self._rest) - 1 if self._rest.endswith(b"\r") else len(self._rest)
        ready = bytes(self._rest[:end]).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        whole, _, rest = ready.rpartition(b"\n")
        if len(rest) + self._size > self._longest:
            raise TransientError("an event of the stream is too long")
        lines = whole.split(b"\n") if b"\n" in ready else []
        self._rest = bytearray(rest) + self._rest[end:]
        for line in lines:
            yield from self._take(line)

    def _take(self, line: bytes) -> Iterator[Said]:
        if not line:
            if self._lines:
                yield Said(self._event or "message", "\n".join(self._lines))
            self._event, self._lines, self._size = "", [], 0
            return
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._size += len(line)
            if self._size > self._longest:
                raise TransientError("an event of the stream is too long")
            self._lines.append(value)
        elif name == "event":
            self._event = value
