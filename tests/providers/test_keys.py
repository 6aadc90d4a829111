"""Keys before money: everything that is missing or wrong is told at once."""

from __future__ import annotations

import pytest

from acp_action.errors import MissingKeyError, UsageError
from acp_action.providers.accounts import read_accounts
from acp_action.providers.keys import key_needs, require_providers
from acp_action.providers.registry import Adapters, adapters

KEY = "kid:ksecret-for-tests"


def opened(**values: str) -> Adapters:
    """The providers with the accounts of these variables."""
    return adapters(read_accounts(values))


def test_what_is_available_is_no_complaint() -> None:
    """Nothing is missing where every provider that is needed can be called; one key less, and it is."""
    needed = {"local": ["a", "b"], "fal": ["c"]}
    require_providers(needed, opened(FAL_KEY=KEY))
    with pytest.raises(MissingKeyError) as caught:
        require_providers(needed, opened())
    assert "c: provider 'fal' has no key" in str(caught.value)
    assert "local" not in str(caught.value).splitlines()[0]


def test_all_missing_keys_are_told_at_once() -> None:
    """Each with the steps that need it, its variables, its action input; then the way without any key."""
    needed = {"fal": ["a", "b", "c", "d", "e"], "gemini": ["f"], "local": ["g"], "openai": ["h"]}
    with pytest.raises(MissingKeyError) as caught:
        require_providers(needed, opened(OPENAI_API_KEY=KEY))
    fal = "set FAL_KEY, or FAL_KEY_ID and FAL_KEY_SECRET, or give the action input 'fal-key'"
    gemini = "set GEMINI_API_KEY, or GOOGLE_API_KEY, or give the action input 'gemini-api-key'"
    assert str(caught.value).splitlines() == [
        f"a, b, c and 2 more: provider 'fal' has no key; {fal}",
        f"f: provider 'gemini' has no key; {gemini}",
        "to try it without keys or cost: --provider local, or provider: local in settings",
    ]


def test_what_is_wrong_is_told_along_with_what_is_missing() -> None:
    """One message, each fault once, however many providers share it."""
    with pytest.raises(MissingKeyError) as caught:
        require_providers({"fal": ["a"], "gemini": ["b"]}, opened(FAL_KEY="short", ACP_ALLOW_HTTP="?"))
    told = str(caught.value)
    assert told.count("ACP_ALLOW_HTTP") == 1
    assert "FAL_KEY: the key has fewer" in told
    assert "b: provider 'gemini' has no key" in told


def test_what_is_only_wrong_is_no_missing_key() -> None:
    """A base address that is none stops the run as a wrong flag would."""
    with pytest.raises(UsageError, match="ACP_FAL_BASE_URL: this is no address"):
        require_providers({"fal": ["a"]}, opened(FAL_KEY=KEY, ACP_FAL_BASE_URL="gateway"))


def test_what_is_wrong_elsewhere_does_not_matter() -> None:
    """A key that no step needs may be anything; the same one is a fault where a step needs it."""
    providers = opened(FAL_KEY=KEY, OPENAI_API_KEY="x", ACP_OPENAI_BASE_URL="x")
    require_providers({"fal": ["a"]}, providers)
    with pytest.raises(UsageError) as caught:
        require_providers({"fal": ["a"], "openai": ["b"]}, providers)
    assert {"OPENAI_API_KEY", "ACP_OPENAI_BASE_URL"} <= set(str(caught.value).replace(":", " ").split())


def test_a_provider_that_nobody_knows_is_only_not_there() -> None:
    """No key is asked for where none would help."""
    with pytest.raises(MissingKeyError, match="a: provider 'nobody' is not available here"):
        require_providers({"nobody": ["a"]}, opened())


def test_needs_say_whether_they_are_met() -> None:
    """Given, missing or faulty, with the variable it was read from; the embedded provider needs none."""
    needed = {"local": ["a"], "fal": ["b"], "gemini": ["c"], "openai": ["d"]}
    found = key_needs(needed, opened(GOOGLE_API_KEY=KEY, OPENAI_API_KEY="x"))
    assert [(need.provider, need.state, need.variable) for need in found] == [
        ("fal", "missing", "FAL_KEY"),
        ("gemini", "given", "GOOGLE_API_KEY"),
        ("openai", "faulty", "OPENAI_API_KEY"),
    ]
