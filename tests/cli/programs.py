"""The program as its users run it: a process of its own, with pipes and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND = (sys.executable, "-m", "acp_action")
TOP = Path(__file__).resolve().parent.parent.parent
SLOW = """
name: Killed
settings: {provider: local, fail_fast: false}
steps:
  - {name: quick, type: text_to_image, params: {prompt: a cat}}
  - type: parallel_group
    name: slow
    steps:
      - {name: slow_1, type: text_to_image, params: {prompt: a dog, delay: 60}}
      - {name: slow_2, type: text_to_image, params: {prompt: a fox, delay: 60}}
  - {name: never, type: text_to_image, params: {prompt: a hen}}
"""
"""A pipeline of which one step ends at once, two take a minute, and one waits for them."""


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, able to find the package from any folder."""
    return {**os.environ, "PYTHONPATH": str(TOP), "TERM": "dumb", **changes}


def run(
    *words: str, env: Mapping[str, str] | None = None, stdin: bytes = b"", **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        env=env or environment(),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        **options,
    )


class Running:
    """The program under way; standard error is read line by line."""

    def __init__(self, *words: str, **options: Any) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Alone in its group, and with SIGINT not ignored, as from a shell.
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **options,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.process.kill()
        self.process.communicate()

    def until(self, text: str) -> list[str]:
        """The lines of standard error up to the first one that holds the text."""
        assert self.process.stderr
        lines: list[str] = []
        for line in self.process.stderr:
            lines.append(line.rstrip("\n"))
            if text in line:
                return lines
        raise AssertionError(f"{text!r} never came: {lines}")

    def end(self, timeout: float = 10.0) -> tuple[int, str, str]:
        """Exit code, standard output and the rest of standard error."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, err
