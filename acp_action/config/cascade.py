"""Who wins: argument, flag or action input > environment > file > default, with the origin remembered."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.config.model import Settings

PARALLEL_VARIABLE: Final = "PIPELINE_PARALLEL_ENABLED"
PROVIDER_VARIABLE: Final = "ACP_PROVIDER"
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
SCHEDULES: Final = ("ordered", "dataflow")
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


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
    schedule: str | None = None
    door: str = "argument {}"


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings of a run after the cascade.

    ``max_workers``: default for groups. ``worker_cap``: the run's hard cap, None for none. ``timeout``,
    ``rate_limit_delay`` and ``max_rate_limit_wait`` in seconds. ``rate_limits``: by provider,
    ``requests_per_minute`` and ``concurrency`` as far as they are known. ``origins``: setting name to where
    its value came from: ``default``, ``file``, ``environment PIPELINE_PARALLEL_ENABLED``,
    ``flag --max-workers``.
    """

    parallel: bool = True
    schedule: str = "ordered"
    max_workers: int = 4
    worker_cap: int | None = None
    rate_limit_delay: float = 0.0
    rate_limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    max_rate_limit_wait: float = 300.0
    fail_fast: bool = True
    timeout: float = 300.0
    log_level: str = "INFO"
    output_dir: str = "output"
    provider: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)


SETTINGS: Final = tuple(f.name for f in fields(Effective) if f.name != "origins")


def resolve_settings(file: Settings, overrides: Overrides, environ: Mapping[str, str]) -> Effective:
    """The settings that apply, each with its origin.

    Raises UsageError for an override or a variable that has no meaning; the file is checked already.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(SETTINGS, "default")
    for name in SETTINGS:
        if (said := getattr(file, name, None)) is not None:
            values[name], origins[name] = said, "file"
    if "rate_limits" in values:
        values["rate_limits"] = {
            name: limit.model_dump(exclude_none=True) for name, limit in values["rate_limits"].items()
        }
    if (parallel := _parallel_of(environ)) is not None:
        values["parallel"], origins["parallel"] = parallel, f"environment {PARALLEL_VARIABLE}"
    if provider := environ.get(PROVIDER_VARIABLE, "").strip():
        values["provider"], origins["provider"] = provider, f"environment {PROVIDER_VARIABLE}"
    for name, said in _said(overrides).items():
        target = "worker_cap" if name == "max_workers" else name
        values[target], origins[target] = said, _origin(overrides.door, name, said)
    return Effective(**values, origins=origins)


def _parallel_of(environ: Mapping[str, str]) -> bool | None:
    # An empty variable is how workflows say "not set".
    written = environ.get(PARALLEL_VARIABLE, "").strip()
    if not written:
        return None
    if written.lower() not in _TRUTH:
        raise UsageError(f"{PARALLEL_VARIABLE} is '{written}'; set it to true, false, 1 or 0, or unset it")
    return _TRUTH[written.lower()]


def _said(overrides: Overrides) -> dict[str, Any]:
    said = {f.name: getattr(overrides, f.name) for f in fields(overrides) if f.name != "door"}
    said = {name: value for name, value in said.items() if value is not None}
    for name, value in said.items():
        if complaint := _complaint(name, value):
            origin = _origin(overrides.door, name, value)
            raise UsageError(f"{origin.partition(' ')[2]} is {value!r}; {complaint}")
    if "log_level" in said:
        said["log_level"] = said["log_level"].upper()
    return said


def _complaint(name: str, value: Any) -> str:
    # Python hands in what it likes, and a text such as "false" would count as true.
    if name == "parallel" and not isinstance(value, bool):
        return "give True or False"
    if name == "max_workers" and (type(value) is not int or value < 1):
        return "give a whole number of 1 or more"
    if name == "timeout" and not (type(value) in (int, float) and isfinite(value) and value > 0):
        return "give seconds, more than 0"
    if name == "log_level" and str(value).upper() not in LOG_LEVELS:
        return did_you_mean(str(value), LOG_LEVELS) or f"give one of {', '.join(LOG_LEVELS)}"
    if name == "schedule" and value not in SCHEDULES:
        return did_you_mean(str(value), SCHEDULES) or f"give one of {', '.join(SCHEDULES)}"
    if name in ("provider", "output_dir") and not (isinstance(value, str) and value.strip()):
        return "give a name, or leave it out"
    return ""


def _origin(door: str, name: str, value: Any) -> str:
    if door.startswith("argument"):
        return door.format(name)
    # A switch that was turned off was written as --no-parallel.
    prefix = "no-" if value is False and "--" in door else ""
    return door.format(prefix + name.replace("_", "-"))
