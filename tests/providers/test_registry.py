"""Which providers there are, and what is said when one cannot be called."""

from __future__ import annotations

import pytest

from acp_action.catalogue.models import catalogue
from acp_action.errors import MissingKeyError
from acp_action.providers.registry import REGISTRY, adapters, require_providers


def test_every_provider_of_the_catalogue_is_known() -> None:
    """A model whose provider nobody knows could never be explained to its user."""
    assert {model.provider for model in catalogue().models()} <= set(REGISTRY)


def test_adapters_are_made_by_name() -> None:
    """An adapter carries the name it is found under; names without an adapter give none."""
    assert {name: adapter.name for name, adapter in adapters().items()} == {"local": "local"}
    assert adapters(["fal"]) == {}


def test_what_is_available_is_no_complaint() -> None:
    """Nothing is missing where every provider that is needed can be called."""
    require_providers({"local": ["a", "b"]}, {"local"})
    with pytest.raises(MissingKeyError):
        require_providers({"local": ["a", "b"]}, set())


def test_all_missing_providers_are_told_at_once() -> None:
    """Each one with the steps that need it, its variable, its action input; then the way without any key."""
    needed = {"fal": ["a", "b", "c", "d", "e"], "gemini": ["f"], "local": ["g"]}
    with pytest.raises(MissingKeyError) as caught:
        require_providers(needed, {"local"})
    yet = "is not part of this version of acp-action yet (when it is, its key goes into"
    assert str(caught.value).splitlines() == [
        f"a, b, c and 2 more: provider 'fal' {yet} FAL_KEY, or the action input 'fal-key')",
        f"f: provider 'gemini' {yet} GEMINI_API_KEY, or the action input 'gemini-api-key')",
        "to try it without keys or cost: --provider local, or provider: local in settings",
    ]


def test_a_provider_without_a_key_is_only_not_there() -> None:
    """No key is asked for where none would help."""
    with pytest.raises(MissingKeyError, match="a: provider 'nobody' is not available here"):
        require_providers({"nobody": ["a"]}, {"local"})
