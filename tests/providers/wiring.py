"""What the tests of the network stand on: tokens whose waits pass at once, trails that remember, wires."""

from __future__ import annotations

import random
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trustme

from acp_action.engine.cancel import CancelToken
from acp_action.providers.account import Account, Network
from acp_action.providers.base import LooseTrail
from acp_action.providers.wire.wire import Wire

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    import pytest

    from tests.providers.fault_server import FaultServer

KEY = "kid:ksecret-for-tests"
WALL = 1_760_000_000.0


class LeapingClock:
    """The machine's clock, but that waits pass at once; they are noted."""

    def __init__(self) -> None:
        self.leapt = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        """Seconds."""
        return time.monotonic() + self.leapt

    def wall(self) -> float:
        """Seconds since the epoch."""
        return WALL

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """Leap."""
        self.waits.append(seconds or 0.0)
        self.leapt += seconds or 0.0
        return event.is_set()

    def receive(self, mail: Any, seconds: float | None) -> list[Any]:
        """Nobody writes here."""
        raise NotImplementedError


def a_token(seconds: float = 20.0, clock: LeapingClock | None = None) -> CancelToken:
    """A token with a deadline, on a clock whose waits leap."""
    clock = clock or LeapingClock()
    return CancelToken(clock, clock.now() + seconds, seconds)


@dataclass
class Ledger(LooseTrail):
    """A trail that remembers its words in order."""

    words: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def intended(self, cost: float | None = None) -> None:
        """Note it."""
        self.words.append("intended")

    def withdrawn(self, reason: str) -> None:
        """Note it."""
        self.words.append("withdrawn")
        self.reasons.append(reason)


def an_account(url: str, network: Network | None = None, **changes: Any) -> Account:
    """An account at ``url``."""
    return Account("fal", KEY, {"api": url}, "FAL_KEY", "fal-key", network=network or Network(), **changes)


def kept(wire: Wire) -> list[Any]:
    """The connections that a wire keeps open for later."""
    pools = wire._link._pool._session.get_adapter("http://").poolmanager.pools  # type: ignore[attr-defined]
    lines = [line for key in pools.keys() for line in pools.get(key).pool.queue]  # noqa: SIM118 - no dict
    return [line for line in lines if line is not None and line.sock is not None]


def a_wire(server: FaultServer | str, **changes: Any) -> Wire:
    """A wire to a server, with the key."""
    url = server if isinstance(server, str) else server.url
    account = changes.pop("account", None) or an_account(url)
    options: dict[str, Any] = {"rng": random.Random(1), "wall": lambda: WALL, "grace": 0.1, **changes}
    return Wire(account, url, auth={"Authorization": f"Key {KEY}"}, **options)


def resolves(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    """Let every name stand for these addresses; the names that are asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, **options: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def with_certificate(folder: Path, *names: str, **options: Any) -> tuple[ssl.SSLContext, Network]:
    """A server's side of TLS for these names, and a client's that trusts its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return context, Network(ca_bundle=str(folder / "ca.pem"))
