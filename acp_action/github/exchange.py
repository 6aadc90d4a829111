"""The course of an upload: create, blocks, their list, finalise; tried again where that is safe.

Two answers may be lost after the service has acted. A repeated CreateArtifact then hears 409, which is told
apart from a name that was taken before; a FinalizeArtifact in doubt is settled by looking into the listing.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from acp_action.errors import ArtifactError
from acp_action.github import blob, twirp
from acp_action.github.twirp import Passing, Refused

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping

    from acp_action.github.archive import Archive
    from acp_action.github.blob import Block
    from acp_action.github.twirp import Listed, Reply

T = TypeVar("T")
AT_ONCE: Final = 4
_LOOK: Final = 0.25


class Send(Protocol):
    """One HTTP request. Raises Passing when the connection fails; follows no redirect."""

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body) -> Reply:
        """The answer, whatever its status."""
        ...


@dataclass(frozen=True, slots=True)
class Body:
    """A block as the body of a request, which asks before every piece whether to go on."""

    block: Block
    check: Callable[[], None]

    def __len__(self) -> int:
        return len(self.block)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.block:
            self.check()
            yield piece


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is said to one artifact service for one artifact. Messages of errors hold no secrets.

    ``wait`` may be called from several threads at once; ``wait(0)`` asks whether to go on.
    """

    send: Send
    results_url: str
    token: str = field(repr=False)
    name: str
    wait: Callable[[float], None]
    random: random.Random

    def call(
        self, method: str, fields: Mapping[str, Any], lost: list[Passing] | None = None
    ) -> dict[str, Any]:
        """The answer of a method, tried again while it may help. ``lost`` gathers tries without answer.

        Raises Refused for a clear no and Passing when all tries are used up.
        """
        url = twirp.rpc_address(self.results_url, method)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = json.dumps({**twirp.scope_of(self.token), **fields}).encode()

        def attempt() -> dict[str, Any]:
            try:
                reply = self.send("POST", url, headers, content)
                return twirp.answer_of(reply, method, hide=self.token)
            except Passing as error:
                if lost is not None:
                    lost.append(error)
                raise

        return self._persist(attempt)

    def put(self, url: str, headers: Mapping[str, str], body: bytes | Body, what: str) -> None:
        """Store something at a signed address, tried again while it may help. Raises as ``call`` does."""
        self._persist(lambda: blob.check_created(self.send("PUT", url, headers, body), what))

    def _persist(self, attempt: Callable[[], T]) -> T:
        # Late: only an upload needs it.
        from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after if isinstance(error, Passing) else 0.0
            return twirp.retry_delay(state.attempt_number, self.random, asked)

        self.wait(0.0)
        return Retrying(
            stop=stop_after_attempt(twirp.TRIES),
            wait=pause,
            retry=retry_if_exception_type(Passing),
            sleep=self.wait,
            reraise=True,
        )(attempt)

    def listed(self) -> list[Listed]:
        """The finished artifacts of this name in the run, the newest first."""
        return twirp.listed_in(self.call("ListArtifacts", {"name_filter": self.name}), self.name)

    def remove(self) -> None:
        """Delete the newest artifact of this name, where there is one."""
        try:
            for found in self.listed()[:1]:
                ids = {"workflow_run_backend_id": found.run, "workflow_job_run_backend_id": found.job}
                self.call("DeleteArtifact", {**{k: v for k, v in ids.items() if v}, "name": self.name})
        except Refused as no:
            # Gone meanwhile, or by a try whose answer was lost, or never there: create will tell.
            if no.status != 404:
                raise ArtifactError(f"the older artifact {self.name!r} could not be deleted: {no}") from no

    def create(self, expires_at: str) -> str:
        """Reserve the name; the signed address to upload to."""
        fields: dict[str, Any] = {"name": self.name, "version": twirp.ZIP_VERSION}
        if expires_at:
            fields["expires_at"] = expires_at
        lost: list[Passing] = []
        try:
            answer = self.call("CreateArtifact", fields, lost)
        except Refused as no:
            raise ArtifactError(self._why_not_created(no, lost)) from no
        signed = twirp.field(answer, "signed_upload_url")
        if answer.get("ok") is not True or not signed:
            raise ArtifactError(
                f"the artifact service did not create {self.name!r}, without saying why; run again"
            )
        return signed

    def _why_not_created(self, no: Refused, lost: list[Passing]) -> str:
        if no.status == 409:
            return self._why_taken(lost)
        if no.status in (401, 403):
            return (
                f"the artifact service does not accept the runner's token ({no}); it holds only while its job"
                " runs, and must be handed on unchanged"
            )
        if no.status == 404:
            return (
                f"{twirp.origin_of(self.results_url)} has no artifact service of version 4 ({no}); upload the"
                " files in a later step, by an action that works there"
            )
        return f"the artifact service refuses the artifact {self.name!r}: {no}"

    def _why_taken(self, lost: list[Passing]) -> str:
        """A name is taken by another upload, or by this one when the answer to an earlier try was lost."""
        taken = (
            f"this workflow run already has an artifact {self.name!r} (HTTP 409): give each upload a name of"
            " its own by `artifact-name` (in a matrix, put its values into it), or set `overwrite: true`"
        )
        if not lost:
            return taken
        # Where the listing cannot be had either, both readings stay open.
        with suppress(Refused, Passing):
            if self.listed():
                return taken
        return (
            f"the artifact name {self.name!r} is reserved (HTTP 409) by an upload that is not finished:"
            f" most likely by this one, since the answer to an earlier try was lost ({lost[-1]}), or by"
            " another job with the same `artifact-name`; run the job again with another `artifact-name`"
        )

    def upload(self, signed: str, blocks: list[Block], *, in_any_order: bool) -> None:
        """Store the blocks and make them, in order, the content. Several at once only where order is free."""
        put = _all_at_once if in_any_order else _one_by_one
        try:
            put(self, signed, blocks)
            headers = {**blob.HEADERS, "Content-Type": "application/xml", **blob.STORED_AS}
            self.put(
                blob.list_address(signed), headers, blob.block_list(blocks), "storing the list of blocks"
            )
        except Refused as no:
            raise ArtifactError(f"the artifact {self.name!r} was not stored: {no}") from no

    def put_block(self, signed: str, block: Block, check: Callable[[], None]) -> None:
        """Store one block."""
        self.put(blob.block_address(signed, block), blob.HEADERS, Body(block, check), "storing a block")

    def finalise(self, archive: Archive) -> str:
        """Declare the upload complete; the artifact's id."""
        fields = {"name": self.name, "size": str(archive.bytes), "hash": f"sha256:{archive.sha256}"}
        lost: list[Passing] = []
        try:
            answer = self.call("FinalizeArtifact", fields, lost)
        except (Refused, Passing) as error:
            if not lost:
                raise ArtifactError(
                    f"the artifact service refuses the upload of {self.name!r}: {error}"
                ) from error
            return self._settled(archive, str(error))
        if answer.get("ok") is not True:
            raise ArtifactError(f"the artifact service did not take the upload of {self.name!r}; run again")
        return twirp.field(answer, "artifact_id") or self._settled(archive, "an answer without an id")

    def _settled(self, archive: Archive, trouble: str) -> str:
        """The id of the artifact if the service lists it as complete, after answers that were lost."""
        try:
            found = next((item for item in self.listed() if self._is_ours(item, archive)), None)
        except (Refused, Passing) as error:
            found, trouble = None, f"{trouble}; {error}"
        if found is None:
            raise ArtifactError(
                f"it is not certain that the artifact {self.name!r} is complete ({trouble}): look at the page"
                " of the workflow run; to upload again under this name, set `overwrite: true`"
            )
        return found.id

    def _is_ours(self, found: Listed, archive: Archive) -> bool:
        job = twirp.scope_of(self.token)["workflow_job_run_backend_id"]
        same = found.digest == archive.sha256 if found.digest else found.bytes == archive.bytes
        return same and found.job in ("", job)


def _one_by_one(exchange: Exchange, signed: str, blocks: list[Block]) -> None:
    for block in blocks:
        exchange.put_block(signed, block, lambda: exchange.wait(0.0))


def _all_at_once(exchange: Exchange, signed: str, blocks: list[Block]) -> None:
    """A few blocks at a time; the first failure ends all."""
    # Late: only an upload needs it.
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    over = threading.Event()

    def check() -> None:
        exchange.wait(0.0)
        if over.is_set():
            raise ArtifactError("another block failed")

    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="artifact")
    try:
        open_ends = {pool.submit(exchange.put_block, signed, block, check) for block in blocks}
        while open_ends:
            done, open_ends = wait(open_ends, timeout=_LOOK, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            exchange.wait(0.0)
    finally:
        # Not waited for: a thread may hang in a request until that times out, and ends by itself then.
        over.set()
        pool.shutdown(wait=False, cancel_futures=True)
