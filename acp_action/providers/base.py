"""The one seam through which steps are carried out: a Provider takes a Request and returns a Product."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from acp_action.artifacts import FileKind, JsonValue, Kind, Output
    from acp_action.catalogue.models import Model


class Token(Protocol):
    """The deadline and the wish to stop, as a provider sees them. All waiting goes through it."""

    def check(self) -> None:
        """Raise Cancelled or DeadlineExpired when the attempt must end; cheap enough for every frame."""
        ...

    def wait(self, seconds: float, what: str = "") -> None:
        """Wait, at most until the deadline; raises as ``check`` does. ``what`` names it in the error."""
        ...

    def remaining(self) -> float:
        """Seconds until the deadline; ``inf`` when there is none."""
        ...

    def now(self) -> float:
        """Monotonic seconds on the run's clock."""
        ...

    def waking(self, call: Callable[[], None]) -> AbstractContextManager[None]:
        """While it lasts, ``call`` is called from another thread as soon as a stop is asked for.

        At once when it was asked for before; never at the deadline. For what no event ends: a read from a
        socket, which ends when the socket is shut down.
        """
        ...


class RemoteJob(NamedTuple):
    """Work that a provider has accepted under an id. ``urls``: the addresses it gave for it, by role.

    ``begun``: whether it was seen to be under way, so that it is paid for whatever comes.
    """

    id: str
    urls: Mapping[str, str] = MappingProxyType({})
    begun: bool = False


class Trail(Protocol):
    """The paper trail of one step's paid work; each line is on disk before what comes after it happens.

    intended → accepted (services with jobs) → settled → fetched → published; the last two are written by the
    engine. What an earlier attempt or an earlier run wrote is there to go on from.
    """

    @property
    def lasting(self) -> bool:
        """Whether a later run finds what is written here."""
        ...

    @property
    def job(self) -> RemoteJob | None:
        """The job that the provider has accepted, if it is still open: to be asked for, not ordered again."""
        ...

    @property
    def result(self) -> Mapping[str, JsonValue] | None:
        """What the provider answered in the end, if it has: to be fetched or used, not asked for again."""
        ...

    def intended(self, cost: float | None = None) -> None:
        """A request that will cost money, at most ``cost`` USD (None: unknown), is about to be sent."""
        ...

    def withdrawn(self, reason: str) -> None:
        """The request provably made nothing, or the job ended without a result: nothing is open any more."""
        ...

    def accepted(self, job: RemoteJob) -> None:
        """The provider took the order; told again when more is known, such as that it has begun."""
        ...

    def settled(self, result: Mapping[str, JsonValue]) -> None:
        """The provider's answer, as far as it is needed to make the product from it: addresses, texts."""
        ...


class Tell(Protocol):
    """Takes what people should know of an attempt while it lasts. Returns at once, and never raises."""

    def __call__(self, what: str, detail: str = "", place: int | None = None, /) -> None:
        """``what``, ``detail`` and ``place`` as in ``events.StepProgressed``."""
        ...


def untold(what: str, detail: str = "", place: int | None = None, /) -> None:
    """For attempts that nobody listens to."""


class LooseTrail:
    """A trail in memory alone: it joins the attempts of one step, and ends with the process."""

    lasting = False

    def __init__(self) -> None:
        self.job: RemoteJob | None = None
        self.result: Mapping[str, JsonValue] | None = None

    def intended(self, cost: float | None = None) -> None:
        """As the protocol says; nothing to keep."""

    def withdrawn(self, reason: str) -> None:  # noqa: ARG002 - the protocol's signature
        """As the protocol says."""
        self.job = self.result = None

    def accepted(self, job: RemoteJob) -> None:
        """As the protocol says."""
        self.job = job

    def settled(self, result: Mapping[str, JsonValue]) -> None:
        """As the protocol says."""
        self.result = result


class Announced(NamedTuple):
    """Limits that a provider's answer told of, None where it said nothing.

    ``concurrency``: the most requests in flight. ``per_second``: requests a second that are admitted in the
    long run. ``remaining``: requests left in the current window, ``reset``: seconds until it is full again.
    """

    concurrency: int | None = None
    per_second: float | None = None
    remaining: int | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Media handed in from outside of the run: an absolute path of a checked file, or an https URL."""

    kind: Kind
    path: Path | None = None
    url: str | None = None


class Request(NamedTuple):
    """What one attempt asks of a provider; templates are rendered, inputs are there.

    ``media``: the inputs of the media port, in order. ``text``: the prompt, the text to speak or the
    question. ``params``: everything else, by the pipeline's names. ``attempt`` counts from 1, ``refusals``
    counts the rate-limit refusals before it. ``preview``: this stands in for ``model`` of another provider.
    ``stage(extension)`` gives a fresh temporary path beside the step's final file. ``trail``: what was
    written down of this step's paid work, and where to write more; None where nothing is ever paid for.
    ``tell``: for what is to be known while the attempt lasts, such as its place in the provider's queue.
    """

    step: str
    type: str
    model: Model
    params: Mapping[str, JsonValue]
    media: tuple[Output | Source, ...]
    text: str | None
    attempt: int
    refusals: int
    preview: bool
    stage: Stage
    trail: Trail | None = None
    tell: Tell = untold


class Stage(Protocol):
    """Gives temporary files that the engine publishes or removes after the attempt."""

    def __call__(self, extension: str) -> Path:
        """A fresh path ending in ``.extension`` (no dot given), in an existing folder."""
        ...


@dataclass(frozen=True, slots=True)
class ProductFile:
    """One file an attempt made, still under its temporary name; ``facts`` as in ``MediaFile``."""

    kind: FileKind
    path: Path
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """What an attempt made. ``text`` for kind text (its file is written by the engine).

    ``cost`` in USD, None when unknown. ``params``: the resolved parameters that were really used.
    ``notes``: facts for the manifest (``{"preview": True, "engine": "tones"}``). ``awaited``: for work of
    this thread, the seconds in which it waited on purpose; what it took beyond these and its own processor
    time it was held up by others on this machine. None for work elsewhere, of which nobody here knows that.
    ``queued``: seconds of the attempt in which the provider had not begun, its limit being reached; they are
    no service time. ``announced``: limits that its answers told of.
    """

    kind: Kind
    files: tuple[ProductFile, ...] = ()
    text: str | None = None
    cost: float | None = None
    seed: int | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: Mapping[str, JsonValue] = field(default_factory=dict)
    awaited: float | None = None
    queued: float = 0.0
    announced: Announced | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something a provider finds wrong with a step before anything runs; ``param`` names the parameter."""

    what: str
    mend: str = ""
    param: str | None = None


class Provider(Protocol):
    """Carries out steps of one service. Stateless between calls and safe to call from many threads."""

    name: str

    def check(
        self, step_type: str, model: Model, params: Mapping[str, JsonValue], *, preview: bool
    ) -> Iterable[Complaint]:
        """What is wrong with these parameters, before money; templates may still stand in them."""
        ...

    def expected_seconds(self, step_type: str, model: Model, params: Mapping[str, JsonValue]) -> float | None:
        """The service time to expect, None when nothing is known."""
        ...

    def run(self, request: Request, token: Token) -> Product:
        """Make one attempt. Raises a ProviderError, or what ``token`` raises; anything else is our bug."""
        ...
