"""The one table from an answer's status, or from a broken exchange, to an error of ours.

Two readings: of a safe call, which may be made again; and of an order, where the question is whether it may
have been carried out, and be billed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.errors import (
    AccountClosed,
    FatalError,
    ProviderError,
    RateLimited,
    TransientError,
    UnknownOutcome,
)
from acp_action.providers.wire.retry_after import announced, is_of_the_day, kind_of, retry_after

if TYPE_CHECKING:
    from acp_action.providers.account import Account
    from acp_action.providers.wire.answer import Answer
    from acp_action.providers.wire.bounds import Severed

# By these a server says that it has not even begun: busy with another request, too early, overloaded.
_REFUSED: Final = frozenset({409, 425, 503, 529})
_AGAIN: Final = frozenset({408, 425})
# Seconds.
_SOON: Final = 60.0


class Rules:
    """How one provider's answers are to be read, where the common table does not know. To be derived from.

    ``unbilled``: statuses from 500 on, or 408, with which the provider says that it bills nothing.
    """

    unbilled: frozenset[int] = frozenset()

    def explain(self, answer: Answer) -> ProviderError | None:  # noqa: ARG002 - for those who derive
        """The error that this answer means, None to leave it to the common table.

        For an order, an error other than UnknownOutcome says that nothing was made.
        """
        return None


def error_of(
    answer: Answer, what: str, account: Account, rules: Rules, *, paid: bool, now: float
) -> ProviderError:
    """The error that an answer means that is no success.

    ``what``: what was asked for, as in "asking for the job's status". ``paid``: it was an order. ``now``:
    seconds since the epoch.
    """
    return rules.explain(answer) or _by_table(
        answer, message(answer, what, account), account, rules, paid, now
    )


def message(answer: Answer, what: str, account: Account) -> str:
    """``fal: ordering: HTTP 422: prompt: field required``."""
    said = answer.said
    return f"{account.provider}: {what}: HTTP {answer.status}{f': {said}' if said else ''}"


def _by_table(
    answer: Answer, text: str, account: Account, rules: Rules, paid: bool, now: float
) -> ProviderError:
    status = answer.status
    if status in (401, 403):
        return AccountClosed(f"{text}; {_key_of(account)}", why="key")
    if status == 402:
        return AccountClosed(f"{text}; add credit at {account.provider}", why="credit")
    wait = retry_after(answer, now)
    if status == 429:
        return limited(text, answer, now)
    if status in _REFUSED and not (status == 409 and not paid):
        return TransientError(text, retry_after=wait)
    if 300 <= status < 400:
        return FatalError(f"{text}: it points elsewhere, and the key is sent nowhere else")
    if status >= 500 or status in _AGAIN or status == 499:
        return _gone_wrong(text, status, rules, paid=paid, wait=wait)
    return FatalError(text)


def limited(text: str, answer: Answer, now: float) -> RateLimited | AccountClosed:
    """The error of a limit that was reached: it is waited for, but for the quota of a day."""
    wait = retry_after(answer, now)
    # Some days are the last 24 hours, of which the next request is soon over.
    if is_of_the_day(answer) and (wait is None or wait > _SOON):
        return AccountClosed(f"{text}; the quota of the day is used up", why="day", reopens_in=wait)
    return RateLimited(text, retry_after=wait, kind=kind_of(answer), announced=announced(answer.headers))


def _gone_wrong(text: str, status: int, rules: Rules, *, paid: bool, wait: float | None) -> ProviderError:
    """It failed at the other end: with an order, nobody knows how far it had come."""
    if paid and status not in rules.unbilled:
        return UnknownOutcome(f"{text}; it may have been carried out, and be billed")
    return FatalError(text) if status in (501, 505) else TransientError(text, retry_after=wait)


def error_of_severed(broken: Severed, what: str, account: Account, host: str, *, paid: bool) -> ProviderError:
    """The error that a broken exchange means."""
    text = f"{account.provider}: {what}: {host}: {broken}"
    if paid and broken.left:
        return UnknownOutcome(f"{text}; it may have been carried out, and be billed")
    return FatalError(text) if broken.hopeless else TransientError(text)


def unreadable(answer: Answer, what: str = "the order") -> UnknownOutcome:
    """The error for an order's answer that says success and makes no sense."""
    size = f"{len(answer.body)} bytes"
    begins = answer.said or "nothing"
    return UnknownOutcome(
        f"{what}: HTTP {answer.status}, but the answer ({size}) cannot be read: {begins};"
        " it may have been carried out, and be billed"
    )


def _key_of(account: Account) -> str:
    where = account.variable or f"the key of {account.provider}"
    also = f" (action input '{account.action_input}')" if account.action_input else ""
    return f"check {where}{also}"
