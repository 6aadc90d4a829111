"""The one seam through which steps are carried out: a Provider takes a Request and returns a Product."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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
    ``stage(extension)`` gives a fresh temporary path beside the step's final file.
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
    """

    kind: Kind
    files: tuple[ProductFile, ...] = ()
    text: str | None = None
    cost: float | None = None
    seed: int | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: Mapping[str, JsonValue] = field(default_factory=dict)
    awaited: float | None = None


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
