"""How OpenRouter's errors are read, in the status and within an answer.

Source: https://openrouter.ai/docs/errors and https://openrouter.ai/docs/use-cases/limits.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from acp_action.errors import AccountClosed, FatalError, PolicyRefusal, RateLimited, TransientError
from acp_action.providers.openrouter.messages import fault_of
from acp_action.providers.wire.faults import Rules, limited
from acp_action.providers.wire.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.errors import ProviderError
    from acp_action.providers.account import Account
    from acp_action.providers.openrouter.messages import Fault
    from acp_action.providers.wire.answer import Answer

_IN_FLIGHT: Final = "openrouter_in_flight_budget"
_PASSING: Final = frozenset({408, 500, 502, 503, 504, 524, 529})


class OpenRouterRules(Rules):
    """403 is a refusal of the content where it gives reasons; budgets are no empty account."""

    def __init__(self, account: Account, *, wall: Callable[[], float] = time.time) -> None:
        """``wall``: seconds since the epoch."""
        self._account = account
        self._wall = wall

    def explain(self, answer: Answer) -> ProviderError | None:
        """PolicyRefusal for input that was flagged, and budgets; the rest is the common table's."""
        fault = fault_of(answer.tree)
        if fault is None:
            return None
        if answer.status == 403 and fault.reasons:
            return _refusal(fault)
        text = f"openrouter: HTTP {answer.status}: {fault.message}"
        if answer.status == 402 and fault.limit == _IN_FLIGHT:
            # What runs at this moment might cost more than is left; it is over when that has ended.
            return RateLimited(text, retry_after=retry_after(answer, self._wall()), kind="concurrency")
        if answer.status == 403 and fault.limit:
            return AccountClosed(f"{text}; raise the budget of the key at openrouter", why="credit")
        return None


def error_within(
    fault: Fault, answer: Answer, account: Account, *, wall: Callable[[], float] = time.time
) -> ProviderError:
    """What an error within an answer of 200 means, which came before anything was billed."""
    text = f"openrouter: error {fault.code or 'without a code'} in the answer: {fault.message}"
    wait = retry_after(answer, wall())
    if fault.code == 429:
        return limited(text, answer, wall())
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
