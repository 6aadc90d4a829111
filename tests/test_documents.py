"""docs/providers.md: the table of keys and addresses is the registry's."""

from __future__ import annotations

import re
from pathlib import Path

from acp_action.providers.accounts import ALLOW_HTTP, ALLOW_PRIVATE_MEDIA
from acp_action.providers.registry import REGISTRY

DOCUMENT = (Path(__file__).resolve().parent.parent / "docs/providers.md").read_text("utf-8")


def test_the_table_of_keys_and_addresses_is_true() -> None:
    """Every provider that takes a key, with its variables, its input and what changes its addresses."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| `([a-z-]+)` \| (.*?) \|$", DOCUMENT, re.MULTILINE)
    told = [
        (name, tuple(re.findall(r"`(\w+)`", keys)), given, tuple(re.findall(r"`(ACP_\w+)`", urls)))
        for name, keys, given, urls in rows
    ]
    assert told == [
        (e.name, tuple(v for way in e.keys for v in way), e.action_input, tuple(v for _, v in e.urls))
        for e in REGISTRY.values()
        if e.keys
    ]


def test_switches_are_told() -> None:
    """Each by its name."""
    assert [name for name in (ALLOW_HTTP, ALLOW_PRIVATE_MEDIA) if f"`{name}=1`" not in DOCUMENT] == []
