"""The requests that the official SDKs put on the wire, and how ours are compared with them.

``sdk/recorded/<provider>.json`` holds, by the name of a call, what the SDK sent for it, each request once:
``recorded("fal", "generation")`` is a list of what ``normalised`` makes of them. ``make sdk-recordings``
writes the files; the tests marked ``sdk`` hold them against the SDKs, and ordinary tests hold our adapters
against them:

    assert normalised(sim, sim.calls("order")[0]) == recorded_as("fal", "generation", "order")

What was called is in ``sdk/drive_<provider>.py``, a function a name.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.simulators.forms import parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulators.core import Simulator
    from tests.simulators.wire import Call

FOLDER = Path(__file__).parent / "sdk" / "recorded"
_ID = re.compile(r"(?:[a-z]+-?)?sim[0-9a-f]{12}")
_AUTH = ("authorization", "x-goog-api-key", "xi-api-key")
_FLAGS = {"true": "1", "false": "0"}


def normalised(sim: Simulator, call: Call) -> dict[str, Any]:
    """What counts of a request: kind, method, path, query, the headers that carry keys, type and content.

    Ids are ``{id}``, the simulator's addresses ``{api}``, ``{media}`` …, its key ``{key}``; ``true`` in a
    query is ``1``. Content is JSON as it is, of a form its fields, of anything else size and hash.
    """
    names = {sim.key: "{key}", **{url: f"{{{role}}}" for role, url in sim.urls.items()}}

    def plain(text: str) -> str:
        for known, name in names.items():
            text = text.replace(known, name)
        return _ID.sub("{id}", text)

    request = {
        "kind": call.kind,
        "method": call.method,
        "path": call.path,
        "query": {name: _FLAGS.get(value, value) for name, value in call.query.items()},
        "auth": {name: call.headers[name] for name in _AUTH if name in call.headers},
        "type": call.headers.get("content-type", "").partition(";")[0],
        "body": _content(sim, call),
    }
    plain_request: dict[str, Any] = json.loads(plain(json.dumps(request)))
    return plain_request


def compared(request: dict[str, Any]) -> dict[str, Any]:
    """Of a normalised request, what ours must have in common with the SDK's: method, path, key, content."""
    return {name: request[name] for name in ("method", "path", "auth", "body")}


def _content(sim: Simulator, call: Call) -> Any:
    if fields := parts(call):
        # Plain fields in the order of their names, then the files: no service minds the order of fields.
        ordered = sorted(fields, key=lambda field: (field.file != "", "" if field.file else field.name))
        return [{"name": f.name, "file": f.file, "type": f.type, **_sum(f.content)} for f in ordered]
    if not call.body:
        return None
    try:
        return sim.one_spelling(json.loads(call.body))
    except ValueError:
        return _sum(call.body)


def _sum(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()[:16]}


def each_once(sim: Simulator, calls: Iterable[Call]) -> list[dict[str, Any]]:
    """The normalised requests in order of first appearance: how often one polls is no matter."""
    found: list[dict[str, Any]] = []
    for call in calls:
        request = normalised(sim, call)
        if request not in found:
            found.append(request)
    return found


@cache
def _recordings(provider: str) -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / f"{provider}.json").read_text("utf-8"))
    return content


def recorded(provider: str, call: str) -> list[dict[str, Any]]:
    """What the SDK sent for a call, by its name."""
    return _recordings(provider)[call]


def recorded_as(provider: str, call: str, kind: str) -> dict[str, Any]:
    """The first of these requests that is of a kind: order, status, result, cancel, upload, …."""
    return next(request for request in recorded(provider, call) if request["kind"] == kind)
