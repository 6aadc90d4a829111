"""How Gemini's errors are read, where the common table does not know.

Source: https://ai.google.dev/gemini-api/docs/troubleshooting and .../docs/rate-limits.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from acp_action.errors import AccountClosed
from acp_action.providers.gemini.messages import detail, error_of, quota_ids, until_pacific_midnight
from acp_action.providers.wire.faults import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.errors import ProviderError
    from acp_action.providers.account import Account
    from acp_action.providers.wire.answer import Answer

# There is no word for it but in the message. That of every quota speaks of billing too.
_SPENT: Final = re.compile(r"spending cap|credits? (?:is|are) depleted", re.IGNORECASE)


class GeminiRules(Rules):
    """A key that is refused comes as 400; a day's quota that is used up comes as 429, as a minute's does."""

    def __init__(self, account: Account, *, wall: Callable[[], float] = time.time) -> None:
        """``wall``: seconds since the epoch; days of quotas begin at midnight in California."""
        self._account = account
        self._wall = wall

    def explain(self, answer: Answer) -> ProviderError | None:
        """AccountClosed for the key, the credit and the day; the rest is the common table's."""
        error = error_of(answer.tree)
        if answer.status == 400 and detail(error, "ErrorInfo").get("reason") == "API_KEY_INVALID":
            where = self._account.variable or "the key of gemini"
            return AccountClosed(f"gemini: {answer.said}; check {where}", why="key")
        if answer.status == 429 and _SPENT.search(answer.said):
            return AccountClosed(f"gemini: {answer.said}", why="credit")
        days = [name for name in quota_ids(error) if "PerDay" in name]
        if answer.status == 429 and days:
            wait, of_model = until_pacific_midnight(self._wall()), all("PerModel" in name for name in days)
            whose = " of this model" if of_model else ""
            what = f"gemini: the quota{whose} of the day is used up; it is renewed at midnight in California"
            return AccountClosed(f"{what}: {answer.said}", why="day", reopens_in=wait, model_only=of_model)
        return None
