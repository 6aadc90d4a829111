"""What can go wrong at Replicate alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulators.faults import Make, Shape, edited, fault, table
from tests.simulators.jobs import Job, fated

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.wire import Call, Reply

_HUGE = 64 * 1024 * 1024
_PNG = "data:image/png;base64,"


def _content(change: Callable[[Any], Any], *, ended: bool = False) -> Shape:
    """The true answer with its JSON changed; with ``ended`` only when the job has succeeded."""

    def careful(content: Any) -> Any:
        return change(content) if not ended or content.get("status") == "succeeded" else None

    return lambda sim, call, make: edited(make, careful)


def _state(word: str) -> Shape:
    return _content(lambda content: content.update(status=word, output=None, completed_at=None))


def _output(change: Callable[[list[Any]], Any]) -> Shape:
    """Other addresses in the output."""

    def edit(content: Any) -> None:
        output = content["output"]
        several = isinstance(output, list)
        changed = change(output if several else [output])
        content["output"] = changed if several else next(iter(changed), None)

    return _content(edit, ended=True)


def _fails(words: str) -> Shape:
    """The job ends without a result, and is not billed."""

    def change(sim: Any, job: Job) -> None:
        job.fate["fails"] = words
        sim.ledger.void(job.id, "failed")

    return fated(change)


def _aborted(sim: Any, job: Job) -> None:
    job.start_by = sim.now()
    sim.queue.hold(job, sim.now())
    sim.ledger.void(job.id, "aborted")


def _stuck(sim: Any, job: Job) -> None:
    sim.queue.hold(job, sim.now())


def _too_late(sim: Any, call: Call, make: Make) -> Reply:
    """The job ends at the moment of the cancel."""
    job = sim.queue.jobs.get(call.path.split("/")[-2])
    if job is not None and job.state(sim.now()) in ("queued", "running"):
        sim.queue.finish(job, sim.now())
    return make()


def _time(value: Any) -> Shape:
    """What the answer says the job took."""

    def edit(content: Any) -> None:
        content["metrics"] = {} if value is None else {"predict_time": value}

    return _content(edit, ended=True)


FAULTS = table(
    fault("N5.unknown", "status", "a state that nobody knows", _state("preparing")),
    fault("N5.backwards", "status", "starting, whatever was said before", _state("starting")),
    fault("P6.failed", "order", "accepted, then the model fails", _fails("CUDA out of memory"), random=False),
    fault("P7.refused", "order", "accepted, then refused for its content",
          _fails("NSFW content detected. Try a different prompt. (E005)"), random=False),
    fault("P9.fewer", "status", "one file less than asked", _output(lambda files: files[:-1]), random=False),
    fault("P9.empty", "status", "no file", _output(lambda files: []), random=False),
    fault("P9.null", "status", "null where the address should be",
          _output(lambda files: [None for _ in files]), random=False),
    fault("P10.stuck", "order", "never begins", fated(_stuck), random=False),
    fault("P10.aborted", "order", "given up before it began", fated(_aborted), random=False),
    fault("P11.completed", "cancel", "ends at the moment of the cancel", _too_late),
    *(fault(f"P13.{name}", "status", f"time told as {value!r}", _time(value))
      for name, value in {"missing": None, "negative": -3, "nan": float("nan")}.items()),
    fault("P14.garbage", "status", "a data URI that is no base64",
          _output(lambda files: [_PNG + "!!! no base64 !!!" for _ in files]), random=False),
    fault("P14.huge", "status", "a data URI of 64 MiB",
          _output(lambda files: [_PNG + "A" * _HUGE for _ in files]), random=False),
)  # fmt: skip
