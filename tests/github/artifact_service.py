"""A strict artifact service on real sockets, for tests, benchmarks and other programs' clients.

``python -m tests.github.artifact_service [--discard] [--flavour act]`` prints its address and a token as
JSON, and serves until its standard input ends.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import struct
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.github.artifact_rules import Flavour, No, Store, camel, make_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Self

PIECE = 256 * 1024
BARE_PUT = {"refuse": 400, "drop": 200}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request. ``acts``: the service carries it out before.

    Without a status the connection is reset; ``cut``: in the middle of the answer.
    """

    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    acts: bool = False
    cut: bool = False


RESET = Fault()
LOST = Fault(acts=True)
HTML = Fault(502, b"<html><body>Bad Gateway</body></html>", {"Content-Type": "text/html; charset=utf-8"})
BUSY = Fault(503, b'{"code":"unavailable","msg":"try again"}', {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Seen:
    """A request as it came in: ``step`` is a Twirp method, block, blocklist, put or download."""

    step: str
    target: str
    headers: Mapping[str, str]
    fields: Mapping[str, Any]


class StrictService:
    """A service on a port of this machine, while its context lasts.

    ``faults[step]`` are met by the next requests of that step, one each. ``hold`` is called while a block is
    in flight. ``camel_case``: names of the answers' fields. ``bare_put``: what a PUT of a whole blob meets.
    ``unknown``: request lines of clients that take it for a proxy.
    """

    def __init__(
        self,
        flavour: Flavour = "github",
        *,
        discard: bool = False,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
    ) -> None:
        self._temp = None if discard else tempfile.TemporaryDirectory(prefix="artifact-service-")
        self.store = Store(flavour, Path(self._temp.name) if self._temp else None, clock)
        self.camel_case = flavour == "act"
        self.bare_put: Literal["refuse", "drop"] = "drop" if flavour == "act" else "refuse"
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.hold: Callable[[], object] = lambda: None
        self.seen: list[Seen] = []
        self.unknown: list[str] = []
        self.most_blocks_at_once = 0
        self.lock = threading.RLock()
        self._in_flight = 0
        self._blocks = 0
        self._server = ThreadingHTTPServer((host, 0), type("Bound", (_Conversation,), {"service": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://localhost:{self._server.server_address[1]}"
        self.token = make_token()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._temp:
            self._temp.cleanup()

    def steps(self) -> list[str]:
        """The steps of all requests so far."""
        return [seen.step for seen in self.seen]

    def content(self, name: str) -> bytes:
        """What is stored of an artifact."""
        return b"".join(next(a for a in self.store.artifacts if a.name == name).blob.pieces())

    @contextlib.contextmanager
    def block_in_flight(self) -> Iterator[Path | None]:
        """Counts a block while it is received; a file for its content."""
        with self.lock:
            self._in_flight += 1
            self._blocks += 1
            self.most_blocks_at_once = max(self.most_blocks_at_once, self._in_flight)
            path = Path(self._temp.name, f"block-{self._blocks}") if self._temp else None
        try:
            yield path
        finally:
            with self.lock:
                self._in_flight -= 1


class _Conversation(BaseHTTPRequestHandler):
    """One connection."""

    service: StrictService
    protocol_version = "HTTP/1.1"
    # Header and body leave in two writes; waiting for the client's word between them costs 40 ms.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Nothing."""

    def do_POST(self) -> None:
        body = b"".join(self._body())
        self._serve(self.path.rpartition("/")[2], lambda: self._twirp(body), _json(body))

    def do_CONNECT(self) -> None:
        self.service.unknown.append(self.requestline)
        self.close_connection = True
        self.send_error(405)

    def do_PUT(self) -> None:
        step = (
            "blocklist" if "comp=blocklist" in self.path else "block" if "comp=block" in self.path else "put"
        )
        # A block that is to meet a fault before it is carried out is not even read.
        self._serve(step, getattr(self, f"_{step}"), {})

    def do_GET(self) -> None:
        self._serve("download", self._download, {})

    def _serve(self, step: str, act: Callable[[], None], fields: Mapping[str, Any]) -> None:
        with self.service.lock:
            self.service.seen.append(Seen(step, self.path, dict(self.headers), fields))
            waiting = self.service.faults[step]
            fault = waiting.popleft() if waiting else None
        self._silent = fault is not None and fault.acts
        try:
            if fault is None or fault.acts:
                act()
        except No as no:
            self._refuse(no)
        if fault is not None:
            self._silent = False
            self._break(fault)

    def _break(self, fault: Fault) -> None:
        if fault.cut:
            status = b"201 Created" if self.command == "PUT" else b"200 OK"
            self.wfile.write(b"HTTP/1.1 %s\r\nContent-Length: 100\r\n\r\nabc" % status)
        if not fault.status:
            # To linger for no time means to reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if not fault.acts and self.command == "PUT":
            for _ in self._body():
                pass
        self._answer(fault.status, fault.body, fault.headers)

    def _twirp(self, body: bytes) -> None:
        service = self.service
        try:
            fields = json.loads(body)
        except ValueError:
            raise No(400, "malformed", "the json request could not be decoded") from None
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with service.lock:
            answer = service.store.call(self.path.rpartition("/")[2], fields, token, service.url)
        self._json(200, _renamed(answer) if service.camel_case else answer)

    def _block(self) -> None:
        service = self.service
        artifact, own = service.store.at(self.path, "c")
        with service.block_in_flight() as path:
            size = self._receive(path)
            service.hold()
        with service.lock:
            service.store.put_block(artifact.blob, own["blockid"], size, path)
        self._answer(201)

    def _blocklist(self) -> None:
        artifact, _ = self.service.store.at(self.path, "c")
        document = b"".join(self._body())
        with self.service.lock:
            content_type = self.headers.get("x-ms-blob-content-type", "")
            self.service.store.commit(artifact.blob, document, content_type)
        self._answer(201)

    def _put(self) -> None:
        for _ in self._body():
            pass
        self._answer(BARE_PUT[self.service.bare_put])

    def _download(self) -> None:
        artifact, _ = self.service.store.at(self.path, "r")
        self.send_response(200)
        self.send_header("Content-Type", artifact.blob.content_type)
        self.send_header("Content-Length", str(artifact.blob.size))
        self.send_header("Content-Disposition", f'attachment; filename="{artifact.name}.zip"')
        self.end_headers()
        for piece in artifact.blob.pieces():
            self.wfile.write(piece)

    def _receive(self, path: Path | None) -> int:
        """Store the body in a file, or nowhere; its size."""
        size = 0
        with path.open("wb") if path else contextlib.nullcontext() as file:
            for piece in self._body():
                size += len(piece)
                if file:
                    file.write(piece)
        return size

    def _body(self) -> Iterator[bytes]:
        rest = int(self.headers.get("Content-Length") or 0)
        while rest and (piece := self.rfile.read(min(PIECE, rest))):
            rest -= len(piece)
            yield piece
        if rest:
            raise ConnectionError("the client went away")

    def _refuse(self, no: No) -> None:
        if self.command == "POST" and no.code:
            self._json(no.status, {"code": no.code, "msg": no.words})
            return
        # The body may be unread.
        self.close_connection = True
        self._answer(no.status, b"", {"x-ms-error-code": no.code, "Connection": "close"} if no.code else {})

    def _json(self, status: int, answer: Mapping[str, Any]) -> None:
        self._answer(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        if self._silent:
            return
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        """Clients of tests go away in the middle; that is no error of the service."""
        with contextlib.suppress(ConnectionError, ValueError):
            super().handle()

    def finish(self) -> None:
        """As the base does, on a connection that may be closed."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()


def _json(body: bytes) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError):
        return dict(json.loads(body))
    return {}


def _renamed(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {camel(name): _renamed(value) for name, value in answer.items()}
    return [_renamed(item) for item in answer] if isinstance(answer, list) else answer


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--discard", action="store_true", help="throw contents away")
    parser.add_argument("--flavour", choices=["github", "act"], default="github")
    given = parser.parse_args()
    with StrictService(given.flavour, discard=given.discard) as service:
        sys.stdout.write(json.dumps({"url": service.url, "token": service.token}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
