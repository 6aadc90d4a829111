"""Which providers there are, where their adapters live, and what each needs; imported on first use."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from acp_action.providers.account import Account
    from acp_action.providers.base import Provider

LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a provider before its adapter is imported.

    ``adapter``: ``module:class``. ``keys``: the ways to give its key, the first that is set counts; a way of
    several variables is joined by a colon; none when it needs no key. ``action_input``: the input of the
    GitHub action. ``urls``: roles of its base addresses, each with the variable that changes it.
    """

    name: str
    adapter: str
    keys: tuple[tuple[str, ...], ...] = ()
    action_input: str = ""
    urls: tuple[tuple[str, str], ...] = ()

    @property
    def variable(self) -> str:
        """The variable that its key is usually given in; empty when it needs none."""
        return self.keys[0][0] if self.keys else ""

    @property
    def ways(self) -> str:
        """All variables a key may be given in, for messages."""
        return ", or ".join(" and ".join(way) for way in self.keys)


_ENTRIES: Final = (
    Entry(LOCAL, "acp_action.providers.local:LocalProvider"),
    Entry(
        "fal",
        "acp_action.providers.fal:FalProvider",
        (("FAL_KEY",), ("FAL_KEY_ID", "FAL_KEY_SECRET")),
        "fal-key",
        (("api", "ACP_FAL_BASE_URL"), ("rest", "ACP_FAL_REST_BASE_URL")),
    ),
    Entry(
        "gemini",
        "acp_action.providers.gemini:GeminiProvider",
        (("GEMINI_API_KEY",), ("GOOGLE_API_KEY",)),
        "gemini-api-key",
        (("api", "ACP_GEMINI_BASE_URL"),),
    ),
    Entry(
        "elevenlabs",
        "acp_action.providers.elevenlabs:ElevenLabsProvider",
        (("ELEVENLABS_API_KEY",),),
        "elevenlabs-api-key",
        (("api", "ACP_ELEVENLABS_BASE_URL"),),
    ),
    Entry(
        "openrouter",
        "acp_action.providers.openrouter:OpenRouterProvider",
        (("OPENROUTER_API_KEY",),),
        "openrouter-api-key",
        (("api", "ACP_OPENROUTER_BASE_URL"),),
    ),
    Entry(
        "replicate",
        "acp_action.providers.replicate:ReplicateProvider",
        (("REPLICATE_API_TOKEN",),),
        "replicate-api-token",
        (("api", "ACP_REPLICATE_BASE_URL"),),
    ),
    Entry(
        "openai",
        "acp_action.providers.openai:OpenAIProvider",
        (("OPENAI_API_KEY",),),
        "openai-api-key",
        (("api", "ACP_OPENAI_BASE_URL"),),
    ),
)
REGISTRY: Final[Mapping[str, Entry]] = {entry.name: entry for entry in _ENTRIES}
KEY_VARIABLES: Final = tuple(name for entry in _ENTRIES for way in entry.keys for name in way)
"""Every variable that holds a key or a part of one."""


class Adapters(Mapping[str, "Provider"]):
    """The providers by name; each is imported and made when it is first asked for, once, by any thread."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts
        self._made: dict[str, Provider] = {}
        self._lock = threading.Lock()
        self._lent = 0

    def __getitem__(self, name: str) -> Provider:
        entry = REGISTRY[name]
        with self._lock:
            if name not in self._made:
                self._made[name] = _load(entry, self._accounts)
            return self._made[name]

    @contextmanager
    def lent(self) -> Iterator[Self]:
        """While anybody holds this, connections are kept open for the next request; then all are closed."""
        with self._lock:
            self._lent += 1
        try:
            yield self
        finally:
            with self._lock:
                self._lent -= 1
                if not self._lent:
                    _close(self._made.values())

    def __contains__(self, name: object) -> bool:
        return name in REGISTRY

    def __iter__(self) -> Iterator[str]:
        return iter(REGISTRY)

    def __len__(self) -> int:
        return len(REGISTRY)


def adapters(accounts: Mapping[str, Account] | None = None) -> Adapters:
    """The providers that can carry out steps here, by name.

    ``accounts``: by provider, as ``read_accounts`` gives them; a provider without one has no key: it checks
    and plans, but cannot run.
    """
    return Adapters(accounts or {})


def _close(made: Iterable[Provider]) -> None:
    for provider in made:
        close = getattr(provider, "close", None)
        if close is not None:
            close()


def _load(entry: Entry, accounts: Mapping[str, Account]) -> Provider:
    module, _, name = entry.adapter.partition(":")
    make = getattr(import_module(module), name)
    provider: Provider = make(accounts.get(entry.name) or bare_account(entry)) if entry.keys else make()
    return provider


def bare_account(entry: Entry) -> Account:
    """An account without a key, at the provider's own addresses."""
    from acp_action.providers.account import Account

    return Account(entry.name, variable=entry.variable, action_input=entry.action_input)
