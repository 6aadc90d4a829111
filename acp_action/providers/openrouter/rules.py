"""How OpenRouter's errors are read, in the status and within an answer.

Source: https://openrouter.ai/docs/errors.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from acp_action.errors import AccountClosed, FatalError, PolicyRefusal, RateLimited, TransientError
from acp_action.providers.faults import Rules
from acp_action.providers.openrouter.wire import fault_of
from acp_action.providers.retry_after import announced, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.errors import ProviderError
    from acp_action.providers.account import Account
    from acp_action.providers.answer import Answer
    from acp_action.providers.openrouter.wire import Fault

_PASSING: Final = frozenset({408, 500, 502, 503, 504, 524, 529})


class OpenRouterRules(Rules):
    """403 is a refusal of the content where it says why; else it is about the key."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def explain(self, answer: Answer) -> ProviderError | None:
        """PolicyRefusal for input that was flagged; the rest is the common table's."""
        fault = fault_of(answer.tree)
        return _refusal(fault) if answer.status == 403 and fault and fault.reasons else None


def error_within(
    fault: Fault, answer: Answer, account: Account, *, wall: Callable[[], float] = time.time
) -> ProviderError:
    """What an error within an answer of 200 means, which came before anything was billed."""
    text = f"openrouter: error {fault.code or 'without a code'} in the answer: {fault.message}"
    wait = retry_after(answer, wall())
    if fault.code == 429:
        return RateLimited(text, retry_after=wait, kind="pace", announced=announced(answer.headers))
    if fault.code in _PASSING:
        return TransientError(text, retry_after=wait)
    if fault.code == 402:
        return AccountClosed(f"{text}; add credit at openrouter", why="credit")
    if fault.code == 403 and fault.reasons:
        return _refusal(fault)
    if fault.code in (401, 403):
        return AccountClosed(f"{text}; check {account.variable or 'the key of openrouter'}", why="key")
    return FatalError(text)


def _refusal(fault: Fault) -> PolicyRefusal:
    return PolicyRefusal(f"openrouter refuses this input ({', '.join(fault.reasons)}): {fault.message}")
