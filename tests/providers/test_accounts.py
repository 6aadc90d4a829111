"""From variables to accounts: every way to give a key, every address, and complaints that hold no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.providers.accounts import key_fault, read_accounts, secret_values
from acp_action.providers.registry import REGISTRY

KEY = "kid:ksecret-for-tests"
WAYS = [(entry.name, way) for entry in REGISTRY.values() for way in entry.keys]
URLS = [(entry.name, role, variable) for entry in REGISTRY.values() for role, variable in entry.urls]


def faults(provider: str = "fal", **values: str) -> list[str]:
    """What is wrong with a provider's account."""
    return list(read_accounts(values)[provider].faults)


@pytest.mark.parametrize(("provider", "way"), WAYS)
def test_each_way_gives_the_key(provider: str, way: tuple[str, ...]) -> None:
    """Each variable, or pair of variables joined by a colon; messages name what it came from."""
    account = read_accounts({name: f"key-for-tests-{n}" for n, name in enumerate(way)})[provider]
    assert account.key == ":".join(f"key-for-tests-{n}" for n in range(len(way)))
    assert (account.variable, account.faults) == (" and ".join(way), ())


def test_the_first_way_wins() -> None:
    """The provider's usual variable, when others are set too."""
    account = read_accounts({"GOOGLE_API_KEY": "google-for-tests", "GEMINI_API_KEY": "gemini-for-tests"})
    assert account["gemini"].key == "gemini-for-tests"


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_variable_is_none(empty: str) -> None:
    """A secret that a workflow does not get comes out empty; the next way is tried, nothing is faulty."""
    account = read_accounts({"FAL_KEY": empty})["fal"]
    assert (account.key, account.faults) == ("", ())
    assert read_accounts({"GEMINI_API_KEY": empty, "GOOGLE_API_KEY": KEY})["gemini"].key == KEY


def test_half_a_key_is_told() -> None:
    """Of a pair both are needed."""
    assert faults(FAL_KEY_ID="kid-for-tests") == [
        "FAL_KEY_ID is set, but FAL_KEY_SECRET is not; a key needs both"
    ]


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        (f" {KEY}", "white space or quotes stand around"),
        (f"{KEY}\n", "white space or quotes stand around"),
        (f'"{KEY}"', "white space or quotes stand around"),
        ("short", "fewer than 8 characters, too few to be hidden in logs"),
        ("two words-for-tests", "holds white space or letters that no key has"),
        ("schlüssel-for-tests", "holds white space or letters that no key has"),
        ("first-line\nsecond", "holds white space or letters that no key has"),
    ],
)
def test_a_key_that_is_none_is_told_and_not_shown(key: str, fault: str) -> None:
    """The complaint names the variable and what to do; the key is in no complaint."""
    (told,) = faults(FAL_KEY=key)
    assert told.startswith("FAL_KEY: ")
    assert fault in told
    assert key.strip() not in told


@given(st.text(max_size=40))
def test_what_is_taken_for_a_key_can_be_sent_and_hidden(key: str) -> None:
    """A key without a fault is printable ASCII without white space, and long enough to be found."""
    if not key_fault(key):
        assert key.isascii()
        assert key.isprintable()
        assert key.split() == [key]
        assert len(key) >= 8


@pytest.mark.parametrize(("provider", "role", "variable"), URLS)
def test_each_address_can_be_changed(provider: str, role: str, variable: str) -> None:
    """For gateways and tests; a slash at the end makes no difference, and no other provider is touched."""
    accounts = read_accounts({variable: "https://gateway.example/v1/"})
    assert accounts[provider].urls == {role: "https://gateway.example/v1"}
    assert [name for name, account in accounts.items() if account.urls] == [provider]
    assert accounts[provider].faults == ()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://localhost/x",
        "http://[::1]:1/",
        "http://127.9.9.9",
        "https://a.example",
    ],
)
def test_addresses_of_this_machine_may_be_plain(url: str) -> None:
    """What does not leave the machine needs no TLS."""
    assert faults(ACP_FAL_BASE_URL=url) == []


@pytest.mark.parametrize("url", ["http://10.0.0.1", "http://gateway.example", "http://localhost.example"])
def test_plain_http_beyond_this_machine_needs_leave(url: str) -> None:
    """The key would travel readable; ACP_ALLOW_HTTP=1 says that this is wanted."""
    assert faults(ACP_FAL_BASE_URL=url) == [
        f"ACP_FAL_BASE_URL: '{url}' would send the key in plain text; write https, or set ACP_ALLOW_HTTP=1"
    ]
    assert faults(ACP_FAL_BASE_URL=url, ACP_ALLOW_HTTP="1") == []


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("gateway.example", "this is no address"),
        ("ftp://gateway.example", "this is no address"),
        ("https://", "this is no address"),
        ("https://a b.example", "this is no address"),
        ("https://a.example:70000", "this is no address"),
        ("https://[::1", "this is no address"),
        ("https://bücher.example", "this is no address"),
        ("https://a.example:0", "port 0"),
        ("https://user:pass-for-tests@a.example", "user name or a password"),
        ("https://a.example/v1?key=key-for-tests", "query or a fragment"),
        ("https://a.example/#", "query or a fragment"),
    ],
)
def test_what_is_no_address_is_told(url: str, fault: str) -> None:
    """With its variable, and without what may be secret in it."""
    (told,) = faults(ACP_FAL_BASE_URL=url)
    assert told.startswith("ACP_FAL_BASE_URL: ")
    assert fault in told
    assert "for-tests" not in told


@given(st.text(max_size=60))
def test_no_address_breaks_the_reader(text: str) -> None:
    """Any text is an address or a complaint."""
    account = read_accounts({"ACP_FAL_BASE_URL": text})["fal"]
    assert isinstance(account.faults, tuple)
    assert not account.urls.get("api", "").endswith("/")


@pytest.mark.parametrize(
    ("written", "meant"), [("1", True), ("true", True), ("0", False), ("", False), ("False", False)]
)
def test_switches_are_read(written: str, meant: bool) -> None:
    """For plain http and for media from private addresses, for every provider."""
    accounts = read_accounts({"ACP_ALLOW_HTTP": written, "ACP_ALLOW_PRIVATE_MEDIA": written})
    assert {(a.plain_http, a.private_media, a.faults) for a in accounts.values()} == {(meant, meant, ())}


def test_a_switch_that_says_neither_is_told() -> None:
    """Nothing is guessed."""
    assert faults(ACP_ALLOW_HTTP="maybe") == ["ACP_ALLOW_HTTP is 'maybe'; write 1 or 0"]


def test_every_complaint_of_an_account_is_told() -> None:
    """All at once, so that they can be mended at once."""
    told = faults(FAL_KEY="short", ACP_FAL_BASE_URL="x", ACP_FAL_REST_BASE_URL="y", ACP_ALLOW_HTTP="?")
    assert [line.split(":")[0].split(" ")[0] for line in told] == [
        "ACP_ALLOW_HTTP",
        "ACP_FAL_BASE_URL",
        "ACP_FAL_REST_BASE_URL",
        "FAL_KEY",
    ]


def test_all_that_is_secret_is_named() -> None:
    """Keys of every way, their halves, without the quotes around them, and passwords in addresses."""
    values = {
        "FAL_KEY": '"quoted-for-tests"',
        "FAL_KEY_SECRET": "half-for-tests",
        "GOOGLE_API_KEY": "google-for-tests\n",
        "ACP_OPENAI_BASE_URL": "https://user:pass-for-tests@a.example",
    }
    found = secret_values(values)
    assert {"quoted-for-tests", "half-for-tests", "google-for-tests", "pass-for-tests"} <= set(found)
    assert "ksecret-for-tests" in secret_values({"FAL_KEY": "kid:ksecret-for-tests"})
    assert secret_values({}) == []
