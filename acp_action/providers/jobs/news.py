"""From looks at a job to what people are told of it: each change once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from acp_action.providers.base import Tell
    from acp_action.providers.jobs.watch import Look

# So many changes of a job are told as they come. Of what comes beyond, places are told so many seconds apart,
# because a service may send a hundred a second; another state is told at once.
_FREELY: Final = 100
_APART: Final = 1.0


class JobNews:
    """What one attempt tells of its job. ``tell``: takes it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: tuple[str, int | None] = ("", None)
        self._at = 0.0
        self._count = 0

    def saw(self, look: Look, now: float) -> None:
        """Tell what a look showed that is not known yet; of its end the product tells, or the error."""
        if look.state == "ended":
            return
        what = "unclear" if look.state == "gone" else look.state
        place = None if look.position is None or what != "queued" else look.position + 1
        if (what, place) == self._told:
            return
        if what == self._told[0] and self._count >= _FREELY and now - self._at < _APART:
            return
        self._told, self._at = (what, place), now
        self._count += 1
        self._tell(what, look.trouble, place)
