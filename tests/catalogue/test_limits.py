"""What is assumed of providers' limits when a pipeline is simulated."""

from __future__ import annotations

from acp_action.catalogue.limits import USUAL, usual_limits
from acp_action.providers.registry import REGISTRY


def test_every_provider_has_a_line_that_says_where_it_is_from() -> None:
    """A figure without a source would be taken for a fact."""
    assert set(USUAL) == set(REGISTRY)
    assert [name for name, limits in USUAL.items() if not limits.source] == []


def test_of_an_unknown_provider_nothing_is_assumed() -> None:
    """No limit, and the words that say so."""
    limits = usual_limits("nobody")
    assert (limits.concurrency, limits.requests) == (None, None)
    assert "none is assumed" in limits.source
