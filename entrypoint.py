"""The container's way in: the GitHub action, or the command line where arguments are given.

Started as ``python -I -u entrypoint.py``. Process 1 of a container has no default reaction to SIGTERM, and
the runner waits 7.5 s after SIGINT: so handlers are there before anything slow is imported.
"""

from __future__ import annotations

import os
import signal
import sys

_early: list[int] = []
for _number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(_number, lambda number, _frame: _early.append(number))


def main() -> int:
    """Run what was asked for; the exit code."""
    # As in acp_action.__main__: no plugin of pydantic has a place here, and looking for one takes time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from acp_action.cli.signals import Signals

    if sys.argv[1:]:
        return _command_line()
    # What the runner reads, whatever the locale says.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    with Signals() as signals:
        for number in _early:
            signals.caught(number)
        from acp_action import __version__
        from acp_action.github.action import main as act

        return act(signals, os.environ, sys.stdout, version=__version__)


def _command_line() -> int:
    """``docker run IMAGE run-chain …``: as the owner of the mounted folder, who then owns the results."""
    from pathlib import Path

    from acp_action.cli.app import main as run
    from acp_action.github.ownership import become

    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Process 1 would not heed SIGTERM by itself; while a pipeline runs, the command has handlers of its own.
    signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))
    become(Path.cwd())
    return run()


if __name__ == "__main__":
    _code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread that is stuck in a request must not keep the container alive.
    os._exit(_code)
