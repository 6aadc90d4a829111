"""HTTP/1.1 over asyncio in one thread: cheap, so that clients are what is measured; able to misbehave."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

REASONS = {status.value: status.phrase for status in HTTPStatus}
_HEAD_LIMIT = 64 * 1024


@dataclass(slots=True, eq=False)
class Call:
    """A request as it arrived.

    ``role``: which of the simulator's addresses it came to. ``kind``: what it is for (order, status, result,
    cancel, upload, media, …). ``headers`` have lower-case keys. ``at``: seconds since the simulator started.
    ``text``: the prompt that it is about. ``status``: what was answered, 0 for nothing. ``fault``: what was
    done to it, by name.
    """

    number: int
    role: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float = 0.0
    kind: str = "other"
    text: str = ""
    status: int = 0
    fault: str = ""
    when_done: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def json(self) -> Any:
        """The body; an empty object when it is empty, ValueError when it is no JSON."""
        return json.loads(self.body) if self.body else {}

    @property
    def target(self) -> str:
        """Method and path, for messages and assertions: ``POST /fal-ai/flux/dev``."""
        return f"{self.method} {self.path}"

    def done(self) -> None:
        """The answer is out, or there is nobody left to hear it."""
        for callback in self.when_done:
            callback()
        self.when_done.clear()


@dataclass(slots=True)
class Reply:
    """An answer, and how the wire carries it.

    ``delay``: real seconds before anything is sent; then ``then`` makes the real reply, if there is one.
    ``parts``: streamed in chunks instead of ``body``, each after its delay in real seconds. The rest is for
    faults. ``told``: a Content-Length other than the true one. ``cut``: close after so many bytes of the
    body. ``end``: "keep" the connection, "close" it after the answer, "drop" it without a byte, "reset" it,
    or "hang": never answer (with ``cut``: stall there). ``framing``: how the body ends: length, chunked, or
    close. ``drip``: bytes at a time, and the seconds between.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    then: Callable[[], Reply] | None = None
    parts: Iterator[tuple[float, bytes]] | None = None
    told: int | None = None
    cut: int | None = None
    end: str = "keep"
    framing: str = "length"
    drip: tuple[int, float] | None = None


def json_reply(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return Reply(status, body, {"Content-Type": "application/json", **(headers or {})})


def in_pieces(parts: Iterable[tuple[float, bytes]], headers: Mapping[str, str]) -> Reply:
    """A stream. It has a body too, for what goes wrong with bodies."""
    pieces = list(parts)
    return Reply(200, b"".join(text for _, text in pieces), {**headers}, parts=iter(pieces))


def html_reply(status: int) -> Reply:
    """What a proxy in between says when it has no better idea."""
    title = f"{status} {REASONS.get(status, '')}"
    page = f"<html><head><title>{title}</title></head><body><center>nginx</center></body></html>"
    return Reply(status, page.encode(), {"Content-Type": "text/html"})


class Connection(asyncio.Protocol):
    """One client's connection: requests are read one after another, each answered before the next."""

    def __init__(self, role: str, serve: Callable[[Call], Reply], known: set[Connection]) -> None:
        self._role = role
        self._serve = serve
        self._known = known
        self._buffer = bytearray()
        self._pending: Call | None = None
        self._call: Call | None = None
        self._rest = 0

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._known.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._known.discard(self)
        self._finish_call()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._advance()

    # Reading.

    def _advance(self) -> None:
        """Answer the next request if it is all here and none is in work."""
        if self._call is not None:
            return
        if self._pending is None and not self._read_head():
            return
        call = self._pending
        assert call is not None
        if not self._read_body(call):
            return
        self._pending, self._call = None, call
        self._answer(call, self._serve(call))

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _HEAD_LIMIT:
                self._transport.abort()
            return False
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        method, target, _ = lines[0].split(" ", 2)
        pairs = (line.split(":", 1) for line in lines[1:])
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        path, _, query = target.partition("?")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        self._pending = Call(0, self._role, method, unquote(path), asked, headers, b"")
        self._rest = int(headers.get("content-length", 0))
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _read_body(self, call: Call) -> bool:
        if "chunked" in call.headers.get("transfer-encoding", "").lower():
            return self._read_chunks(call)
        if len(self._buffer) < self._rest:
            return False
        call.body = bytes(self._buffer[: self._rest])
        del self._buffer[: self._rest]
        return True

    def _read_chunks(self, call: Call) -> bool:
        while (end := self._buffer.find(b"\r\n")) >= 0:
            size = int(bytes(self._buffer[:end]).split(b";")[0], 16)
            if len(self._buffer) < end + 2 + size + 2:
                return False
            call.body += bytes(self._buffer[end + 2 : end + 2 + size])
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                return True
        return False

    # Answering.

    def _answer(self, call: Call, reply: Reply) -> None:
        if reply.delay > 0:
            self._loop.call_later(reply.delay, self._answer, call, replace(reply, delay=0.0))
        elif self._transport.is_closing():
            self._finish_call()
        elif reply.then is not None:
            self._answer(call, reply.then())
        else:
            self._send(call, reply)

    def _send(self, call: Call, reply: Reply) -> None:
        if reply.end in ("drop", "reset") and reply.cut is None:
            self._close(reset=reply.end == "reset")
            return
        if reply.end == "hang" and reply.cut is None:
            return
        call.status = reply.status
        body = b"" if call.method == "HEAD" else reply.body
        head = _head(call, reply)
        if reply.parts is not None:
            self._transport.write(head)
            self._stream(reply.parts)
            return
        if reply.cut is not None:
            body = body[: reply.cut]
        if reply.drip is not None:
            self._transport.write(head)
            self._drip(body, reply)
            return
        # At once, so that it leaves in one packet.
        self._transport.write(head + _framed(body, reply))
        self._end(reply)

    def _end(self, reply: Reply) -> None:
        asked = self._call.headers.get("connection", "") if self._call else ""
        if reply.end == "hang":
            return
        if reply.end == "reset":
            self._close(reset=True)
        elif reply.end != "keep" or reply.cut is not None or "close" in (reply.framing, asked.lower()):
            self._close()
        else:
            self._finish_call()
            self._advance()

    def _drip(self, rest: bytes, reply: Reply) -> None:
        size, seconds = reply.drip or (len(rest), 0.0)
        if self._transport.is_closing():
            return
        if not rest:
            self._end(reply)
            return
        self._transport.write(rest[:size])
        self._loop.call_later(seconds, self._drip, rest[size:], reply)

    def _stream(self, parts: Iterator[tuple[float, bytes]]) -> None:
        """The next part; asked for only when the one before is out."""
        if self._transport.is_closing():
            return
        part = next(parts, None)
        if part is None:
            self._transport.write(b"0\r\n\r\n")
            self._finish_call()
            self._advance()
            return
        delay, text = part
        self._loop.call_later(delay, self._stream_part, text, parts)

    def _stream_part(self, text: bytes, parts: Iterator[tuple[float, bytes]]) -> None:
        if not self._transport.is_closing():
            if text:
                self._transport.write(_chunk(text))
            self._stream(parts)

    def _close(self, *, reset: bool = False) -> None:
        if reset:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()
        self._finish_call()

    def _finish_call(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.done()

    def hang_up(self) -> None:
        """Close the connection, whatever is in work."""
        self._transport.abort()


def _head(call: Call, reply: Reply) -> bytes:
    headers = dict(reply.headers)
    if reply.parts is not None or reply.framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
    elif reply.framing == "close":
        headers["Connection"] = "close"
    elif reply.status not in (204, 304):
        headers["Content-Length"] = str(len(reply.body) if reply.told is None else reply.told)
    lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def _framed(body: bytes, reply: Reply) -> bytes:
    if reply.framing != "chunked":
        return body
    # A cut answer lacks its last chunk.
    return _chunk(body) + (b"0\r\n\r\n" if reply.cut is None else b"")


def _chunk(text: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(text), text)
