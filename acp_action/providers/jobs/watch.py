"""What is known of a remote job while it is waited for, and when it is looked at next."""

from __future__ import annotations

import math
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from acp_action.providers.base import untold
from acp_action.providers.jobs.news import JobNews
from acp_action.providers.jobs.polling import next_in_queue, next_look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.providers.base import RemoteJob, Tell
    from acp_action.providers.jobs.polling import Expectation

# Seconds between looks at a job of which the service says nothing that makes sense.
_UNCLEAR: Final = 0.5
_LONGEST_UNCLEAR: Final = 10.0


class Look(NamedTuple):
    """What a service says of a job. ``answer``: its words, to conclude from.

    ``queued``: it waits for others; ``starting``: the model is made ready for it; ``gone``: there is no such
    job; ``unclear``: nothing is known.
    ``took``: seconds that it worked, where it tells. ``position``: how many wait before it. ``pause``:
    seconds for which the service wants to be left alone. ``trouble``: why nothing is known.
    """

    state: Literal["queued", "starting", "begun", "ended", "unclear", "gone"]
    answer: Mapping[str, Any] = {}
    took: float | None = None
    position: int | None = None
    pause: float = 0.0
    trouble: str = ""


@dataclass(slots=True)
class Watch:
    """One attempt's wait for one job.

    ``since``: when it began, on the token's clock. ``taken_up``: the job was ordered earlier, so that it may
    be done already. ``queued``: seconds in which the provider had not begun, its limit being reached.
    ``ran``: seconds that the job worked, as far as that can be told once it has ended. ``tell``: for what
    people should know of it meanwhile. ``live``: changes are heard of when they happen, not found by looking.
    """

    job: RemoteJob
    expected: Expectation
    since: float
    taken_up: bool = False
    queued: float = 0.0
    ran: float | None = None
    live: bool = False
    tell: InitVar[Tell] = untold
    _news: JobNews = field(init=False)
    _begin: float = field(init=False)
    _waits: bool = field(init=False, default=False)
    _latest: float = field(init=False)
    _looked: bool = field(init=False, default=False)
    _unclear: int = field(init=False, default=0)
    _position: int | None = field(init=False, default=None)
    _gone: float | None = field(init=False, default=None)
    _asked_pause: float = field(init=False, default=0.0)

    def __post_init__(self, tell: Tell) -> None:
        """What was ordered before is taken to be about half done."""
        self._news = JobNews(tell)
        self._latest = self.since
        self._begin = self.since - (self.expected.at(0) if self.taken_up else 0.0)

    def pause(self, now: float) -> float:
        """Seconds until the next look."""
        if self.taken_up and not self._looked:
            return 0.0
        if self._waits:
            due = next_in_queue(now - self.since, self.expected, self._position)
        else:
            elapsed = max(now - self._begin, 0.0)
            due = next_look(elapsed, self.expected) - elapsed
        if self._unclear:
            due = min(_UNCLEAR * 2 ** min(self._unclear - 1, 10), _LONGEST_UNCLEAR)
        return max(due, self._asked_pause)

    def saw(self, look: Look, now: float) -> None:
        """Take in what a look showed."""
        self._looked = True
        self._news.saw(look, now)
        self._asked_pause = look.pause if math.isfinite(look.pause) else 0.0
        if look.state in ("unclear", "gone"):
            self._unclear += 1
            if look.state == "gone" and self._gone is None:
                self._gone = now
            return
        self._unclear, self._gone = 0, None
        if look.state == "queued":
            self._waits, self._position = True, look.position
        elif self._waits:
            self._begins(look, now)
        if look.state == "ended":
            self.ran = self._took(look, now)
        self._latest = now

    def gone_for(self, now: float) -> float:
        """Seconds for which the service has known nothing of the job."""
        return 0.0 if self._gone is None else now - self._gone

    def _took(self, look: Look, now: float) -> float | None:
        if self.taken_up:
            return look.took
        low, high = max(self._latest - self._begin, 0.0), now - self._begin
        if look.took is None:
            return high if self.live else (low + high) / 2
        # Between the last two looks; what the service tells leaves out how long it took to begin and to tell.
        return min(max(look.took, low), high)

    def _begins(self, look: Look, now: float) -> None:
        """It has left the queue at some time since the last look."""
        self._waits = False
        if look.state == "ended" and look.took is not None:
            self._begin = min(max(now - look.took, self._latest), now)
        else:
            self._begin = now if self.live else (self._latest + now) / 2
        self.queued = self._begin - self.since
