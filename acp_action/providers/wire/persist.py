"""Making a safe call again while that may help: short waits, spread, that end with the token's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from acp_action.errors import ProviderError, RateLimited, TransientError
from acp_action.providers.wire.bounds import Severed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from acp_action.providers.base import Token

T = TypeVar("T")
# Full jitter in [0, min(cap, base * 2^n)], in seconds.
BASE: Final = 0.5
CAP: Final = 20.0
# A wait that the server named is spread upward, so that those it was told to do not return together.
_SPREAD: Final = 0.1
# A longer wait that a server asks for is handed up, so that no worker is held by it.
_LONGEST_WAIT: Final = 30.0


def insisted(
    attempt: Callable[[], T],
    is_passing: Callable[[BaseException], bool],
    token: Token,
    what: str,
    rng: random.Random,
    patience: float,
    tries: int = 1_000_000,
) -> T:
    """What ``attempt`` gives in the end; made again after errors that ``is_passing`` says may pass.

    Until the token's deadline, at most for ``patience`` seconds and ``tries`` times; then the last error.
    """
    begun = token.now()
    try:
        return attempt()
    except ProviderError as error:
        # Nearly all calls succeed at once, and what makes them again is not even imported then.
        if not is_passing(error) or tries < 2:
            raise
        first = error
    from tenacity import RetryCallState, Retrying, retry_if_exception

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return pause_after(error, state.attempt_number + 1, rng)

    def is_over(state: RetryCallState) -> bool:
        return state.attempt_number + 1 >= tries or token.now() - begun >= patience

    def wait(seconds: float) -> None:
        token.wait(seconds, what)

    wait(pause_after(first, 1, rng))
    again = Retrying(stop=is_over, wait=pause, retry=retry_if_exception(is_passing), sleep=wait, reraise=True)
    return again(attempt)


def pause_after(error: BaseException | None, number: int, rng: random.Random) -> float:
    """Seconds before the try after number ``number``: a little more than told, else full jitter."""
    told = error.retry_after if isinstance(error, RateLimited | TransientError) else None
    if told is not None:
        return told + rng.uniform(0.0, min(1.0, told * _SPREAD))
    return rng.uniform(0.0, min(CAP, BASE * 2.0 ** min(number - 1, 60)))


def is_passing(error: BaseException) -> bool:
    """Whether a safe call may succeed the next time; what asks for a long wait is left to the caller."""
    if isinstance(error, RateLimited | TransientError):
        return error.retry_after is None or error.retry_after <= _LONGEST_WAIT
    return False


def never_left(error: BaseException) -> bool:
    """Whether a request provably did not reach the other end."""
    broken = error.__cause__
    return isinstance(error, TransientError) and isinstance(broken, Severed) and not broken.left
