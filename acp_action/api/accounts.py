"""The providers with the keys and addresses of the trusted side: of arguments, else of the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from acp_action.errors import UsageError, did_you_mean
from acp_action.providers.accounts import key_fault, read_accounts, secret_values
from acp_action.providers.registry import REGISTRY, adapters
from acp_action.redaction import SECRETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.providers.registry import Adapters


def open_accounts(
    environ: Mapping[str, str] | None = None, keys: Mapping[str, str] | None = None
) -> Adapters:
    """The providers by name, each with its account; the keys are hidden from now on wherever text leaves.

    ``environ``: variables by name (default: the process environment). ``keys``: provider names to keys, which
    win over the environment. Raises UsageError for every key in ``keys`` that cannot be one; what is wrong
    with the environment is told when a plan needs it.
    """
    values = {**(os.environ if environ is None else environ), **_as_variables(keys or {})}
    for secret in secret_values(values):
        SECRETS.add(secret)
    return adapters(read_accounts(values))


def _as_variables(keys: Mapping[str, str]) -> dict[str, str]:
    complaints = [fault for name, key in keys.items() if (fault := _fault(name, key))]
    if complaints:
        raise UsageError("\n".join(complaints))
    return {REGISTRY[name].variable: key for name, key in keys.items()}


def _fault(name: str, key: object) -> str:
    takers = [entry.name for entry in REGISTRY.values() if entry.keys]
    if name not in takers:
        near = did_you_mean(str(name), takers) or f"give one of {', '.join(takers)}"
        return f"keys: there is no provider {name!r} that takes a key; {near}"
    if not isinstance(key, str):
        return f"keys[{name!r}] is of type {type(key).__name__}; give the key as a text"
    fault = key_fault(key)
    return f"keys[{name!r}]: {fault}" if fault else ""
