"""The command files: outputs for later steps and the job's summary, each in one write."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUTS: Final = (
    "status",
    "output-dir",
    "manifest",
    "report",
    "report-html",
    "total-duration",
    "sequential-estimate",
    "speedup",
    "steps-total",
    "steps-succeeded",
    "steps-failed",
    "cost",
    "artifact-id",
    "artifact-url",
    "artifact-digest",
    "json",
)
"""The names of the action's outputs; nothing else is ever written as one."""
SUMMARY_LIMIT: Final = 1_048_576
"""Bytes of a step's summary; of a larger one the runner shows nothing at all."""

_UNSENDABLE: Final = re.compile("[\x00\ud800-\udfff]")
_TRIES: Final = 8


def write_output(
    path: str | os.PathLike[str] | None, name: str, value: str, *, token: Callable[[], str]
) -> str:
    """Set an output of the step. Returns why it could not be set, an empty text when it was.

    ``path``: the value of GITHUB_OUTPUT. ``token`` makes what marks the value's end, hard to guess. What
    cannot be sent (NUL, halves of characters) becomes U+FFFD. Raises ValueError for a name that is not one
    of ``OUTPUTS``.
    """
    if name not in OUTPUTS:
        raise ValueError(f"'{name}' is not an output of this action")
    value = _UNSENDABLE.sub("\ufffd", value)
    end = _delimiter(value, token)
    return _append(path, "GITHUB_OUTPUT", f"{name}<<{end}\n{value}\n{end}\n")


def append_summary(path: str | os.PathLike[str] | None, markdown: str) -> str:
    """Add to the job's summary. Returns why that could not be done, an empty text when it was.

    ``path``: the value of GITHUB_STEP_SUMMARY. Nothing is added when the whole would become too large.
    """
    text = _UNSENDABLE.sub("\ufffd", markdown).rstrip()
    # The empty line keeps what is added next from being read as part of this.
    return _append(path, "GITHUB_STEP_SUMMARY", f"{text}\n\n", limit=SUMMARY_LIMIT)


def _delimiter(value: str, token: Callable[[], str]) -> str:
    for _ in range(_TRIES):
        end = f"acp_{token()}"
        if end not in value:
            return end
    # A source of tokens that repeats itself; a delimiter longer than the value cannot stand in it.
    return end + "_" * len(value)


def _append(path: str | os.PathLike[str] | None, variable: str, text: str, *, limit: int = 0) -> str:
    """Add to the end of a file in one write; a write that was cut short is taken back."""
    if not path:
        return f"{variable} is not set"
    content = text.encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o644)
        try:
            return _put(handle, variable, content, limit)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"cannot write to {variable} ({os.fspath(path)}): {reason}"


def _put(handle: int, variable: str, content: bytes, limit: int) -> str:
    size = os.fstat(handle).st_size
    if limit and size + len(content) > limit:
        return f"{variable} would hold {size + len(content):,} bytes, and {limit:,} are the most"
    written = os.write(handle, content)
    if written == len(content):
        return ""
    # Half of an entry would fail the step in the runner, and swallow what comes after it.
    os.ftruncate(handle, size)
    return f"cannot write to {variable}: only {written:,} of {len(content):,} bytes fitted"
