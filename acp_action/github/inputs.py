"""The action's inputs: read from the environment, checked all at once, each complaint naming its input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acp_action.config.cascade import LOG_LEVELS
from acp_action.errors import UsageError, did_you_mean
from acp_action.providers.accounts import key_fault
from acp_action.providers.accounts import secret_values as secrets_in
from acp_action.providers.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PREFIX: Final = "INPUT_"
_TRUTH: Final = {"true": True, "false": False}
_MOST_DAYS: Final = 400
_QUOTES: Final = "\"'"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow asks for; None and empty stand for "not said".

    ``config``: paths and patterns, in order. ``timeout_minutes``: from the start of the container.
    ``retention_days``: 0 for the repository's own. ``keys``: environment variable name to a provider's key.
    ``warnings``: what was put right on the way.
    """

    config: tuple[str, ...]
    input: str | None
    parallel: bool | None
    max_workers: int | None
    provider: str | None
    output_dir: str | None
    timeout_minutes: float | None
    fail_on_error: bool
    dry_run: bool
    fresh: bool
    resubmit_doubtful: bool
    log_level: str | None
    upload_artifact: bool
    artifact_name: str
    retention_days: int
    compression_level: int
    overwrite: bool
    summary: bool
    allow_env: tuple[str, ...]
    keys: Mapping[str, str]
    warnings: tuple[str, ...] = ()


class _WrongError(ValueError):
    """What is wrong with a value, and how to mend it; never quotes a secret."""


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """The inputs that the runner put into the environment.

    Raises UsageError with every complaint, one a line, each beginning with the input's name.
    """
    given = _given(environ)
    complaints = [_unknown(name) for name in given if name not in READERS and name not in KEY_INPUTS]
    values: dict[str, Any] = {}
    for name, (default, read) in READERS.items():
        written = given.get(name, "")
        # An expression that came out empty is how workflows say "not set".
        written = written if written.strip() else default
        try:
            values[name.replace("-", "_")] = read(written)
        except _WrongError as wrong:
            complaints.append(f"input '{name}': {wrong}")
    keys, warnings = _keys(given, complaints)
    if complaints:
        raise UsageError("\n".join(complaints))
    return Inputs(**values, keys=keys, warnings=tuple(warnings))


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Every value that must not be shown: keys from inputs, and from variables that providers know."""
    given = _given(environ)
    found = [given.get(name, "").strip() for name in KEY_INPUTS]
    return [value for value in dict.fromkeys([*found, *secrets_in(environ)]) if value]


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs by name. Runners keep hyphens; act and some others write underscores for some characters."""
    names = sorted((n for n in environ if n.upper().startswith(_PREFIX)), key=lambda n: "-" in n)
    return {name[len(_PREFIX) :].lower().replace("_", "-"): environ[name] for name in names}


def _unknown(name: str) -> str:
    known = [*READERS, *KEY_INPUTS]
    return f"input '{name}': there is no such input; {did_you_mean(name, known) or 'see the README for all'}"


# --- one value


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _config(text: str) -> tuple[str, ...]:
    found = _lines(text)
    if not found:
        raise _WrongError("no pipeline file is named; write a path in the workspace, such as pipeline.yaml")
    return found


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _truth(text: str) -> bool:
    if text.strip().lower() not in _TRUTH:
        raise _WrongError(f"{text.strip()!r} is neither true nor false; write true or false")
    return _TRUTH[text.strip().lower()]


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and low <= int(digits[:9]) <= high):
            raise _WrongError(f"{digits!r} is not a whole number from {low} to {high:,}; write digits")
        return int(digits)

    return read


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not (math.isfinite(minutes) and minutes > 0) or "_" in text:
        raise _WrongError(f"{text.strip()!r} is no number of minutes; write more than 0, such as 25 or 2.5")
    return minutes


def _provider(text: str) -> str:
    name = text.strip()
    if name not in REGISTRY:
        near = did_you_mean(name, REGISTRY) or f"write one of {', '.join(REGISTRY)}"
        raise _WrongError(f"there is no provider {name!r}; {near}")
    return name


def _log_level(text: str) -> str:
    level = text.strip().upper()
    if level not in LOG_LEVELS:
        near = did_you_mean(level, LOG_LEVELS) or f"write one of {', '.join(LOG_LEVELS)}"
        raise _WrongError(f"there is no level {text.strip()!r}; {near}")
    return level


def _unless_empty(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: read(text) if text.strip() else None


READERS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "config": ("", _config),
    "input": ("", _unless_empty(str)),
    "parallel": ("", _unless_empty(_truth)),
    "max-workers": ("", _unless_empty(_whole(1, 10_000))),
    "provider": ("", _unless_empty(_provider)),
    "output-dir": ("", _unless_empty(str.strip)),
    "timeout-minutes": ("", _unless_empty(_minutes)),
    "fail-on-error": ("true", _truth),
    "dry-run": ("false", _truth),
    "fresh": ("false", _truth),
    "resubmit-doubtful": ("false", _truth),
    "log-level": ("", _unless_empty(_log_level)),
    "upload-artifact": ("true", _truth),
    "artifact-name": ("ai-content", str.strip),
    "retention-days": ("0", _whole(0, _MOST_DAYS)),
    "compression-level": ("6", _whole(0, 9)),
    "overwrite": ("false", _truth),
    "summary": ("true", _truth),
    "allow-env": ("", _names),
}
"""Every input but the keys: what it is when the workflow says nothing, and how it is read."""

KEY_INPUTS: Final[Mapping[str, str]] = {
    entry.action_input: entry.variable for entry in REGISTRY.values() if entry.action_input
}
"""The inputs that hold a provider's key, and the environment variable of each."""


# --- keys


def _keys(given: Mapping[str, str], complaints: list[str]) -> tuple[dict[str, str], list[str]]:
    keys: dict[str, str] = {}
    warnings: list[str] = []
    for name, variable in KEY_INPUTS.items():
        written = given.get(name, "")
        key = written.strip().strip(_QUOTES).strip()
        if not key:
            continue
        if key != written:
            warnings.append(f"input '{name}': white space or quotes around the key were taken off")
        if fault := key_fault(key):
            complaints.append(f"input '{name}': {fault}")
        keys[variable] = key
    return keys, warnings
