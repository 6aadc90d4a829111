"""A server on loopback that goes wrong as it is told: one act for each request, over raw sockets."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType

SLOW = 0.03
"""Seconds between two drops of a drip; tests set their limits around it."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


Act: TypeAlias = "Callable[[FaultServer, socket.socket], bool]"
"""Answers a request that was read whole; whether the connection stays open."""


class FaultServer:
    """Plays its acts one after the other, the last for ever; ``requests`` is what came.

    ``deaf``: it never reads a request, and closes the connection at once.
    """

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None, deaf: bool = False) -> None:
        self.acts = list(acts)
        self.requests: list[Asked] = []
        self.connections = 0
        self.over = threading.Event()
        self.asked = threading.Event()
        self._deaf = deaf
        self._tls = tls
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """The base address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        # Shut first: closing alone does not wake a thread that waits for the next connection.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock, suppress(OSError, EOFError):
            if self._deaf:
                return
            if self._tls is not None:
                with self._tls.wrap_socket(sock, server_side=True) as secure:
                    self._talk(secure)
            else:
                self._talk(sock)

    def _talk(self, sock: socket.socket) -> None:
        with sock.makefile("rb") as file:
            while True:
                request = read_request(file.readline, file.read)
                with self._lock:
                    self.requests.append(request)
                    act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                self.asked.set()
                if not act(self, sock):
                    return


def read_request(readline: Callable[[], bytes], read: Callable[[int], bytes]) -> Asked:
    """One whole request. Raises EOFError when the other end has gone."""
    method, target, _ = _line(readline()).split(" ")
    headers: dict[str, str] = {}
    while line := _line(readline()):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers.get("content-length", "0"))
    body = read(size)
    if len(body) < size:
        raise EOFError
    return Asked(method, target, headers, body)


def _line(raw: bytes) -> str:
    if not raw.endswith(b"\n"):
        raise EOFError
    return raw.decode("latin-1").rstrip("\r\n")


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Act:
    """A proper answer; names of headers with ``_`` for ``-``."""

    def act(server: FaultServer, sock: socket.socket) -> bool:
        sock.sendall(head(status, {"Content-Length": str(len(body)), **_named(headers)}) + body)
        return True

    return act


def moved(location: str, status: int = 302) -> Act:
    """A redirect."""
    return answer(status, b"", Location=location)


def closes(server: FaultServer, sock: socket.socket) -> bool:
    """Read everything, and hang up without a byte."""
    return False


def resets(server: FaultServer, sock: socket.socket) -> bool:
    """Read everything, and break the connection off."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def stalls(server: FaultServer, sock: socket.socket) -> bool:
    """Say nothing until the test is over."""
    server.over.wait(10)
    return False


def raw(content: bytes, *, then_stalls: bool = False) -> Act:
    """Exactly these bytes, and then the end of the connection, or silence."""

    def act(server: FaultServer, sock: socket.socket) -> bool:
        sock.sendall(content)
        return stalls(server, sock) if then_stalls else False

    return act


def drips(before: bytes, drop: bytes = b"x") -> Act:
    """These bytes, and then one drop after the other for as long as somebody listens."""

    def act(server: FaultServer, sock: socket.socket) -> bool:
        sock.sendall(before)
        while not server.over.wait(SLOW):
            sock.sendall(drop)
        return False

    return act


def short(body: bytes, missing: int = 10, status: int = 200) -> Act:
    """An answer that ends before the length it promises."""
    return raw(head(status, {"Content-Length": str(len(body) + missing)}) + body)


def until_close(body: bytes, status: int = 200, **headers: str) -> Act:
    """An answer without a length, which ends with the connection."""
    return raw(head(status, {"Connection": "close", **_named(headers)}) + body)


def chunked(*chunks: bytes, ended: bool = True) -> Act:
    """An answer in chunks, with or without the last, empty one."""
    parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    tail = b"0\r\n\r\n" if ended else b""
    return raw(head(200, {"Transfer-Encoding": "chunked"}) + b"".join(parts) + tail)


def head(status: int, headers: dict[str, str]) -> bytes:
    """Status line and headers."""
    lines = [f"HTTP/1.1 {status} Some Words", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
