"""What can go wrong at fal alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.simulators.faults import Make, Shape, edited, fault, table
from tests.simulators.jobs import Job, fated
from tests.simulators.wire import Call, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

_HUGE = 64 * 1024 * 1024
_PNG = "data:image/png;base64,"


def _content(change: Callable[[Any], Any]) -> Shape:
    """The true answer with its JSON changed."""
    return lambda sim, call, make: edited(make, change)


def _state(word: str) -> Shape:
    """Another word for the state of the job."""

    def change(content: Any) -> None:
        content.update(status=word, queue_position=0)

    return lambda sim, call, make: replace(edited(make, change), status=202)


def _media(change: Callable[[list[Any]], list[Any]]) -> Shape:
    """The result with other files in it; one file is a list of one, and an empty list is null."""

    def edit(content: Any) -> None:
        for name in ("images", "image", "video", "audio"):
            if name in content and isinstance(content[name], list):
                content[name] = change(content[name])
            elif name in content:
                content[name] = next(iter(change([content[name]])), None)

    return _content(edit)


def _address(address: str | None) -> Shape:
    return _media(lambda files: [{**file, "url": address} for file in files])


def _nsfw(content: Any) -> None:
    content["has_nsfw_concepts"] = [True] * len(content.get("has_nsfw_concepts", [True]))


def _fails(reply: Callable[[Any], Reply]) -> Shape:
    """The job ends without a result, and is not billed."""

    def change(sim: Any, job: Job) -> None:
        job.fate["fails"] = reply(sim)
        sim.ledger.void(job.id, "failed")

    return fated(change)


def _refused(sim: Any) -> Reply:
    reply: Reply = sim.invalid("prompt", "The content could not be processed", "content_policy_violation")
    return reply


def _crashed(sim: Any) -> Reply:
    reply: Reply = sim.error(500, "Internal server error", "runner_server_error")
    return reply


def _stuck(sim: Any, job: Job) -> None:
    sim.queue.hold(job, sim.now())


def _too_late(sim: Any, call: Call, make: Make) -> Reply:
    """The job ends at the moment of the cancel."""
    job = sim.queue.jobs.get(call.path.split("/requests/")[1].split("/")[0])
    if job is not None and job.state(sim.now()) in ("queued", "running"):
        sim.queue.finish(job, sim.now())
    return make()


def _units(text: str | None) -> Shape:
    """What the answer says was billed."""

    def shape(sim: Any, call: Call, make: Make) -> Reply:
        reply = make()
        headers = {k: v for k, v in reply.headers.items() if k != "X-Fal-Billable-Units"}
        return replace(reply, headers=headers if text is None else {**headers, "X-Fal-Billable-Units": text})

    return shape


def _error_inside(sim: Any, call: Call, make: Make) -> Reply:
    return json_reply(200, {"detail": "Something went wrong.", "error_type": "internal_error"})


FAULTS = table(
    fault("N5.unknown", "status", "a state that nobody knows", _state("PREPARING")),
    fault("N5.backwards", "status", "queued, whatever was said before", _state("IN_QUEUE")),
    fault("P6.rejected", "order", "accepted, then its input is rejected",
          _fails(lambda sim: sim.invalid("prompt", "String should be shorter")), random=False),
    fault("P6.crashed", "order", "accepted, then the model crashes",
          _fails(_crashed), random=False),
    fault("P7.refused", "order", "accepted, then refused for its content", _fails(_refused), random=False),
    fault("P7.nsfw", "result", "a black picture and a flag", _content(_nsfw), random=False),
    fault("P8.error", "result", "200 with an error in it", _error_inside),
    fault("P9.fewer", "result", "one file less than asked", _media(lambda files: files[:-1]), random=False),
    fault("P9.empty", "result", "no file", _media(lambda files: []), random=False),
    fault("P9.null", "result", "null where the address should be", _address(None), random=False),
    fault("P10.stuck", "order", "never leaves the queue", fated(_stuck), random=False),
    fault("P11.completed", "cancel", "ends at the moment of the cancel", _too_late),
    *(fault(f"P13.{name}", "result", f"units told as {text!r}", _units(text))
      for name, text in {"missing": None, "negative": "-3", "nan": "NaN"}.items()),
    fault("P14.garbage", "result", "a data URI that is no base64",
          _address(_PNG + "!!! no base64 !!!"), random=False),
    fault("P14.huge", "result", "a data URI of 64 MiB",
          lambda sim, call, make: _address(_PNG + "A" * _HUGE)(sim, call, make), random=False),
)  # fmt: skip
