"""The thread in which a simulator's addresses are served."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING

from tests.simulators.wire import Call, Connection, Reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine, Mapping

_BACKLOG = 1024


class Listening:
    """Sockets that hand what arrives to ``serve``, one call at a time, all in a thread of their own.

    ``ports``: the port of each role, 0 for any free one; afterwards the real ones.
    """

    def __init__(
        self, serve: Callable[[Call], Reply], host: str, ports: Mapping[str, int], tls: ssl.SSLContext | None
    ) -> None:
        self.ports = dict(ports)
        self._serve = serve
        self._host = host
        self._tls = tls
        self._connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)

    def start(self) -> None:
        """Listen; the addresses can be called when this returns."""
        self._thread.start()
        self._run(self._open())

    def stop(self) -> None:
        """Close every socket and end the thread."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def shut(self) -> None:
        """Refuse connections until ``reopen``; those that exist are closed."""
        self._run(self._close())

    def reopen(self) -> None:
        """Listen again, at the same ports."""
        self._run(self._open())

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _open(self) -> None:
        for role, port in self.ports.items():
            make = partial(Connection, role, self._serve, self._connections)
            server = await self._loop.create_server(
                make, self._host, port, backlog=_BACKLOG, ssl=self._tls, reuse_address=True
            )
            self._servers.append(server)
            self.ports[role] = server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        # First accept nothing more: a server that is closed cannot take in what it is just accepting.
        for server in self._servers:
            for sock in server.sockets:
                self._loop.remove_reader(sock.fileno())
        await _turns()
        for server in self._servers:
            server.close()
        self._servers.clear()
        # Connections that have not shaken hands.
        half = asyncio.all_tasks() - {asyncio.current_task()}
        for task in half:
            task.cancel()
        await asyncio.gather(*half, return_exceptions=True)
        while self._connections:
            for connection in list(self._connections):
                connection.hang_up()
            await asyncio.sleep(0)
        await _turns()


async def _turns() -> None:
    """Let the loop do what it has scheduled, and what that schedules."""
    for _ in range(5):
        await asyncio.sleep(0)
