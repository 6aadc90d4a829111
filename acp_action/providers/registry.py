"""Which providers there are, where their adapters live, and what each needs; imported on first use."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from acp_action.errors import MissingKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acp_action.providers.base import Provider

LOCAL: Final = "local"
# A message names at most this many steps of one provider.
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a provider before its adapter is imported.

    ``adapter``: ``module:class``, None while this version has none. ``variable``: the environment variable
    its key is read from, and ``action_input`` the input of the GitHub action; empty when it needs no key.
    """

    name: str
    adapter: str | None = None
    variable: str = ""
    action_input: str = ""


_ENTRIES: Final = (
    Entry(LOCAL, "acp_action.providers.local:LocalProvider"),
    Entry("fal", None, "FAL_KEY", "fal-key"),
    Entry("gemini", None, "GEMINI_API_KEY", "gemini-api-key"),
    Entry("elevenlabs", None, "ELEVENLABS_API_KEY", "elevenlabs-api-key"),
    Entry("openrouter", None, "OPENROUTER_API_KEY", "openrouter-api-key"),
    Entry("replicate", None, "REPLICATE_API_TOKEN", "replicate-api-token"),
    Entry("openai", None, "OPENAI_API_KEY", "openai-api-key"),
)
REGISTRY: Final[Mapping[str, Entry]] = {entry.name: entry for entry in _ENTRIES}


def adapters(names: Iterable[str] | None = None) -> dict[str, Provider]:
    """The providers that can carry out steps here, by name; of ``names`` only, when given."""
    wanted = REGISTRY if names is None else set(names)
    return {entry.name: _load(entry.adapter) for entry in _ENTRIES if entry.adapter and entry.name in wanted}


def _load(adapter: str) -> Provider:
    module, _, name = adapter.partition(":")
    provider: Provider = getattr(import_module(module), name)()
    return provider


def require_providers(needed: Mapping[str, Sequence[str]], available: Iterable[str]) -> None:
    """Raise one MissingKeyError for every provider that is needed and not available.

    ``needed``: provider name to the names of the steps that use it.
    """
    usable = set(available)
    missing = [_complaint(name, steps) for name, steps in needed.items() if name not in usable]
    if missing:
        preview = f"to try it without keys or cost: --provider {LOCAL}, or provider: {LOCAL} in settings"
        raise MissingKeyError("\n".join([*missing, preview]))


def _complaint(name: str, steps: Sequence[str]) -> str:
    more = f" and {len(steps) - _SHOWN} more" if len(steps) > _SHOWN else ""
    users = f"{', '.join(steps[:_SHOWN])}{more}"
    entry = REGISTRY.get(name)
    if entry is None or not entry.variable:
        return f"{users}: provider '{name}' is not available here"
    key = f"when it is, its key goes into {entry.variable}, or the action input '{entry.action_input}'"
    return f"{users}: provider '{name}' is not part of this version of acp-action yet ({key})"
