"""Replicate: predictions. Create, look until one of six states is final, fetch within the hour.

By https://replicate.com/docs/reference/http. ``Prefer: wait`` holds the answer to a paid request back until
the job is done, and with it the id: a connection that breaks meanwhile leaves a bill and no way to find what
it was for. So it is asked for only where the job is expected within seconds, and for no longer than these.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from acp_action.errors import FatalError, PolicyRefusal, RateLimited, TransientError
from acp_action.providers.base import RemoteJob
from acp_action.providers.jobs.adapter import JobAdapter
from acp_action.providers.jobs.ends import CancelledThere, Ended, FieldError, named
from acp_action.providers.jobs.watch import Look
from acp_action.providers.params import values
from acp_action.providers.reading import addresses_in, entry
from acp_action.providers.wire.answer import excerpt
from acp_action.providers.wire.wire import Part, Rules, retry_after, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.errors import ProviderError
    from acp_action.providers.base import Request, Token, Trail
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.remote import Result
    from acp_action.providers.wire.wire import Answer

SMALL: Final = 256 * 1024
"""Bytes up to which a file travels in the request, as Replicate asks."""
# All but redirects, which are an error of their own.
_ANY: Final = frozenset(range(200, 600)) - frozenset(range(300, 400))
_ID: Final = re.compile(r"[a-z0-9-]{1,128}", re.ASCII)
_ID_IN_RUINS: Final = re.compile(rb'^\s*\{\s*"id"\s*:\s*"([a-z0-9-]{1,128})"')
_STATES: Final[Mapping[str, Literal["starting", "begun", "ended"]]] = {
    "starting": "starting",
    "processing": "begun",
    "succeeded": "ended",
    "failed": "ended",
    "canceled": "ended",
    "aborted": "ended",
}
# The words of models that refuse; there is no code that says so.
_REFUSALS: Final = re.compile(
    r"nsfw|sensitive|flagged|\bE005\b|content polic|moderat|safety (?:check|filter|system)", re.IGNORECASE
)
# Expected seconds up to which the answer may be held back.
_SOON: Final = 5.0
_CREATE: Final = 120.0
_ASK: Final = 15.0
_UPLOAD: Final = 600.0
# Past the step's time a job may run so many times its expected time before Replicate ends it: what began in
# time is then fetched by a later run, and what was never begun costs nothing.
_RUN_OVER: Final = 2.0


class ReplicateRules(Rules):
    """Readings of Replicate's errors that the common table does not know."""

    def explain(self, answer: Answer) -> ProviderError | None:
        """A refusal of the content, or a field that is not accepted."""
        tree = answer.tree
        if answer.status != 422 or not isinstance(tree, dict):
            return None
        if _REFUSALS.search(answer.said):
            return PolicyRefusal(f"replicate refuses this content: {answer.said}")
        wrong = tree.get("invalid_fields")
        first = wrong[0] if isinstance(wrong, list) and wrong and isinstance(wrong[0], dict) else {}
        field = str(first.get("field") or "").removeprefix("input.")
        return FieldError(f"replicate: {answer.said}", field[:100]) if field else None


class ReplicateProvider(JobAdapter):
    """Steps at Replicate: official models by name, others by their version."""

    name = "replicate"
    address = "https://api.replicate.com"
    probe_path = "/v1/account"
    profile: ClassVar[Literal["concurrency", "pace"]] = "pace"

    def authorization(self) -> Mapping[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self.account.key}"}

    def rules(self) -> Rules:
        """Replicate's errors."""
        return ReplicateRules()

    # --- ordering

    def order(
        self, request: Request, fields: Fields, token: Token, trail: Trail
    ) -> tuple[RemoteJob, Look | None]:
        """Create the prediction; quick ones may be done with the answer."""
        model = request.model
        expected = self.expected_seconds(request.type, model, fields.values)
        headers: dict[str, str] = {}
        if expected is not None and expected <= _SOON:
            headers["Prefer"] = f"wait={max(round(expected), 1)}"
        if token.remaining() < float("inf"):
            headers["Cancel-After"] = f"{round(token.remaining() + _RUN_OVER * (expected or 60.0)) + 1}s"
        body: dict[str, Any] = {"input": self.body(request, fields, token)}
        path = f"/v1/models/{model.entry['endpoint']}/predictions"
        if version := model.entry.get("provider_version"):
            path, body["version"] = "/v1/predictions", version
        try:
            answer = self.wire.order(
                path, token, trail, what="creating the prediction", cost=self.cost(request, fields),
                json=body, headers=headers, timeout=_CREATE,
            )  # fmt: skip
        except FieldError as error:
            raise named(error, fields) from error
        job = self._accepted(answer)
        trail.accepted(job)
        tree = answer.tree
        return job, _read(tree) if isinstance(tree, dict) else None

    def reachable(self, item: MediaInput, token: Token) -> str:
        """Small files go along, others are uploaded."""
        if item.url is not None:
            return item.url
        if item.size <= SMALL:
            return item.data_uri()
        name = f"input{item.path.suffix[:8]}" if item.path else "input"
        part = Part("content", name, item.content(), item.mime)
        answer = self.wire.call("POST", "/v1/files", token, what="uploading", files=[part], timeout=_UPLOAD)
        tree = answer.tree
        urls = tree.get("urls") if isinstance(tree, dict) else None
        address = urls.get("get") if isinstance(urls, dict) else None
        if not isinstance(address, str):
            raise TransientError(f"replicate: uploading: the answer tells no address: {answer.said}")
        return address

    def _accepted(self, answer: Answer) -> RemoteJob:
        """The prediction that was created. Raises UnknownOutcome when its id cannot be read."""
        tree = answer.tree
        if not isinstance(tree, dict):
            found = _ID_IN_RUINS.search(answer.body)
            tree = {"id": found[1].decode()} if found else {}
        id = tree.get("id")  # noqa: A001 - what Replicate calls it
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise unreadable(answer, "replicate: creating the prediction")
        own = f"{self.base}/v1/predictions/{id}"
        built = {"get": own, "cancel": f"{own}/cancel"}
        return RemoteJob(id, self.own_addresses(built, {r: entry(tree, "urls", r) for r in built}))

    # --- watching

    def look(self, job: RemoteJob, token: Token) -> Look:
        """Ask for the prediction. What is no sense, or trouble of the way there, is ``unclear``."""
        url = self.url(job, "get")
        try:
            answer = self.wire.call(
                "GET", url, token, what="asking for the prediction", timeout=_ASK, ok=_ANY
            )
        except (TransientError, RateLimited) as error:
            return Look("unclear", pause=error.retry_after or 0.0, trouble=str(error))
        tree = answer.tree
        if answer.status == 200 and isinstance(tree, dict):
            return _read(tree)
        if answer.status in (401, 402, 403):
            raise self.told_by_table(answer)
        pause = retry_after(answer, 0.0) if answer.status in (429, 503) else None
        state: Literal["gone", "unclear"] = "gone" if answer.status == 404 else "unclear"
        trouble = f"HTTP {answer.status}: {answer.said}"
        return Look(state, pause=min(pause or 0.0, 60.0), trouble=trouble)

    # --- concluding

    def conclude(
        self,
        request: Request,
        fields: Fields,
        job: RemoteJob,
        look: Look,
        token: Token,  # noqa: ARG002 - nothing is asked here
    ) -> Result:
        """What the prediction says it made; the look at its end holds it all."""
        tree, model = look.answer, request.model
        state = tree.get("status")
        if state != "succeeded":
            error = _failure(job, tree)
            raise Ended(error, "never" if isinstance(error, PolicyRefusal) else "anew")
        output = tree.get("output")
        if output is None and tree.get("data_removed"):
            gone = FatalError(f"replicate: prediction {job.id} was paid, and its output has expired")
            raise Ended(gone, "ask")
        text = _text(output) if model.makes == "text" else ""
        files = [] if model.makes == "text" else addresses_in(output)
        if not (text or files):
            what = f"prediction {job.id} succeeded without any {model.makes}; it may be billed"
            raise Ended(FatalError(f"replicate: {what}"), "ask")
        return {"files": files, "text": text, "seed": _seed(tree, fields), "notes": _notes(look)}

    def cancel(self, job: RemoteJob, token: Token) -> Look:
        """Cancel the prediction; the answer is the prediction as it is then."""
        answer = self.wire.call("POST", self.url(job, "cancel"), token, what="cancelling", ok=_ANY)
        tree = answer.tree
        if answer.status in (200, 201, 202) and isinstance(tree, dict):
            return _read(tree)
        return self.look(job, token)


def _read(tree: Mapping[str, Any]) -> Look:
    state = _STATES.get(str(tree.get("status")))
    if state is None:
        return Look("unclear", tree, trouble=f"an unknown state: {str(tree.get('status'))[:60]}")
    metrics = tree.get("metrics")
    took = values.number(metrics.get("predict_time")) if isinstance(metrics, dict) else None
    return Look(state, tree, took=took if took and took > 0 else None)


def _failure(job: RemoteJob, tree: Mapping[str, Any]) -> ProviderError:
    """Why a prediction made nothing."""
    state, said = tree.get("status"), excerpt(str(tree.get("error") or ""))
    if state == "failed":
        if _REFUSALS.search(said):
            return PolicyRefusal(f"replicate refuses this content: {said}; it may be billed")
        return FatalError(f"replicate: prediction {job.id} failed: {said or 'no reason is given'}")
    word = "was given up before it began" if state == "aborted" else "was cancelled"
    told = f"replicate: prediction {job.id} {word}{f': {said}' if said else ''}"
    return CancelledThere(told, free=state == "aborted")


def _text(output: Any) -> str:
    """A text, also in the pieces in which models stream it."""
    if isinstance(output, list):
        return "".join(piece for piece in output if isinstance(piece, str))
    return output if isinstance(output, str) else ""


def _seed(tree: Mapping[str, Any], fields: Fields) -> int | None:
    """The seed that was asked for, else the one that the log tells."""
    asked = fields.values.get("seed")
    if isinstance(asked, int):
        return asked
    found = re.search(r"[Uu]sing seed:? (\d{1,20})\b", str(tree.get("logs") or "")[:10_000])
    return int(found[1]) if found else None


def _notes(look: Look) -> dict[str, Any]:
    return {} if look.took is None else {"predict_seconds": look.took}
