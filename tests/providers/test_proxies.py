"""Which way a request takes: through the proxy that the environment names, or past it."""

from __future__ import annotations

import pytest

from acp_action.errors import FatalError
from acp_action.providers.account import Network
from acp_action.providers.wire.proxies import proxy_for

PROXY = "http://proxy.corp:3128"


def way(host: str, direct: str = "", port: int = 443, url: str = PROXY) -> str:
    """The proxy to a host by https."""
    return proxy_for(Network({"https": url}, direct), secure=True, host=host, port=port)


@pytest.mark.parametrize(
    ("host", "direct", "through"),
    [
        ("api.example", "", True),
        ("api.example", "*", False),
        ("api.example", "example", False),
        ("api.example", ".example", False),
        ("api.example", "*.example", False),
        ("api.example", "other, API.example ,", False),
        ("myapi.example", "api.example", True),
        ("api.example", "api.example:443", False),
        ("api.example", "api.example:8443", True),
        ("10.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", False),
        ("10.1.2.3", "192.168.0.0/16", True),
        ("fd00::1", "[fd00::1]", False),
        ("localhost", "", False),
        ("127.0.0.1", "", False),
        ("::1", "", False),
    ],
)
def test_no_proxy_names_hosts_ends_and_networks(host: str, direct: str, through: bool) -> None:
    """As curl and others read it; this machine never is reached through a proxy."""
    assert way(host, direct) == (PROXY if through else "")


def test_the_way_depends_on_the_scheme() -> None:
    """A proxy for https is none for http."""
    assert proxy_for(Network({"https": PROXY}), secure=False, host="a.example", port=80) == ""


@pytest.mark.parametrize("url", ["socks5://me:pw-secret@proxy.corp:1080", "http://:x", "https://proxy.corp"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    """With what to correct."""
    with pytest.raises(FatalError, match="HTTPS_PROXY") as error:
        way("api.example", url=url)
    assert "pw-secret" not in str(error.value)


def test_the_network_is_what_the_variables_say() -> None:
    """Lower case goes before upper case; the first bundle that is named counts."""
    told = Network.told_by(
        {
            "https_proxy": "http://lower:1",
            "HTTPS_PROXY": "http://upper:1",
            "ALL_PROXY": "http://all:1",
            "NO_PROXY": ".corp",
            "SSL_CERT_FILE": "/b.pem",
            "REQUESTS_CA_BUNDLE": "/a.pem",
            "NETRC": "x",
        }
    )
    assert told == Network({"http": "http://all:1", "https": "http://lower:1"}, ".corp", "/a.pem")
    assert Network.told_by({}) == Network()
    assert "upper" not in repr(told)
