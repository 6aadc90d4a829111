"""A real terminal with a command in it, and what stands on its screen, colours included."""

from __future__ import annotations

import itertools
import os
import shlex
import subprocess
import threading
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

COLUMNS: Final = 100
ROWS: Final = 30
_LOOK_EVERY: Final = 0.1
_NUMBERS = itertools.count()


class Terminal:
    """A shell in tmux, in ``folder``, with these variables and no others; to be used as a context."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._socket = ["tmux", "-L", f"acp-pictures-{os.getpid()}-{next(_NUMBERS)}", "-f", os.devnull]
        given = {"LANG": "C.UTF-8", "TERM": "screen", "PS1": "$ ", **variables}
        shell = shlex.join(["env", "-i", *(f"{name}={value}" for name, value in given.items()), "sh"])
        start = f"cd {shlex.quote(str(folder))}; exec {shell}"
        self._tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), start)
        self._pause = threading.Event()
        # What is typed before the shell asks for it would be shown before its sign.
        self.when(lambda rows: rows == ["$"], patience=10.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    def type(self, line: str) -> None:
        """Type a line and press return."""
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def screens(self, patience: float) -> Iterator[list[str]]:
        """What stands on the screen, again and again for so many seconds: rows without colours."""
        for _ in range(int(patience / _LOOK_EVERY)):
            yield [row.rstrip() for row in self._tmux("capture-pane", "-p").rstrip("\n").split("\n")]
            self._pause.wait(_LOOK_EVERY)

    def when(self, holds: Callable[[list[str]], bool], patience: float = 60.0) -> str:
        """The screen, colours as codes, once this holds of its rows; else TimeoutError with the last one."""
        for screen in self.screens(patience):
            if holds(screen):
                return self._tmux("capture-pane", "-p", "-e")
        raise TimeoutError("this never came; what was seen last:\n" + "\n".join(screen))

    def _tmux(self, *words: str) -> str:
        done = subprocess.run([*self._socket, *words], capture_output=True, text=True, check=True)
        return done.stdout
