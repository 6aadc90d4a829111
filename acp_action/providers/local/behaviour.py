"""How an attempt shall go, as params ask: ``delay``, ``fail``, ``transient``, ``refuse``, ``retry_after``.

With them every behaviour of a pipeline can be shown without a network. Real providers do not know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acp_action.errors import FatalError, RateLimited, TransientError
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.providers.base import Token


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What was asked for. ``delay``: seconds that an attempt takes at least, 0 for no wait.

    ``refuse``: the first attempts that are refused, at once. ``transient``: those after them that fail in
    passing, after ``delay``. ``fail``: the rest fails for good, after ``delay``.
    """

    delay: float = 0.0
    refuse: int = 0
    transient: int = 0
    fail: bool = False
    retry_after: float | None = None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Behaviour:
        """The behaviour that checked parameters ask for."""
        return cls(
            delay=values.seconds(params.get("delay")) or 0.0,
            refuse=values.whole(params.get("refuse")) or 0,
            transient=values.whole(params.get("transient")) or 0,
            fail=values.flag(params.get("fail")) or False,
            retry_after=values.seconds(params.get("retry_after")),
        )

    def interfere(self, attempt: int, started: float, token: Token) -> None:
        """End an attempt that shall not succeed. ``attempt`` counts from 1, all before it included.

        Raises RateLimited, TransientError or FatalError, or what the token raises; else returns at once.
        """
        if attempt <= self.refuse:
            number = f"{attempt} of {self.refuse}"
            raise RateLimited(f"refused as asked for (params.refuse, {number})", retry_after=self.retry_after)
        passing = attempt - self.refuse
        if passing <= self.transient or self.fail:
            self.wait_out(started, token)
        if passing <= self.transient:
            number = f"{passing} of {self.transient}"
            raise TransientError(f"failed in passing as asked for (params.transient, {number})")
        if self.fail:
            raise FatalError("told to fail (params.fail)")

    def wait_out(self, started: float, token: Token) -> None:
        """Wait until the attempt, begun at ``started``, has taken ``delay`` seconds."""
        rest = started + self.delay - token.now()
        if self.delay and rest > 0:
            token.wait(rest, f"the delay of {self.delay:g} s in its params")
