"""Other settings for one run or pipeline, in figures: how long each would take, and which is worth it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from acp_action.report.lines import span_words
from acp_action.report.simulation import Setting, knee

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA: Final = "acp-what-if/1"
_CLOSE: Final = 0.02
"""A replay is that close to a run that came to its end."""
_WORTH: Final = 0.05
"""Another schedule is worth a word when it saves at least this part of the time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The run under one schedule with one number of workers; seconds, and how often providers refuse."""

    schedule: str
    max_workers: int
    duration: float
    speedup: float
    refusals: int


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a provider is taken to let through, in words, and where that is from."""

    provider: str
    limits: str
    source: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Trials of one run (``basis`` is ``run``) or of a pipeline that was not run (``pipeline``).

    ``schedule``, ``workers`` and ``duration`` (seconds): as recorded, or of the file as it stands.
    ``replayed``: what playing it again under the recorded settings takes, None for a pipeline.
    ``sequential``: the sum of the service times. ``guessed``: steps whose length is not known from the run.
    """

    basis: Literal["run", "pipeline"]
    pipeline: str
    steps: int
    schedule: str
    workers: int
    duration: float
    replayed: float | None
    sequential: float
    guessed: int
    assumed: tuple[Assumed, ...]
    notes: tuple[str, ...]
    trials: tuple[Trial, ...]
    advice: tuple[str, ...]

    @property
    def cut_short(self) -> bool:
        """Whether the run ended before its plan did, so that its time says nothing of the replay's."""
        return self.guessed > 0 and self.off > _CLOSE

    @property
    def off(self) -> float:
        """How far the replay is from the recorded time, as a part of that."""
        if self.replayed is None or not self.duration:
            return 0.0
        return abs(self.replayed / self.duration - 1)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, ready for JSON, its version first under ``schema``."""
        return {"schema": SCHEMA, **asdict(self), "off": round(self.off, 6)}


def advice_on(trials: Sequence[Trial], schedule: str) -> tuple[str, ...]:
    """What the trials come to: how many workers are enough, and whether the other schedule is worth it."""
    best: dict[str, Trial] = {}
    for trial in trials:
        if trial.schedule not in best or trial.duration < best[trial.schedule].duration:
            best[trial.schedule] = trial
    told = []
    if own := _knee(trials, schedule):
        told.append(f"{schedule}: {own}" if len(best) > 1 else own)
    for name, trial in best.items():
        if name == schedule or schedule not in best:
            continue
        saved = 1 - trial.duration / best[schedule].duration if best[schedule].duration else 0.0
        if saved >= _WORTH:
            enough = _knee(trials, name) or span_words(trial.duration)
            told.append(f"schedule: {name} saves {saved:.0%} more: {enough}")
        else:
            told.append(f"schedule: {name} saves nothing worth having")
    return tuple(told)


def _knee(trials: Sequence[Trial], schedule: str) -> str:
    return knee(settings_under(trials, schedule))


def settings_under(trials: Sequence[Trial], schedule: str) -> list[Setting]:
    """The trials of one schedule, by the number of workers alone."""
    return [
        Setting(trial.max_workers, trial.duration, trial.speedup, trial.refusals)
        for trial in trials
        if trial.schedule == schedule
    ]
