"""How ElevenLabs' errors are read, where the common table does not know.

Source: https://elevenlabs.io/docs/developers/resources/error-messages.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from acp_action.errors import AccountClosed, FatalError, PolicyRefusal, RateLimited, TransientError
from acp_action.providers.elevenlabs.messages import message_of, status_of
from acp_action.providers.wire.faults import Rules
from acp_action.providers.wire.retry_after import announced, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.errors import ProviderError
    from acp_action.providers.account import Account
    from acp_action.providers.wire.answer import Answer

# Words of its own for each case are not published; the status has one of these in it.
_POLICY: Final = re.compile(r"policy|moderation|safety|prohibited|content_not_allowed|blocked_generation")
_PLAN: Final = re.compile(r"plan\b|subscri|\btier|only_for|upgrade", re.IGNORECASE)


class ElevenLabsRules(Rules):
    """401 may be about the credit, 429 about requests in flight or a busy service, 400 about the content."""

    def __init__(self, account: Account, *, wall: Callable[[], float] = time.time) -> None:
        """``wall``: seconds since the epoch."""
        self._account = account
        self._wall = wall

    def explain(self, answer: Answer) -> ProviderError | None:
        """The error by the word in the body; without one the common table knows."""
        word, status = status_of(answer.tree), answer.status
        text = f"elevenlabs: HTTP {status}: {message_of(answer.tree)}"
        if word == "quota_exceeded":
            return AccountClosed(f"{text}; add credit at elevenlabs", why="credit")
        if status in (400, 401, 403, 422) and _POLICY.search(word):
            return PolicyRefusal(f"elevenlabs refuses this text ({word}): {message_of(answer.tree)}")
        if status == 429:
            return self._limit(word, text, answer)
        if status == 403 and _PLAN.search(f"{word} {text}"):
            return FatalError(f"{text}; what is asked for needs another plan")
        return None

    def _limit(self, word: str, text: str, answer: Answer) -> ProviderError | None:
        wait = retry_after(answer, self._wall())
        if word == "too_many_concurrent_requests":
            told = announced(answer.headers)
            return RateLimited(text, retry_after=wait, kind="concurrency", announced=told)
        return TransientError(text, retry_after=wait) if word == "system_busy" else None
