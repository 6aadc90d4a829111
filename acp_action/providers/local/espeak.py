"""espeak-ng, where it is installed: run as a program of its own, ended with everything it started."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING, Final

from acp_action.errors import FatalError
from acp_action.providers.local.work import Work

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.providers.base import Token

PROGRAM: Final = "espeak-ng"
_WORDS_PER_MINUTE: Final = 165
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,2}")
_DEFAULT_LANGUAGE: Final = "en"
_GLANCE: Final = 0.02
_LONGEST_REASON: Final = 300


def find_espeak() -> str | None:
    """The program's path, None where it is not installed."""
    return shutil.which(PROGRAM)


def speak(
    program: str, text: str, path: Path, token: Token, *, speed: float = 1.0, language: str = ""
) -> None:
    """Have the text spoken into a WAV file.

    Raises FatalError when the program fails, and what the token raises. The text goes in through standard
    input, so that no text can be taken for an option.
    """
    voice = language if _LANGUAGE.fullmatch(language) else _DEFAULT_LANGUAGE
    pace = str(round(_WORDS_PER_MINUTE * speed))
    command = [program, "-v", voice, "-s", pace, "-w", str(path), "--stdin", "--"]
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as complaints:
        source.write(text.encode("utf-8", "replace"))
        source.seek(0)
        code = _run(command, source.fileno(), complaints.fileno(), token)
        if code != 0:
            complaints.seek(0)
            reason = complaints.read(_LONGEST_REASON).decode(errors="replace").strip()
            raise FatalError(f"{PROGRAM} ended with code {code}: {reason or 'it gave no reason'}")


def _run(command: list[str], source: int, complaints: int, token: Token) -> int:
    """The program's exit code. It gets a group of its own, killed whole when the attempt must end."""
    process = subprocess.Popen(  # noqa: S603 - a list, from the PATH, without a shell
        command, stdin=source, stdout=subprocess.DEVNULL, stderr=complaints, start_new_session=True
    )
    begun = token.now()
    try:
        while True:
            token.check()
            try:
                return process.wait(timeout=_GLANCE)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if isinstance(token, Work):
            token.awaited(token.now() - begun)
