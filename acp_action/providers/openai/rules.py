"""How OpenAI's errors are read, where the common table does not know.

Source: https://platform.openai.com/docs/guides/error-codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acp_action.errors import AccountClosed, FatalError, PolicyRefusal
from acp_action.providers.openai.messages import OUT_OF_CREDIT, REFUSALS, code_of
from acp_action.providers.wire.faults import Rules

if TYPE_CHECKING:
    from acp_action.errors import ProviderError
    from acp_action.providers.account import Account
    from acp_action.providers.wire.answer import Answer


class OpenAIRules(Rules):
    """Refusals come as 400, an empty account as 429; ``x-should-retry: false`` overrules the status."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def explain(self, answer: Answer) -> ProviderError | None:
        """PolicyRefusal, AccountClosed, or FatalError where the service says not to ask again."""
        code = code_of(answer.tree)
        if code in REFUSALS:
            return PolicyRefusal(f"openai refuses this prompt or picture: {answer.said}")
        if code in OUT_OF_CREDIT:
            return AccountClosed(f"openai: {answer.said}; add credit at openai", why="credit")
        # With 500 and up it says nothing about what was carried out, so the order stays in doubt there.
        if answer.status in (409, 429, 503) and answer.headers.get("x-should-retry") == "false":
            return FatalError(f"openai: HTTP {answer.status}, not to be asked again: {answer.said}")
        return None
