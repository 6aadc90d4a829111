"""The parent's side: asks for runs, kills them somewhere, and holds the ledger against what must be true."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from acp_action.report.files import find_run
from tests.oracle.paying import Service, files_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

TOP = Path(__file__).resolve().parent.parent.parent


@dataclass
class Ran:
    """How one run ended; ``steps``: status by name, empty for a run that was killed."""

    code: int
    steps: dict[str, str]
    points: int = 0
    cost: float = 0.0
    error: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def doubtful(self) -> set[str]:
        """The steps in doubt."""
        return {name for name, status in self.steps.items() if status == "doubt"}


class Runs:
    """Makes runs in processes of their own. ``carrying``: by what, as ``module:function``.

    ``errors``: where the processes' standard error goes (default: to this one's).
    """

    def __init__(self, carrying: str = "tests.oracle.child:carried_out", errors: Any = None) -> None:
        self._carrying = carrying
        self._errors = errors

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.oracle.child", self._carrying], cwd=TOP,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_exc: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def run(self, pipeline: Path, place: Path, *, kill_at: int | str | None = None, **wishes: Any) -> Ran:
        """One run into ``place/output``; the ledger of the fake services is in ``place``.

        ``wishes``: as the one that carries the run out reads them.
        """
        assert self._process.stdin
        assert self._process.stdout
        wish = {
            "pipeline": str(pipeline), "folder": str(place / "output"), "state": str(place),
            "kill_at": kill_at, "fresh": False, "resubmit": False, **wishes,
        }  # fmt: skip
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        return Ran(**json.loads(self._process.stdout.readline()))


class RunsPool:
    """Several ``Runs``, each started when it is first needed; lent to one thread at a time."""

    def __init__(self, carrying: str, size: int, errors: Any = None) -> None:
        self._stack = ExitStack()
        self._free: SimpleQueue[Runs] = SimpleQueue()
        for _ in range(size):
            self._free.put(Runs(carrying, errors))
        self._begun: set[Runs] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @contextmanager
    def lent(self) -> Iterator[Runs]:
        """One that nobody else has."""
        runs = self._free.get()
        try:
            if runs not in self._begun:
                self._begun.add(self._stack.enter_context(runs))
            yield runs
        finally:
            self._free.put(runs)


def check_told(folder: Path, billed: set[str]) -> None:
    """What was paid for is told by the report of the killed run, as made, in doubt, or to be taken up."""
    steps = {step.name: step for step in find_run(folder).report.steps} if billed else {}
    for name in billed:
        step = steps[name]
        ways = ("takes it up", "takes up", "fetches it", "uses it")
        assert step.status in ("succeeded", "cached", "doubt") or step.reason.endswith(ways), step


def check_kill(runs: Runs, pipeline: Path, place: Path, kill_at: int, whole: dict[str, bytes]) -> str:
    """Kill a run at one place, run again, and hold the promise; what the second run found in doubt.

    ``whole``: the files of an undisturbed run.
    """
    place.mkdir()
    killed = runs.run(pipeline, place, kill_at=kill_at)
    assert killed.code in (-9, 0), killed
    service = Service(place)
    before = Counter(service.billed())
    check_told(place / "output", set(before))
    again = runs.run(pipeline, place)
    bills = Counter(service.billed())
    assert max(bills.values(), default=0) <= 1, f"paid twice: {bills}"
    left_out = again.doubtful | {name for name, status in again.steps.items() if status == "skipped"}
    assert again.code == (3 if again.doubtful else 0), again
    expected = {name: content for name, content in whole.items() if Path(name).stem not in left_out}
    found = files_of(place / "output")
    assert {name: found.get(name) for name in expected} == expected
    assert all("it may have been billed, at up to 0.05 USD" in again.reasons[n] for n in again.doubtful)
    if again.doubtful:
        third = runs.run(pipeline, place, resubmit=True)
        assert third.code == 0, third
        twice = {name for name, count in Counter(service.billed()).items() if count > 1}
        assert twice <= again.doubtful & set(before)
        assert files_of(place / "output") == whole
    last = len(service.billed())
    final = runs.run(pipeline, place)
    assert (final.code, final.cost, len(service.billed())) == (0, 0.0, last), final
    assert set(final.steps.values()) == {"cached"}
    return ",".join(sorted(again.doubtful))
