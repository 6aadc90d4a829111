"""The words of the artifact service (Twirp, JSON): who asks, what, and what an answer says. No network."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from acp_action.errors import ArtifactError

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping
    from datetime import datetime

TRIES: Final = 5
ZIP_VERSION: Final = 4
"""Of the upload: every server takes 4 for zips; 7 wants a MIME type, which older servers refuse to read."""

_RPC: Final = "/twirp/github.actions.results.api.v1.ArtifactService/"
_FIRST_WAIT, _GROWTH = 3.0, 1.5
_LONGEST_HINT: Final = 60.0
_WORTH_ANOTHER_TRY: Final = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; the names of ``headers`` are in lower case, ``body`` is cut at a limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Passing(ArtifactError):  # noqa: N818 - a state, not a fault
    """No usable answer, for a reason that may pass; the request may have been carried out all the same.

    ``retry_after``: seconds that the server asks to wait, 0 for none.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(ArtifactError):  # noqa: N818 - an answer
    """A clear no. ``status``: of HTTP; ``message``: the server's own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Listed:
    """An artifact as the service lists it; ``digest`` is bare hex, empty where the server tells none."""

    id: str
    name: str
    bytes: int
    digest: str
    run: str
    job: str


def scope_of(token: str) -> dict[str, str]:
    """The run's and the job's backend ids out of the runner's token, as fields of a request."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        scopes = str(claims["scp"]).split(" ")
    except (IndexError, ValueError, KeyError, TypeError):
        raise ArtifactError(
            "ACTIONS_RUNTIME_TOKEN is not a token of an Actions runner; hand it on unchanged"
        ) from None
    for parts in (scope.split(":") for scope in scopes):
        if parts[0] == "Actions.Results" and len(parts) == 3:
            return {"workflow_run_backend_id": parts[1], "workflow_job_run_backend_id": parts[2]}
    raise ArtifactError(
        "the runner's token has no right to artifacts of version 4 (no scope Actions.Results), as on GitHub"
        " Enterprise Server; set `upload-artifact: false` and upload the files in a later step, by an action"
        " that works there"
    )


def origin_of(results_url: str) -> str:
    """Scheme, host and port of the service; whatever follows is no part of its address."""
    parts = urlsplit(results_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ArtifactError("ACTIONS_RESULTS_URL is not an http or https address; hand it on unchanged")
    return f"{parts.scheme}://{parts.netloc}"


def rpc_address(results_url: str, method: str) -> str:
    """Where a method of the artifact service is called."""
    return f"{origin_of(results_url)}{_RPC}{method}"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, with milliseconds where there are any. ``moment`` carries its zone."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")


def retry_delay(attempt: int, rng: random.Random, retry_after: float = 0.0) -> float:
    """Seconds to wait after attempt number ``attempt`` (from 1): 3, then uniform in [3·1.5^(n-1), 3·1.5^n).

    What the server asks for is kept up to a minute.

    >>> import random
    >>> retry_delay(1, random.Random(1)), 4.5 <= retry_delay(2, random.Random(1)) <= 6.75
    (3.0, True)
    """
    low = _FIRST_WAIT * _GROWTH ** (attempt - 1)
    delay = low if attempt == 1 else rng.uniform(low, low * _GROWTH)
    return max(delay, min(retry_after, _LONGEST_HINT))


def worth_another_try(status: int) -> bool:
    """Whether an answer with this status may be another one in a while."""
    return status in _WORTH_ANOTHER_TRY


def retry_after(reply: Reply) -> float:
    """The seconds that a server asks to wait; 0 for none, or for a date, which would need its clock."""
    value = reply.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0


def answer_of(reply: Reply, what: str, *, hide: str) -> dict[str, Any]:
    """The JSON object of a successful answer. Raises Refused, or Passing for what may be better next time.

    ``hide``: a secret that the server was told, in case that its error repeats it.
    """
    try:
        answer = json.loads(reply.body)
    except ValueError:
        answer = None
    if reply.status == 200 and isinstance(answer, dict):
        return answer
    words = _server_words(answer, reply, hide)
    if isinstance(answer, dict) and "insufficient usage" in str(answer.get("msg", "")):
        raise Refused(reply.status, _QUOTA)
    if worth_another_try(reply.status) or reply.status == 200:
        raise Passing(f"{what}: {words}", retry_after(reply))
    raise Refused(reply.status, words)


_QUOTA: Final = (
    "the account's storage for artifacts is used up; delete artifacts that are not needed, shorten their"
    " `retention-days`, or raise the spending limit (GitHub counts anew every 6 to 12 hours)"
)


def _server_words(answer: object, reply: Reply, hide: str) -> str:
    """What the server says, on one line of bounded length."""
    if isinstance(answer, dict):
        said = str(answer.get("msg") or answer.get("message") or answer.get("code") or "")
        text = " ".join(said.replace(hide, "***").split())
        return f"HTTP {reply.status}: {text[:300]}" if text else f"HTTP {reply.status}"
    kind = reply.headers.get("content-type", "").partition(";")[0].strip()[:60] or "text"
    return f"HTTP {reply.status} with {kind} in place of JSON" if reply.body else f"HTTP {reply.status}"


def field(answer: Mapping[str, Any], name: str) -> str:
    """A field of an answer as text, by its name in snake_case or camelCase; empty when it is not there."""
    first, *rest = name.split("_")
    value = answer.get(name, answer.get(first + "".join(map(str.capitalize, rest))))
    return "" if value is None else str(value)


def listed_in(answer: Mapping[str, Any], name: str) -> list[Listed]:
    """The artifacts of this very name in a listing, the newest first."""
    items = answer.get("artifacts") or []
    found = [_listed(item) for item in items if isinstance(item, dict) and field(item, "name") == name]
    return sorted(found, key=lambda item: int(item.id) if item.id.isdecimal() else -1, reverse=True)


def _listed(item: Mapping[str, Any]) -> Listed:
    size = field(item, "size")
    return Listed(
        id=field(item, "database_id"),
        name=field(item, "name"),
        bytes=int(size) if size.isdecimal() else -1,
        digest=field(item, "digest").removeprefix("sha256:").lower(),
        run=field(item, "workflow_run_backend_id"),
        job=field(item, "workflow_job_run_backend_id"),
    )
