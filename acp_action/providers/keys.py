"""Keys before money: what the steps of a plan need of their providers' accounts, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from acp_action.errors import MissingKeyError, UsageError
from acp_action.providers.registry import LOCAL, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.providers.account import Account
    from acp_action.providers.base import Provider

# A message names at most this many steps of one provider.
_SHOWN: Final = 3
_PREVIEW: Final = f"to try it without keys or cost: --provider {LOCAL}, or provider: {LOCAL} in settings"


class KeyNeed(NamedTuple):
    """A key that a plan needs.

    ``steps``: names of those who need it. ``variable``: what it was read from, or the usual one. ``ways``:
    all variables it may be given in, for messages. ``state``: ``faulty`` when there is a key, and something
    about the account is wrong, as ``faults`` says.
    """

    provider: str
    steps: tuple[str, ...]
    variable: str
    ways: str
    action_input: str
    state: Literal["given", "missing", "faulty"]
    faults: tuple[str, ...] = ()


def key_needs(needed: Mapping[str, Sequence[str]], providers: Mapping[str, Provider]) -> tuple[KeyNeed, ...]:
    """The keys that these providers need, in their order; those that need none are left out.

    ``needed``: provider name to the names of the steps that use it.
    """
    found = ((name, steps, account_of(providers.get(name))) for name, steps in needed.items())
    return tuple(_need(account, steps) for _, steps, account in found if account is not None)


def account_of(provider: Provider | None) -> Account | None:
    """The account that a provider works with; None for one that needs none."""
    account: Account | None = getattr(provider, "account", None)
    return account


def _need(account: Account, steps: Sequence[str]) -> KeyNeed:
    entry = REGISTRY[account.provider]
    given: Literal["given", "faulty"] = "faulty" if account.faults else "given"
    return KeyNeed(
        account.provider,
        tuple(steps),
        account.variable,
        entry.ways,
        entry.action_input,
        given if account.key else "missing",
        account.faults,
    )


def require_providers(needed: Mapping[str, Sequence[str]], providers: Mapping[str, Provider]) -> None:
    """Raise for every provider that is needed and cannot be called, all in one message.

    ``needed``: provider name to the names of the steps that use it. MissingKeyError when a key or a provider
    is missing, UsageError when there is only something wrong with what was given.
    """
    missing = [
        f"{_named(steps)}: provider '{name}' is not available here"
        for name, steps in needed.items()
        if name not in providers
    ]
    needs = key_needs(needed, providers)
    missing += [_complaint(need) for need in needs if need.state == "missing"]
    # A variable that several providers share is complained of once.
    faults = list(dict.fromkeys(fault for need in needs for fault in need.faults))
    if missing:
        raise MissingKeyError("\n".join([*missing, *faults, _PREVIEW]))
    if faults:
        raise UsageError("\n".join(faults))


def _complaint(need: KeyNeed) -> str:
    give = f"set {need.ways}, or give the action input '{need.action_input}'"
    return f"{_named(need.steps)}: provider '{need.provider}' has no key; {give}"


def _named(steps: Sequence[str]) -> str:
    more = f" and {len(steps) - _SHOWN} more" if len(steps) > _SHOWN else ""
    return f"{', '.join(steps[:_SHOWN])}{more}"
