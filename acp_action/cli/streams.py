"""Standard output and standard error, so that neither a closed pipe nor an old encoding costs a result."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from typing import IO, TYPE_CHECKING, Any, Final, TextIO

from acp_action.errors import AcpError
from acp_action.redaction import redact

if TYPE_CHECKING:
    from pathlib import Path

_PLAINLY: Final = "acp_action.plainly"
_PLAIN: Final = {"→": "->", "…": "...", "·": "-", "–": "-", "⏎": "\\n"}


def prepare_streams() -> None:
    """Make all three streams usable: closed ones lead nowhere, and no character is too much for them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The number must be taken, or the next file that is opened becomes standard output.
            _fill(number)
            setattr(
                sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
            )
    codecs.register_error(_PLAINLY, _plainly)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(**{"errors": "backslashreplace", **_for_ascii(stream)})


def _for_ascii(stream: TextIO) -> dict[str, str]:
    """The options of a stream to a terminal that shows nothing but ASCII, though Python would write UTF-8."""
    if not stream.isatty():
        return {}
    from acp_action.progress.terminal import wants_ascii

    return {"encoding": "ascii", "errors": _PLAINLY} if wants_ascii(stream.encoding, os.environ) else {}


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Our own signs in ASCII, and what is foreign by its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lost), error.end


def _fill(number: int) -> None:
    handle = os.open(os.devnull, os.O_RDWR)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)


def show(text: str) -> None:
    """Write a text and a line end to standard output. Raises AcpError for a full disk and the like."""
    try:
        _write(sys.stdout, f"{text}\n")
    except OSError as error:
        # What is left of it in the buffer is not tried, and not told of, once more.
        _mute(sys.stdout)
        raise AcpError(f"cannot write to standard output: {error.strerror or error}") from error


def show_json(value: Any, *, indent: int | None = 2) -> None:
    """Write a value to standard output as JSON, in ASCII where the encoding has nothing else."""
    import json

    from acp_action.store.strict_json import without_controls

    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    show(without_controls(json.dumps(value, ensure_ascii=not utf8, indent=indent, allow_nan=False)))


def deliver(text: str, output: Path | None) -> None:
    """Write a text to this file, whole or not at all, or to standard output. Raises OutputError, AcpError.

    It ends in one line end.
    """
    if output is None:
        show(text.rstrip("\n"))
    else:
        from acp_action.report.files import write_form

        write_form(output, text.rstrip("\n") + "\n")


def beside(output: Path | None, otherwise: Path) -> Path:
    """The folder from which a page sees its files: where it will stand, or ``otherwise`` for a stream."""
    from acp_action.store.target import is_stream

    return otherwise if output is None or is_stream(output) else output.parent


def tell(text: str) -> None:
    """Write a text and a line end to standard error; what cannot be written there is lost."""
    try:
        _write(sys.stderr, f"{text}\n")
    except OSError:
        return


def flush_streams() -> bool:
    """Whether all that was written has left; called last, because nobody else would say that it did not."""
    try:
        _write(sys.stdout, "")
        _write(sys.stderr, "")
    except OSError as error:
        tell(f"cannot write to standard output: {error.strerror or error}")
        _mute(sys.stdout)
        return False
    return True


class StandardError:
    """Standard error as a file for logs: whatever ``sys.stderr`` is by then, and it never raises."""

    def write(self, text: str) -> int:
        """Write a text; what cannot be written is lost."""
        try:
            _write(sys.stderr, text)
        except OSError:
            return 0
        return len(text)

    def flush(self) -> None:
        """Nothing to do: every write is flushed."""


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(redact(text))
        stream.flush()
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
        # The reader has what it wanted (``| head``). The run goes on; its results are worth more.
        _mute(stream)


def _mute(stream: IO[str]) -> None:
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, stream.fileno())
    os.close(handle)
