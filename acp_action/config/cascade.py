"""Who wins: argument, flag or action input > environment > file > default, with the origin remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the trusted side says: an API argument, a command flag or an action input; None = not said.

    ``max_workers`` is a hard cap on the whole run, not a default for groups.
    ``door`` names the side in the origin shown to people, with ``{}`` for the name: ``flag --{}``.
    """

    parallel: bool | None = None
    max_workers: int | None = None
    provider: str | None = None
    output_dir: str | None = None
    log_level: str | None = None
    timeout: float | None = None
    door: str = "argument {}"


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings of a run after the cascade.

    ``max_workers``: default for groups. ``worker_cap``: the run's hard cap, None for none. ``timeout`` and
    ``rate_limit_delay`` in seconds. ``origins``: setting name to where its value came from.
    """

    parallel: bool = True
    schedule: str = "ordered"
    max_workers: int = 4
    worker_cap: int | None = None
    rate_limit_delay: float = 0.0
    fail_fast: bool = True
    timeout: float = 300.0
    log_level: str = "INFO"
    output_dir: str = "output"
    provider: str | None = None
    origins: Mapping[str, str] = None  # type: ignore[assignment]
