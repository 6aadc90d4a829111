"""The lanes that steps go through to their providers, who waits for them, and which are closed for good."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from acp_action.engine.outcome import Closed, Done, Fatal, Opened, Refused
from acp_action.engine.result import Status
from acp_action.engine.throttle import UNCOUNTED, Lane, Limits, Ticket
from acp_action.engine.verdict import End
from acp_action.events import LaneHeld, LaneReopened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acp_action.engine.budget import RetryBudget
    from acp_action.engine.outcome import Message, Outcome
    from acp_action.engine.scopes import Rank
    from acp_action.engine.throttle import Lanes
    from acp_action.engine.track import Track
    from acp_action.events import Event
    from acp_action.plan.model import Plan, Step

# A lane that opens again sooner than this, in seconds, is not worth a line in the log.
_TOLD_FROM = 1.0


class Ways(NamedTuple):
    """Which lanes each step goes through: ``of_step`` has its place in the other three.

    ``budgets``: what the retries of each lane's steps are paid from.
    """

    lanes: tuple[tuple[Lane, ...], ...]
    labels: tuple[str, ...]
    budgets: tuple[RetryBudget, ...]
    of_step: tuple[int, ...]


def ways_of(plan: Plan, lanes: Lanes, providers: Mapping[str, object]) -> Ways:
    """For each provider and lane of the plan: the shared lane first, what the settings say, this run's pace.

    A provider may have an ``account`` with a ``fingerprint``, a ``profile`` and ``lane(model)``: which of its
    own limits a model stands under.
    """
    found: dict[tuple[str, str], int] = {}
    rows: list[tuple[Lane, ...]] = []
    common: dict[str, tuple[Lane, ...]] = {}
    budgets: list[RetryBudget] = []
    of_step = []
    for step in plan.steps:
        provider = providers.get(step.provider)
        name = _lane_name(provider, step)
        key = (step.provider, name)
        if key not in found:
            account = fingerprint_of(provider)
            if step.provider not in common:
                common[step.provider] = _common(plan, step.provider, account, lanes)
            first = lanes.lane(step.provider, account, name, getattr(provider, "profile", None))
            found[key] = len(rows)
            rows.append((first, *common[step.provider]))
            budgets.append(lanes.budget(step.provider, account))
        of_step.append(found[key])
    labels = tuple(f"{provider} {name}" if name else provider for provider, name in found)
    return Ways(tuple(rows), labels, tuple(budgets), tuple(of_step))


def fingerprint_of(provider: object) -> str:
    """Which account a provider works for; empty where it has none."""
    return str(getattr(getattr(provider, "account", None), "fingerprint", ""))


def _lane_name(provider: object, step: Step) -> str:
    named = getattr(provider, "lane", None)
    return str(named(step.model)) if callable(named) else ""


def _common(plan: Plan, provider: str, account: str, lanes: Lanes) -> tuple[Lane, ...]:
    """What holds for all lanes of a provider: the limits and the delay that the settings have."""
    settings, common = plan.settings, []
    if said := settings.rate_limits.get(provider):
        minute = said.get("requests_per_minute")
        concurrency = said.get("concurrency")
        limits = Limits(
            concurrency=None if concurrency is None else int(concurrency),
            per_second=None if minute is None else minute / 60.0,
        )
        common.append(lanes.told(provider, account, limits))
    if settings.rate_limit_delay > 0.0:
        common.append(lanes.spaced(provider, settings.rate_limit_delay))
    return tuple(common)


class Gate:
    """The lanes that some steps stand before, and those of them that wait. Several lanes act as one.

    ``end``: what becomes of every step that comes, once the provider's account is closed. ``reason``: of the
    last refusal. ``told_at``: when the log was told that the lane holds its steps.
    """

    __slots__ = ("_last_refused", "_shared", "_single", "end", "label", "lanes", "number", "reason",
                 "told_at", "waiters", "wake_at")  # fmt: skip

    def __init__(self, number: int, lanes: Sequence[Lane], label: str = "") -> None:
        self.number = number
        self.label = label
        self.lanes = tuple(lanes)
        self._shared, self._single = self.lanes[0], len(self.lanes) == 1
        self.waiters: list[Rank] = []
        self.wake_at = math.inf
        self.end: End | None = None
        self.reason = ""
        self.told_at: float | None = None
        self._last_refused = -1

    def park(self, rank: Rank) -> None:
        """Let a step wait here."""
        heappush(self.waiters, rank)

    def next_waiter(self) -> Rank | None:
        """The first in rank; but not the one that was refused last, while the lane is closed."""
        waiters = self.waiters
        if not waiters:
            return None
        first = heappop(waiters)
        if first[1] == self._last_refused and waiters and self._shared.closed_at is not None:
            second = heappop(waiters)
            heappush(waiters, first)
            return second
        return first

    def try_admit(self, now: float) -> tuple[Ticket, ...] | float:
        """A ticket of each lane, or the moment to ask again (``inf``: when something comes back).

        No ticket at all means that nothing limits the provider, and nothing is counted.
        """
        if self._single:
            only = self._shared.try_admit(now)
            if only is UNCOUNTED:
                return ()
            return only if isinstance(only, float) else (only,)
        opening = max(lane.next_opening(now) for lane in self.lanes)
        if opening > now:
            return opening
        tickets: list[Ticket] = []
        for lane in self.lanes:
            ticket = lane.try_admit(now)
            if isinstance(ticket, float):  # another run was faster
                for taken, back in zip(self.lanes, tickets, strict=False):
                    taken.unsent(back, now)
                return ticket
            tickets.append(ticket)
        return tuple(tickets)

    def give_back(self, index: int, tickets: Sequence[Ticket], outcome: Outcome, now: float) -> None:
        """Tell the lanes how a step that went through them ended. Only the first one learns from refusals."""
        (first, ticket), *rest = zip(self.lanes, tickets or (UNCOUNTED,), strict=bool(tickets))
        served = isinstance(outcome, Done | Fatal)
        if isinstance(outcome, Done) and outcome.cached:
            for lane, taken in zip(self.lanes, tickets, strict=True):
                lane.unsent(taken, now)
            return
        for lane, other in rest:
            (lane.completed if served else lane.released)(other, now)
        if isinstance(outcome, Refused):
            self.reason, self._last_refused = outcome.reason, index
            first.refused(ticket, now, outcome.retry_after, outcome.kind, outcome.announced)
        elif served:
            announced = outcome.product.announced if isinstance(outcome, Done) else None
            first.completed(ticket, now, announced)
        else:
            first.released(ticket, now)

    def hopeless(self, track: Track, opening: float, now: float, most: float) -> End | None:
        """How a step ends that would wait here for more than ``most`` seconds in all; None: it may wait."""
        closed_at = self._shared.closed_at
        if closed_at is None:
            return None
        more = opening - now if opening < math.inf else 0.0
        waited = max(track.refused, min(track.throttle, now - closed_at))
        if waited + more <= most:
            return None
        told = f"{waited:.0f} s waited, {self.label} opens in {more:.0f} s; at most {most:g} s are waited"
        return End(Status.FAILED, f"rate limit: {self.reason} ({told})")


class Gates:
    """All gates of a run. ``tell``: hears of lanes that hold or go on; ``most``: seconds a step waits."""

    def __init__(self, ways: Ways, steps: Sequence[Step], tell: Callable[[Event], None], most: float) -> None:
        self.every = [Gate(i, row, ways.labels[i]) for i, row in enumerate(ways.lanes)]
        self.of_step = [self.every[number] for number in ways.of_step]
        self.budgets = [ways.budgets[number] for number in ways.of_step]
        self.most = most
        self.begin = 0.0
        self._steps = steps
        self._tell = tell
        self._watches: list[tuple[Lane, Callable[[], None]]] = []

    def watch(self, post: Callable[[Message], None]) -> None:
        """Have a message posted when somebody makes room in a lane that steps wait for."""
        self._watches = [(lane, _teller(gate, post)) for gate in self.every for lane in gate.lanes]
        for lane, tell in self._watches:
            lane.watch(tell)

    def unwatch(self) -> None:
        """Hear of it no more."""
        for lane, tell in self._watches:
            lane.unwatch(tell)

    def give_back(self, index: int, track: Track, outcome: Outcome, now: float) -> None:
        """Tell the lanes a running step went through how it ended, and its provider's budget for retries."""
        if isinstance(outcome, Done) and not outcome.cached:
            self.budgets[index].succeeded(retried=track.transients > 0)
        if not track.tickets and not isinstance(outcome, Refused):
            return
        gate = self.of_step[index]
        gate.give_back(index, track.tickets, outcome, now)
        if isinstance(outcome, Refused) and gate.told_at is None:
            self._maybe_tell(gate, outcome.reason, now)

    def _maybe_tell(self, gate: Gate, reason: str, now: float) -> None:
        lane = gate.lanes[0]
        if lane.closed_at is None:
            return
        delay = lane.next_opening(now) - now
        if _TOLD_FROM <= delay < math.inf:
            gate.told_at = now
            self._tell(LaneHeld(now - self.begin, gate.label, len(gate.waiters) + 1, delay, reason))

    def passed(self, gate: Gate, now: float) -> None:
        """A step has gone through a gate of which the log was told that it holds its steps."""
        if gate.told_at is not None and gate.lanes[0].closed_at is None:
            self._tell(LaneReopened(now - self.begin, gate.label, now - gate.told_at))
            gate.told_at = None

    def close(self, index: int, outcome: Closed) -> End:
        """Nothing more goes this step's way; returns how steps end that would, for the first reason told."""
        own, provider = self.of_step[index], self._steps[index].provider
        end = own.end or End(Status.FAILED, outcome.reason, closed=outcome.why)
        for step, gate in zip(self._steps, self.of_step, strict=True):
            if gate is own or (step.provider == provider and not outcome.model_only):
                gate.end = end
        return end


def _teller(gate: Gate, post: Callable[[Message], None]) -> Callable[[], None]:
    def tell() -> None:
        if gate.waiters:
            post(Opened(gate.number))

    return tell
