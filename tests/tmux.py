"""A real terminal with a shell in it, and what stands on its screen."""

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

ROWS: Final = 30
_LOOK_EVERY: Final = 0.1
_NUMBERS = itertools.count()


class Terminal:
    """A shell in tmux, in ``folder``, with these variables and few others; to be used as a context.

    ``patience``: seconds to wait for what should come. Nothing of it stays, whatever happens.
    """

    def __init__(
        self, folder: Path, columns: int, variables: Mapping[str, str], *, patience: float = 60.0
    ) -> None:
        # A server for each: one that is just ending takes no new session.
        self._socket = ["tmux", "-L", f"acp-{os.getpid()}-{next(_NUMBERS)}", "-f", os.devnull]
        self._folder, self._columns, self._patience = folder, columns, patience
        self._variables = {"LANG": "C.UTF-8", **variables, "TERM": "screen", "PS1": "$ "}
        self._pause = threading.Event()

    def __enter__(self) -> Self:
        given = (f"{name}={value}" for name, value in self._variables.items())
        start = f"cd {shlex.quote(str(self._folder))}; exec {shlex.join(['env', '-i', *given, 'sh'])}"
        self.tmux("new-session", "-d", "-x", str(self._columns), "-y", str(ROWS), start)
        try:
            # What is typed before the shell asks for it would be shown before its sign.
            self.when(lambda rows: rows == ["$"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.tmux("kill-server")

    def type(self, line: str) -> None:
        """Type a line and press return."""
        self.tmux("send-keys", "-l", line)
        self.tmux("send-keys", "Enter")

    def key(self, name: str) -> None:
        """Press a key."""
        self.tmux("send-keys", name)

    def resize(self, columns: int, rows: int) -> None:
        """Drag the window's corner."""
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def when(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """The screen's rows once this holds of them; else TimeoutError with the last ones."""
        for rows in self._screens():
            if holds(rows):
                return rows
        raise TimeoutError("this never came; what was seen last:\n" + "\n".join(rows))

    def coloured(self) -> str:
        """The screen as it is now, colours as codes."""
        return self.tmux("capture-pane", "-p", "-e")

    def tmux(self, *words: str) -> str:
        """What tmux answers to a command."""
        done = subprocess.run([*self._socket, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def _screens(self) -> Iterator[list[str]]:
        """What stands on the screen, again and again, without the blank rows at its end."""
        for _ in range(max(round(self._patience / _LOOK_EVERY), 1)):
            yield [row.rstrip() for row in self.tmux("capture-pane", "-p").rstrip("\n").split("\n")]
            self._pause.wait(_LOOK_EVERY)
