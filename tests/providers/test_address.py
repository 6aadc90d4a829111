"""The guard over addresses, held against a second, naive implementation, and against every spelling."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acp_action.errors import FatalError
from acp_action.providers.wire.address import (
    forbidden,
    host_of,
    media_place,
    place_of,
    require_allowed,
    shown,
)

# By hand, as (first, last) numbers: what must not be reached even where private addresses may be.
NEVER_V4 = [
    ("0.0.0.0", "0.255.255.255"),  # noqa: S104
    ("100.100.100.200", "100.100.100.200"),
    ("169.254.0.0", "169.254.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "255.255.255.255"),
]
PRIVATE_V4 = [
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.168.0.0", "192.168.255.255"),
]


def naive(text: str, *, private: bool) -> bool:
    """Whether an address may be reached, by comparing bytes."""
    if ":" not in text:
        raw = socket.inet_aton(text)
        inside = [{"never": NEVER_V4, "private": PRIVATE_V4}[name] for name in ("never", "private")]
        never, local = (
            any(socket.inet_aton(low) <= raw <= socket.inet_aton(high) for low, high in ranges)
            for ranges in inside
        )
        return not never and (private or not local)
    raw = socket.inet_pton(socket.AF_INET6, text)
    if raw[:12] == bytes(10) + b"\xff\xff":
        return naive(socket.inet_ntoa(raw[12:]), private=private)
    if raw == bytes(15) + b"\1" or raw[0] in (0xFC, 0xFD):
        return private and raw[:4] != b"\xfd\x00\x0e\xc2"
    special = (
        raw[:2] == b"\x20\x02" or raw[:4] == b"\x20\x01\x0d\xb8" or (raw[:2] == b"\x3f\xff" and raw[2] < 16)
    )
    return raw[0] >> 5 == 1 and not special and not (raw[:2] == b"\x20\x01" and raw[2] < 2)


ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from([bound for pair in NEVER_V4 + PRIVATE_V4 for bound in pair]),
    st.ip_addresses(v=4).map(lambda a: f"::ffff:{a}"),
    st.sampled_from(
        [
            "::1",
            "::",
            "fd00:ec2::254",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
            "2001:db8::1",
            "2001::1",
            "2606:4700::1111",
            "3fff::1",
        ]
    ),
    st.ip_addresses(network="2000::/3").map(str),
)


@given(text=ADDRESSES, private=st.booleans(), step=st.integers(-1, 1))
@example(text="168.63.129.16", private=True, step=0)
@example(text="fd00:ec2::254", private=True, step=0)
@example(text="169.254.169.254", private=True, step=0)
def test_i34_what_is_allowed_is_in_the_allowed_set(text: str, private: bool, step: int) -> None:
    """Two ways to say it agree on every address, and on those beside every boundary."""
    address = ipaddress.ip_address(text)
    number = min(max(int(address) + step, 0), 2**address.max_prefixlen - 1)
    address = type(address)(number)
    assert (forbidden(address, private=private) == "") == naive(str(address), private=private)


@given(text=ADDRESSES)
def test_i34_a_url_with_an_address_is_held_to_it(text: str) -> None:
    """Whatever way the guard is entered."""
    host = f"[{text}]" if ":" in text else text
    place = media_place(f"https://{host}/x", private=False)
    try:
        require_allowed(place, [place.host], private=False)
    except FatalError:
        assert not naive(text, private=False)
    else:
        assert naive(text, private=False)


@given(st.ip_addresses(v=4), st.integers(0, 3), st.lists(st.sampled_from("dxo"), min_size=4, max_size=4))
def test_s5_every_spelling_of_an_ipv4_address_is_seen_through(
    address: ipaddress.IPv4Address, merged: int, bases: list[str,]
) -> None:
    """Decimal, octal, hexadecimal, one to four numbers: as the C library reads them."""
    octets = address.packed
    numbers = [*octets[: 3 - merged], int.from_bytes(octets[3 - merged :], "big")]
    spelt = {"d": "{}", "x": "{:#x}", "o": "0{:o}"}
    text = ".".join(spelt[base].format(n) for base, n in zip(bases, numbers, strict=False))
    assert host_of(text) == str(address) == socket.inet_ntoa(socket.inet_aton(text))


@given(st.text(max_size=60) | st.text(alphabet="ht:/@[]0x.%?#a１\\\t", max_size=40).map("http://".__add__))
def test_any_text_is_a_place_or_a_fatal_error(text: str) -> None:
    """Nothing else escapes, and what is a place can be written into a request line."""
    try:
        place = place_of(text)
    except FatalError:
        return
    assert place.host.isascii()
    assert not set(place.target + place.host) & set(" \r\n\t\0\\")
    assert 0 <= place.port < 65536


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "//a/b",
        "file:///etc/passwd",
        "ftp://a/",
        "javascript:x",
        "https://",
        "https:///x",
        "https://a b/",
        "https://a\r\nHost: b/",
        "https://user@a/",
        "https://user:pw@a/",
        "https://a\\@b/",
        "https://a:99999/",
        "https://a:x/",
        "https://[::1",
        "https://[::1%25eth0]/",
        "https://[1.2.3.4]/",
        "https://1.2.3.4.5/",
        "https://256.256.256.256/",
        "https://a..b/",
        "https://-a/",
        f"https://{'a' * 64}/",
        f"https://a/{'x' * 20000}",
        "https://09.1/",
    ],
)
def test_s6_what_is_no_plain_address_is_refused(url: str) -> None:
    """The message shows it without its query."""
    with pytest.raises(FatalError):
        media_place(url, private=True)


@pytest.mark.parametrize(
    ("url", "private", "allowed"),
    [
        ("https://a.example/x", False, True),
        ("https://a.example:443/x", False, True),
        ("http://a.example/x", False, False),
        ("http://a.example/x", True, True),
        ("https://a.example:22/x", False, False),
        ("https://a.example:22/x", True, False),
        ("https://a.example:8443/x", False, False),
        ("http://a.example:8080/x", True, True),
    ],
)
def test_schemes_and_ports(url: str, private: bool, allowed: bool) -> None:
    """Port 443 by https; with private addresses also http, and the ports of one's own programs."""
    if allowed:
        media_place(url, private=private)
    else:
        with pytest.raises(FatalError, match="media are fetched"):
            media_place(url, private=private)


def test_http_is_for_private_addresses_only() -> None:
    """That they are allowed does not open the rest of the world to plain http."""
    place = media_place("http://a.example/x", private=True)
    assert require_allowed(place, ["10.0.0.1", "10.0.0.1"], private=True) == ("10.0.0.1",)
    with pytest.raises(FatalError, match="http is for private addresses only"):
        require_allowed(place, ["93.184.216.34"], private=True)


def test_names_are_looked_up_in_ascii() -> None:
    """Capital letters, a last dot, umlauts and full-width letters make no other host."""
    assert host_of("EXAMPLE.com.") == "example.com"
    assert host_of("bücher.example") == "xn--bcher-kva.example"
    assert host_of("ｅxample。com") == "example.com"


def test_the_query_of_a_signed_address_is_sent_as_it_is() -> None:
    """A signature covers every character; only what no request line may hold is encoded."""
    query = "X-Amz-Signature=a%2Fb+c&se=2026-01-01T00:00:00Z&sig=x==&n=[1]"
    assert place_of(f"https://a.example/p%20q/ü?{query}#part").target == f"/p%20q/%C3%BC?{query}"


def test_s26_addresses_are_shown_without_what_may_be_a_key() -> None:
    """No query, no user name."""
    assert shown("https://user:pw@a.example/x?sig=secret") == "'https://a.example/x'"
    assert place_of("https://a.example/x?sig=secret").shown == "https://a.example/x"
