"""Which providers there are, and that none is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial

import pytest

from acp_action.catalogue.models import catalogue
from acp_action.providers.account import Account
from acp_action.providers.accounts import read_accounts
from acp_action.providers.keys import account_of
from acp_action.providers.registry import KEY_VARIABLES, REGISTRY, adapters


def test_every_provider_of_the_catalogue_is_known() -> None:
    """A model whose provider nobody knows could never be explained to its user."""
    assert {model.provider for model in catalogue().models()} <= set(REGISTRY)


def test_adapters_are_made_by_name() -> None:
    """An adapter carries the name it is found under."""
    found = adapters(read_accounts({}))
    assert [name for name, adapter in found.items() if adapter.name != name] == []
    assert len(found) == len(REGISTRY)


def test_a_name_that_is_none_is_not_found() -> None:
    """As in any mapping; nothing is imported for it."""
    found = adapters()
    assert "nobody" not in found
    assert found.get("nobody") is None


def test_an_adapter_works_with_its_account_and_the_embedded_one_with_none() -> None:
    """The account that was handed in; without one an account that has no key."""
    account = Account("fal", key="kid:ksecret-for-tests")
    assert account_of(adapters({"fal": account})["fal"]) is account
    assert account_of(adapters()["fal"]) == Account("fal", variable="FAL_KEY", action_input="fal-key")
    assert account_of(adapters()["local"]) is None


def test_an_adapter_is_made_once_for_all_threads() -> None:
    """Its connections and what it has learnt are shared."""
    found, made, gate = adapters(), set[int](), threading.Barrier(8)

    def ask() -> None:
        gate.wait()
        made.add(id(found["local"]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_connections_are_closed_when_the_last_one_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends takes none from another one with the same accounts, and the last leaves none behind."""
    found, closed = adapters(), list[str]()
    for name in ("fal", "openai"):
        monkeypatch.setattr(found[name], "close", partial(closed.append, name))
    with found.lent() as lent:
        with found.lent():
            assert lent["local"].name == "local"
        assert closed == []
    assert sorted(closed) == ["fal", "openai"]


def test_connections_are_closed_also_after_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """However a run ends."""
    found, closed = adapters(), list[str]()
    monkeypatch.setattr(found["fal"], "close", partial(closed.append, "fal"))
    with pytest.raises(ZeroDivisionError), found.lent():
        raise ZeroDivisionError
    assert closed == ["fal"]


def test_no_two_providers_share_a_variable_or_an_input() -> None:
    """One provider's key never opens another."""
    urls = [variable for entry in REGISTRY.values() for _, variable in entry.urls]
    inputs = [entry.action_input for entry in REGISTRY.values() if entry.keys]
    for names in (KEY_VARIABLES, urls, inputs):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("heavy", ["requests", "tenacity", "acp_action.providers.fal"])
def test_a_run_with_the_embedded_provider_imports_no_network(heavy: str) -> None:
    """Accounts are read and the provider is made without what only calls over a network need."""
    code = (
        "import sys; from acp_action.api.accounts import open_accounts; "
        "p = open_accounts({'FAL_KEY': 'kid:ksecret-for-tests'}); p['local']; 'fal' in p; "
        f"print({heavy!r} in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
