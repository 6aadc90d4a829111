"""What every test stands on: a clean environment, and no network beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from acp_action.redaction import SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Machines differ in speed, so no example has a deadline; a gate must give the same answer twice.
settings.register_profile("house", deadline=None)
settings.register_profile("gate", parent=settings.get_profile("house"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

# A run started in the background, or under nohup, hands down that signals are ignored; tests send them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)

_PREFIXES = ("PIPELINE_", "ACP_", "AICP_", "GITHUB_", "INPUT_", "RUNNER_")
_SUFFIXES = ("_API_KEY", "_API_TOKEN")
_NAMES = ("CI", "COLUMNS", "FAL_KEY", "FAL_KEY_ID", "FAL_KEY_SECRET", "FORCE_COLOR", "CLICOLOR_FORCE",
          "LINES", "NO_COLOR", "PY_COLORS", "TERMINAL_WIDTH", "TTY_COMPATIBLE",
          "TTY_INTERACTIVE")  # fmt: skip
_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees this machine's settings, keys or colour wishes, and none another one's keys."""
    for name in list(os.environ):
        if name in _NAMES or name.startswith(_PREFIXES) or name.endswith(_SUFFIXES):
            monkeypatch.delenv(name)
    yield
    SECRETS.clear()


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """No test of this process reaches another machine, by address or by name."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_getaddrinfo = socket.getaddrinfo

    def connect(self: socket.socket, address: Any, /) -> None:
        _refuse_remote(self.family, address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any, /) -> int:
        _refuse_remote(self.family, address)
        return real_connect_ex(self, address)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_remote(socket.AF_INET, (host, 0))
        return real_getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


def _refuse_remote(family: int, address: Any) -> None:
    if family not in (socket.AF_INET, socket.AF_INET6) or not _is_remote(address[0]):
        return
    pytest.fail(f"a test reached for the network: {address[0]!r}", pytrace=True)


def _is_remote(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host or ""
    if name in _LOCAL_NAMES:
        return False
    try:
        return not ipaddress.ip_address(name).is_loopback
    except ValueError:
        return True


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own folder, made the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top of the checkout."""
    return Path(__file__).resolve().parent.parent
