"""How one attempt ended; plain tuples, so that any executor can carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from acp_action.artifacts import Output
    from acp_action.providers.base import Announced, Product


class Done(NamedTuple):
    """The output is published.

    ``text``: the prompt that was used, its templates filled in. ``held``: seconds of the attempt in which
    other steps had the processors of this machine. ``cached``: it was made before this run.
    """

    output: Output
    product: Product
    text: str | None = None
    held: float = 0.0
    cached: bool = False


class Refused(NamedTuple):
    """The provider's limit said no; nothing was made. ``retry_after`` in seconds, None when not told.

    ``kind``: what is limited, as far as the provider says. ``announced``: limits that it told of.
    """

    reason: str
    retry_after: float | None = None
    kind: str = "unknown"
    announced: Announced | None = None


class Closed(NamedTuple):
    """The provider takes nothing more from this account; ``why``: ``key``, ``credit`` or ``day``.

    ``reopens_in``: seconds, None when waiting would not help. ``model_only``: of the step's model; the
    provider's others, which have limits of their own, are open.
    """

    reason: str
    why: str
    reopens_in: float | None = None
    model_only: bool = False


class Transient(NamedTuple):
    """Worth another try; nothing was billed."""

    reason: str
    retry_after: float | None = None


class Fatal(NamedTuple):
    """Another try would end the same way; ``policy`` when the content was refused.

    ``halt``: no step of this run may go on to be paid for. ``unstored``: it was made, and there was no room
    for it.
    """

    reason: str
    policy: bool = False
    traceback: str = ""
    halt: bool = False
    unstored: bool = False


class Expired(NamedTuple):
    """The deadline passed; the reason says what was waited for."""

    reason: str


class Stopped(NamedTuple):
    """The attempt was cancelled."""

    reason: str


class Doubt(NamedTuple):
    """A paid request may or may not have been executed."""

    reason: str


class Unmade(NamedTuple):
    """There was nothing from an earlier run after all: the provider has to be asked."""

    reason: str = ""


Outcome: TypeAlias = Done | Refused | Closed | Transient | Fatal | Expired | Stopped | Doubt | Unmade

ENDS: Final = {
    Done: "done",
    Refused: "refused",
    Closed: "closed",
    Transient: "transient",
    Fatal: "fatal",
    Expired: "expired",
    Stopped: "stopped",
    Doubt: "doubt",
    Unmade: "unmade",
}
"""How an attempt's end is called in results."""


class Delivery(NamedTuple):
    """An attempt come back: which step, which attempt, how and when; times on the clock's scale."""

    step: int
    attempt: int
    outcome: Outcome
    started: float
    finished: float
    worker: int


class Word(NamedTuple):
    """What an attempt told while it lasts; ``at`` on the clock's scale, else as ``events.StepProgressed``."""

    step: int
    attempt: int
    at: float
    what: str
    detail: str
    place: int | None


class Stop(NamedTuple):
    """A wish to end the run; ``resumable``: a later run can take it up where it was left."""

    reason: str
    resumable: bool = False


class Opened(NamedTuple):
    """A lane that steps wait for may have room again."""

    lane: int


Message: TypeAlias = Delivery | Word | Stop | Opened
