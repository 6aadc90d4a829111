"""The guards that every test relies on do guard."""

from __future__ import annotations

import os
import socket

import pytest

_REMOTE = "192.0.2.1"  # reserved for documentation, never routed


@pytest.mark.parametrize("host", [_REMOTE, "example.invalid"])
def test_remote_machine_is_refused(host: str) -> None:
    """A test that reaches for another machine fails, whether by address or by name."""
    with pytest.raises(pytest.fail.Exception, match="reached for the network"):
        socket.create_connection((host, 80), timeout=0.01)


def test_connect_without_lookup_is_refused() -> None:
    """The guard stands at the socket itself too, for both ways of connecting."""
    with socket.socket() as bare:
        bare.setblocking(False)
        with pytest.raises(pytest.fail.Exception):
            bare.connect((_REMOTE, 80))
        with pytest.raises(pytest.fail.Exception):
            bare.connect_ex((_REMOTE, 80))


def test_this_machine_is_allowed() -> None:
    """Servers of the tests' own stay reachable."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_environment_is_clean() -> None:
    """Neither settings nor keys of the machine reach a test."""
    leaked = [n for n in os.environ if n.startswith(("PIPELINE_", "GITHUB_")) or n.endswith("_API_KEY")]
    assert leaked == []
