"""What the tests of real adapters stand on: requests, trails that remember, and adapters of simulators."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acp_action.catalogue.models import catalogue
from acp_action.engine.cancel import CancelToken
from acp_action.engine.clock import SystemClock
from acp_action.providers.account import Account
from acp_action.providers.base import LooseTrail, Request, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from acp_action.artifacts import JsonValue, Kind
    from acp_action.catalogue.models import Model
    from acp_action.providers.base import RemoteJob, Trail
    from tests.simulators.core import Simulator


@dataclass
class Remembering(LooseTrail):
    """A trail that keeps every line, and calls what is to happen at its first ``at``."""

    at: str = ""
    call: Callable[[], object] = bool
    lines: list[str] = field(default_factory=list)
    job: RemoteJob | None = None
    result: Mapping[str, JsonValue] | None = None

    def intended(self, cost: float | None = None) -> None:
        """Keep the line."""
        self._write("intended")

    def withdrawn(self, reason: str) -> None:
        """Keep the line."""
        self._write("withdrawn")
        super().withdrawn(reason)

    def accepted(self, job: RemoteJob) -> None:
        """Keep the line."""
        super().accepted(job)
        self._write("begun" if job.begun else "accepted")

    def settled(self, result: Mapping[str, JsonValue]) -> None:
        """Keep the line."""
        super().settled(result)
        self._write("settled")

    def _write(self, line: str) -> None:
        self.lines.append(line)
        if line == self.at and self.lines.count(line) == 1:
            self.call()

    @property
    def doubtful(self) -> bool:
        """Whether an order is open of which nothing more is known."""
        told = [line for line in self.lines if line != "begun"]
        return bool(told) and told[-1] == "intended"


class Hasty(CancelToken):
    """A token on the machine's clock that waits a part of what it is told, so that retries are quick."""

    part = 1.0

    def wait(self, seconds: float, what: str = "") -> None:
        """A shorter wait."""
        super().wait(seconds * self.part, what)


def a_token(seconds: float = math.inf, *, hasty: int = 0) -> CancelToken:
    """A token on the machine's clock, with a deadline that many seconds away.

    ``hasty``: it waits so many times shorter than it is told.
    """
    clock = SystemClock()
    token = Hasty(clock, clock.now() + seconds, seconds)
    token.part = 1 / hasty if hasty else 1.0
    return token


def model_of(name: str, step_type: str = "text_to_image") -> Model:
    """A model of the catalogue."""
    found = catalogue().find(name, step_type)
    assert found is not None
    return found


def request_for(
    folder: Path,
    name: str = "flux_schnell",
    step_type: str = "text_to_image",
    *,
    text: str | None = "a cat",
    trail: Trail | None = None,
    media: tuple[Path | str, ...] = (),
    **params: Any,
) -> Request:
    """One attempt at one step; ``media``: files, or addresses."""
    numbers = itertools.count(1)
    kind: Kind = "image"
    sources = tuple(Source(kind, url=m) if isinstance(m, str) else Source(kind, path=m) for m in media)
    return Request(
        step="step", type=step_type, model=model_of(name, step_type), params=params, media=sources, text=text,
        attempt=1, refusals=0, preview=False, stage=lambda ext: folder / f"staged_{next(numbers)}.{ext}",
        trail=trail,
    )  # fmt: skip


def account_of(sim: Simulator) -> Account:
    """The account at a simulator."""
    urls = {"api": sim.url, "rest": sim.url}
    variable = f"{sim.provider.upper()}_KEY"
    return Account(sim.provider, sim.key, urls, variable, f"{sim.provider}-key", private_media=True)
