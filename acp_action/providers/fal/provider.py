"""fal: jobs in a queue. Submit, follow by stream or by looks, fetch the result.

By https://docs.fal.ai/model-endpoints/queue. The platform repeats a job of its own accord where the runner
fell over; it keeps its id and is billed once, so that is left on (no ``x-fal-no-retry``). Nor is the store of
inputs and outputs switched off: by it a later run finds what was paid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from acp_action.errors import DeadlineExpired, FatalError, PolicyRefusal, RateLimited, TransientError
from acp_action.providers.base import RemoteJob
from acp_action.providers.fal.answers import (
    FalRules,
    error_inside,
    files_in,
    is_withheld,
    job_error,
    text_in,
)
from acp_action.providers.fal.files import FalFiles
from acp_action.providers.fal.states import (
    SURE,
    after,
    app_of,
    event_look,
    is_final,
    job_id,
    notes_of,
    seed_of,
    status_look,
)
from acp_action.providers.jobs.adapter import JobAdapter
from acp_action.providers.jobs.ends import Ended, FieldError, named
from acp_action.providers.jobs.parting import Within
from acp_action.providers.jobs.watch import Look
from acp_action.providers.remote import Probe
from acp_action.providers.wire.wire import retry_after, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.providers.base import Request, Token, Trail
    from acp_action.providers.jobs.watch import Watch
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.remote import Result
    from acp_action.providers.wire.wire import Answer, Rules

# All but redirects, which are an error of their own.
_ANY: Final = frozenset(range(200, 600)) - frozenset(range(300, 400))
# Seconds for one try of a call; a submit only puts a job into a queue.
_SUBMIT: Final = 120.0
_ASK: Final = 15.0
# A stream that is silent so many standard deviations beyond the expected time is not waited for any longer.
_PATIENCE: Final = 1.3
_LEAST_PATIENCE: Final = 2.0
_KEY_TROUBLE: Final = frozenset({401, 403})
# Whatever the queue says to a call that asks for nothing, it is there.
_ANY_ANSWER: Final = range(200, 500)
# The least start time that fal takes.
_LEAST_START: Final = 2.0


class FalProvider(JobAdapter):
    """Steps at fal. ``streams``: whether jobs are followed by its event stream where that works."""

    name = "fal"
    address = "https://queue.fal.run"
    profile: ClassVar[Literal["concurrency", "pace"]] = "concurrency"

    def __init__(self, *arguments: Any, streams: bool = True, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._streams = streams
        self._files = FalFiles(self)

    def close(self) -> None:
        """Close the connections that are kept open, those for uploads too."""
        super().close()
        self._files.close()

    def authorization(self) -> Mapping[str, str]:
        """The key in fal's own scheme."""
        return {"Authorization": f"Key {self.account.key}"}

    def probe(self, token: Token) -> Probe:
        """At the address for uploads: what the queue would be asked for nothing says nothing of the key.

        The queue is asked whether it answers at all; orders go there, and it may be another address.
        """
        taken = self._files.leave(token)
        self.wire.call("GET", "/", token, what="looking whether the queue answers", ok=_ANY_ANSWER)
        return Probe(date=taken.headers.get("date", ""))

    def rules(self) -> Rules:
        """Fal's errors."""
        return FalRules()

    # --- ordering

    def order(
        self, request: Request, fields: Fields, token: Token, trail: Trail
    ) -> tuple[RemoteJob, Look | None]:
        """Put the job into the queue; nothing is known of its state then."""
        endpoint = str(request.model.entry["endpoint"])
        body = self.body(request, fields, token)
        headers = {}
        if _LEAST_START <= token.remaining() < float("inf"):
            # Past it the job is dropped if it has not begun: nobody would wait for it any more.
            headers["X-Fal-Request-Timeout"] = f"{token.remaining():.1f}"
        try:
            answer = self.wire.order(
                f"/{endpoint}", token, trail, what="ordering", cost=self.cost(request, fields),
                json=body, headers=headers, timeout=_SUBMIT,
            )  # fmt: skip
        except FieldError as error:
            raise named(error, fields) from error
        job = self._accepted(answer, endpoint)
        trail.accepted(job)
        return job, None

    def reachable(self, item: MediaInput, token: Token) -> str:
        """Small files go along, others are uploaded once."""
        return self._files.address(item, token)

    def _accepted(self, answer: Answer, endpoint: str) -> RemoteJob:
        """The job that fal has taken. Raises UnknownOutcome when its id cannot be read."""
        found = job_id(answer)
        if found is None:
            raise unreadable(answer, "fal: ordering")
        name, tree = found
        own = f"{self.base}/{app_of(endpoint)}/requests/{name}"
        built = {"status": f"{own}/status", "response": own, "cancel": f"{own}/cancel"}
        # The addresses it tells, as its documentation asks.
        return RemoteJob(name, self.own_addresses(built, {r: tree.get(f"{r}_url") for r in built}))

    # --- watching

    def look(self, job: RemoteJob, token: Token) -> Look:
        """Ask for the status. What is no sense, or trouble of the way there, is ``unclear``."""
        url = self.url(job, "status")
        try:
            answer = self.wire.call(
                "GET",
                url,
                token,
                what="asking for the job's status",
                params={"logs": "0"},
                timeout=_ASK,
                ok=_ANY,
            )
        except (TransientError, RateLimited) as error:
            return Look("unclear", pause=error.retry_after or 0.0, trouble=str(error))
        return self._read_status(answer)

    def _read_status(self, answer: Answer) -> Look:
        if answer.status in (401, 403):
            raise self.told_by_table(answer)
        tree = answer.tree
        if answer.status in (200, 202) and isinstance(tree, dict):
            return status_look(tree)
        pause = retry_after(answer, 0.0) if answer.status in (429, 503) else None
        state: Literal["gone", "unclear"] = "gone" if answer.status == 404 else "unclear"
        trouble = f"HTTP {answer.status}: {answer.said}"
        return Look(state, pause=min(pause or 0.0, 60.0), trouble=trouble)

    def follow(self, watch: Watch, token: Token, trail: Trail) -> Look | None:
        """Wait at fal's stream of states; None when it breaks off, and then looks are made."""
        if not self._streams:
            return None
        patience = max(watch.expected.at(_PATIENCE), _LEAST_PATIENCE)
        url = f"{self.url(watch.job, 'status')}/stream"
        heard, watch.live = False, True
        try:
            within = Within(token, patience)
            with self.wire.stream(url, within, what="following the job", silence=patience) as events:
                for _, text in events:
                    look = event_look(text)
                    heard = heard or look.state != "unclear"
                    if look.state != "unclear":
                        self.noticed(watch, look, token, trail)
                    if look.state == "ended":
                        return look
        except (DeadlineExpired, FatalError, TransientError, RateLimited):
            token.check()
        watch.live = False
        if not heard:
            # A gateway that holds streams back, or has none, will do so with the next job too.
            self._streams = False
        return None

    # --- concluding

    def conclude(self, request: Request, fields: Fields, job: RemoteJob, look: Look, token: Token) -> Result:
        """Fetch the result; that a job has failed shows only here, in the status of this answer."""
        answer = self._result(job, look, token)
        tree, model = answer.tree, request.model
        if answer.status != 200 or not isinstance(tree, dict):
            error = job_error(answer)
            raise (Ended(named(error, fields), after(answer, error)) if error else self.told_by_table(answer))
        writes = model.makes == "text"
        files, text = ([], text_in(tree, model)) if writes else (files_in(tree, model), "")
        error = error_inside(tree)
        if error is not None and not (files or text):
            raise Ended(named(error, fields), "ask")
        if is_withheld(tree):
            refusal = PolicyRefusal("fal withheld every picture (has_nsfw_concepts); it may be billed")
            raise Ended(refusal, "never")
        if not (files or text):
            what = f"job {job.id} ended without any {model.makes}; it may be billed"
            raise Ended(FatalError(f"fal: {what}"), "ask")
        return {"files": files, "text": text, "seed": seed_of(tree), "notes": notes_of(answer, look)}

    def _result(self, job: RemoteJob, look: Look, token: Token) -> Answer:
        """The answer that is the job's own; other trouble is met by asking again, until the deadline.

        A 5xx here is the job's failure if its state says so too; else it may be trouble of the way there.
        """
        begun, tries = token.now(), 0
        while True:
            pause = 0.0
            try:
                answer = self._ask_for_result(job, token)
            except (TransientError, RateLimited) as error:
                pause = error.retry_after or 0.0
            else:
                if answer.status in _KEY_TROUBLE or is_final(answer, look, tries):
                    return answer
                if answer.status == 404 and token.now() - begun > self.not_yet:
                    raise FatalError(f"fal no longer knows job {job.id}; it was paid, its output expired")
                pause = retry_after(answer, 0.0) or 0.0
            tries += 1
            token.wait(max(min(pause, 60.0), min(0.2 * 2**tries, 10.0)), f"the result of job {job.id}")
            if tries >= SURE and "error" not in look.answer:
                look = self.look(job, token)

    def _ask_for_result(self, job: RemoteJob, token: Token) -> Answer:
        url = self.url(job, "response")
        return self.wire.call("GET", url, token, what="fetching the result", timeout=4 * _ASK, ok=_ANY)

    def cancel(self, job: RemoteJob, token: Token) -> Look:
        """Call the job off, and look whether it was in time."""
        answer = self.wire.call("PUT", self.url(job, "cancel"), token, what="cancelling the job", ok=_ANY)
        if answer.status == 400:
            return Look("ended")
        return self.look(job, token)
