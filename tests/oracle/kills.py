"""Places in a run where its process can be killed: each write of the journal, each request, each rename."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from typing import Any

from acp_action.store.group_commit import GroupCommit

_EVENTS = frozenset({"os.rename", "os.link", "os.remove", "os.truncate", "socket.connect"})


class KillPoints:
    """Counts the places as they are passed, and kills this process at one of them.

    ``at`` counts from 1, or is the name of a place, whose first one it is then; None to count only.
    ``install`` cannot be undone: for processes of their own.
    """

    def __init__(self, at: int | str | None = None) -> None:
        self._at = at
        self._count = itertools.count(1)
        self.passed: list[str] = []

    def __call__(self, name: str) -> None:
        """Note that a place is passed, or die there."""
        number = next(self._count)
        self.passed.append(name)
        if self._at in (number, name):
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Watch what the process does."""
        self._around_the_journal()
        self._around_requests()
        sys.addaudithook(self._audit)

    def _audit(self, event: str, _args: Any) -> None:
        if event in _EVENTS:
            self(event)

    def _around_requests(self) -> None:
        from acp_action.providers.http import _Line

        send, hear, point = _Line.request, _Line.getresponse, self

        def sent(line: Any, *request: Any, **options: Any) -> None:
            point("before a request")
            send(line, *request, **options)
            point("a sent request")

        def heard(line: Any) -> Any:
            reply = hear(line)
            point("the head of an answer")
            return reply

        line: Any = _Line
        line.request, line.getresponse = sent, heard

    def _around_the_journal(self) -> None:
        put, lead, point = GroupCommit._put, GroupCommit._lead, self

        def torn(commit: GroupCommit, line: bytes) -> None:
            point("before a line")
            number = point._at
            if isinstance(number, int) and len(point.passed) + 1 == number:
                # A kill in the middle of a write: half of it is there.
                os.write(commit._descriptor, line[: len(line) // 2])
            point("a torn line")
            put(commit, line)
            point("after a line")

        def synced(commit: GroupCommit) -> None:
            lead(commit)
            point("after a sync")

        commits: Any = GroupCommit
        commits._put = torn
        commits._lead = synced
