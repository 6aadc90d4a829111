"""Services with jobs: order, watch, conclude; take up what was ordered before; and what a stop does.

The id of a job is on the trail as soon as the service tells it, so whatever happens afterwards, the job is
asked for and not ordered again. A new order is made only when it is known that the old one made nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from acp_action.artifacts import SINGULAR
from acp_action.errors import AcpError, DeadlineExpired, FatalError, PolicyRefusal, StopWork, TransientError
from acp_action.providers.base import Product, RemoteJob
from acp_action.providers.calls import check_result
from acp_action.providers.jobs.ends import CancelledThere, Ended
from acp_action.providers.jobs.orders import JobOrders
from acp_action.providers.jobs.parting import Parting
from acp_action.providers.jobs.polling import Experience
from acp_action.providers.jobs.watch import Watch
from acp_action.providers.remote import one_of_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.providers.account import Account
    from acp_action.providers.base import Request, Token, Trail
    from acp_action.providers.jobs.watch import Look
    from acp_action.providers.media.download import Downloads
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.remote import Result
    from acp_action.providers.wire.wire import Wire

# Seconds after a stop: for the provider's cancel, and for fetching what had ended meanwhile. Together below
# the grace that the engine gives.
_CANCEL: Final = 3.0
_FETCH: Final = 4.5
# The longest address that is written down; longer ones hold the media itself, and are asked for again.
_LONGEST_KEPT: Final = 8192
# Before the deadline one more look is made, so many seconds or this part of what is left.
_LAST_LOOK: Final = 1.0


class JobAdapter(JobOrders):
    """What adapters of services with jobs share.

    ``not_yet``: seconds for which a service may not know a job yet that it has just taken.
    """

    not_yet = 10.0

    def __init__(
        self,
        account: Account,
        *,
        wire: Wire | None = None,
        downloads: Downloads | None = None,
        experience: Experience | None = None,
    ) -> None:
        """``experience``: to share what is learnt about job times with other adapters."""
        super().__init__(account, wire=wire, downloads=downloads)
        self._experience = experience or Experience()

    # --- what a service does its own way

    def order(
        self, request: Request, fields: Fields, token: Token, trail: Trail
    ) -> tuple[RemoteJob, Look | None]:
        """Upload inputs, order; the job, and what the answer already says of its state."""
        raise NotImplementedError

    def look(self, job: RemoteJob, token: Token) -> Look:
        """How the job is doing. Raises only what will not pass; what may pass is ``unclear``."""
        raise NotImplementedError

    def follow(self, watch: Watch, token: Token, trail: Trail) -> Look | None:  # noqa: ARG002
        """Wait for the end by a stream of events; None where there is none, or it broke off."""
        return None

    def conclude(self, request: Request, fields: Fields, job: RemoteJob, look: Look, token: Token) -> Result:
        """What an ended job made: ``files`` (addresses), ``text``, ``seed``, ``notes``.

        Raises Ended when it made nothing; anything else says that it could not be asked.
        """
        raise NotImplementedError

    def cancel(self, job: RemoteJob, token: Token) -> Look:
        """Call a job off; what the answer says of its state."""
        raise NotImplementedError

    # --- the common way

    def obtain(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Result | Product:
        """The job's result: of the one that is open on the trail, else of a new one."""
        job = trail.job
        if job is not None:
            request.tell("taken_up", job.id)
            try:
                return self._waited_for(request, fields, token, trail, (job, None), taken_up=True)
            except CancelledThere:
                token.check()  # it made nothing, and a new one may be ordered
        ordered = self.order(request, fields, token, trail)
        request.tell("ordered", ordered[0].id)
        try:
            return self._waited_for(request, fields, token, trail, ordered, taken_up=False)
        except CancelledThere as gone:
            raise (TransientError(str(gone)) if gone.free else gone) from gone

    def product(self, request: Request, fields: Fields, token: Token, result: Result) -> Product:
        """The media that the result tells of, fetched; or its text."""
        check_result(result)
        request.tell("fetching")
        facts: dict[str, Any] = {
            "cost": self.cost(request, fields),
            "seed": result.get("seed"),
            "queued": result.get("queued", 0.0),
            "notes": {**_notes(result), "request": _job_of(result).id},
        }
        text = result.get("text")
        if request.model.makes == "text":
            return Product("text", text=str(text), **facts)
        kind = SINGULAR[request.model.makes]
        addresses = self._addresses(request, fields, token, result)
        files = []
        for index, address in enumerate(addresses):

            def reread(place: int = index) -> str:
                return self._fresh(request, fields, token, result)[place]

            files.append(self.downloads.fetch(address, request.stage, token, kind=kind, reread=reread))
        return one_of_each(tuple(files), request, **facts)

    def _waited_for(
        self,
        request: Request,
        fields: Fields,
        token: Token,
        trail: Trail,
        ordered: tuple[RemoteJob, Look | None],
        *,
        taken_up: bool,
    ) -> Result | Product:
        job, look = ordered
        expected = self.expected_seconds(request.type, request.model, fields.values)
        endpoint = str(request.model.entry.get("endpoint", request.model.key))
        watch = Watch(
            job, self._experience.expectation(endpoint, expected), token.now(), taken_up, tell=request.tell
        )
        try:
            if look is None or look.state != "ended":
                look = self._watched(watch, token, trail)
            if watch.ran is not None:
                self._experience.learn(endpoint, expected, watch.ran)
            return self._concluded(request, fields, watch, look, token, trail)
        except StopWork as stop:
            return self._parted(request, fields, watch, stop, token, trail)

    def _watched(self, watch: Watch, token: Token, trail: Trail) -> Look:
        """The look that shows the job's end."""
        if not watch.taken_up:
            followed = self.follow(watch, token, trail)
            if followed is not None:
                return followed
        last = False
        while True:
            pause, left = watch.pause(token.now()), token.remaining()
            if pause >= left and not last:
                pause, last = max(left - min(_LAST_LOOK, left / 10), 0.0), True
            token.wait(pause, f"job {watch.job.id} at {self.name}")
            look = self.look(watch.job, token)
            self.noticed(watch, look, token, trail)
            if look.state == "ended":
                return look
            if watch.gone_for(token.now()) > self.not_yet:
                raise FatalError(
                    f"{self.name} knows no job {watch.job.id}; if it was paid, what it made has expired there"
                )

    def noticed(self, watch: Watch, look: Look, token: Token, trail: Trail) -> None:
        """Note what a look showed; that a job has begun is written down, because it is paid for then."""
        watch.saw(look, token.now())
        if look.state == "begun" and not watch.job.begun:
            watch.job = watch.job._replace(begun=True)
            trail.accepted(watch.job)

    def _concluded(
        self, request: Request, fields: Fields, watch: Watch, look: Look, token: Token, trail: Trail
    ) -> Result:
        job: dict[str, JsonValue] = {"id": watch.job.id, "urls": dict(watch.job.urls)}
        try:
            result = {**self.conclude(request, fields, watch.job, look, token), "job": job}
        except Ended as ended:
            if ended.then == "anew":
                trail.withdrawn(str(ended.error))
            elif ended.then == "never":
                word = "refused" if isinstance(ended.error, PolicyRefusal) else "failed"
                trail.settled({word: str(ended.error), "job": job})
            raise ended.error from ended.__cause__
        trail.settled({**result, "files": [_kept(address) for address in _files(result)]})
        return {**result, "queued": watch.queued}

    # --- after a stop

    def _parted(
        self,
        request: Request,
        fields: Fields,
        watch: Watch,
        stop: StopWork,
        token: Token,
        trail: Trail,
    ) -> Product:
        """Call the job off or let it go on, as the stop wants; a product when it turns out to be done."""
        job = watch.job
        goes_on = isinstance(stop, DeadlineExpired) or getattr(stop, "resumable", False)
        if job.begun and goes_on:
            then = "and the next run fetches it" if trail.lasting else "and can be looked up there"
            raise _told(stop, f"job {job.id} goes on at {self.name}, {then}") from stop
        parting = Parting(token, _CANCEL)
        try:
            look = self.cancel(job, parting)
            if look.state == "ended":
                result = self._concluded(request, fields, watch, look, parting, trail)
                return self.product(request, fields, Parting(token, _FETCH - _CANCEL), result)
        except CancelledThere as gone:
            request.tell("cancelled", job.id)
            raise _told(stop, f"job {job.id} was called off at {self.name}") from gone
        except AcpError as error:
            raise _told(stop, f"job {job.id} at {self.name} may go on: {error}") from error
        raise _told(stop, f"job {job.id} at {self.name} was told to stop") from stop

    # --- addresses

    def _addresses(self, request: Request, fields: Fields, token: Token, result: Result) -> list[str]:
        files = _files(result)
        return files if all(files) else self._fresh(request, fields, token, result)

    def _fresh(self, request: Request, fields: Fields, token: Token, result: Result) -> list[str]:
        """The addresses anew, by the job's id: those that were written down have expired."""
        job = _job_of(result)
        look = self.look(job, token)
        if look.state != "ended":
            raise FatalError(f"{self.name} no longer tells what job {job.id} made, which was paid")
        try:
            return _files(self.conclude(request, fields, job, look, token))
        except Ended as ended:
            raise ended.error from ended


def _told(stop: StopWork, what: str) -> StopWork:
    """The same stop, with what became of the job."""
    told = type(stop)(f"{stop}; {what}")
    with suppress(AttributeError):
        told.resumable = stop.resumable  # type: ignore[attr-defined]
    return told


def _files(result: Mapping[str, Any]) -> list[str]:
    return [str(address) for address in result.get("files", ())]


def _notes(result: Mapping[str, Any]) -> dict[str, JsonValue]:
    return dict(result.get("notes", {}))


def _job_of(result: Mapping[str, Any]) -> RemoteJob:
    job = result.get("job", {})
    return RemoteJob(str(job.get("id", "")), dict(job.get("urls", {})), begun=True)


def _kept(address: str) -> str:
    return address if len(address) <= _LONGEST_KEPT else ""
