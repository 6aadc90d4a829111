"""Replicate, simulated: predictions by model, version and deployment, files, and its six states."""

from __future__ import annotations

import hashlib
import math
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulators.core import Simulator, prompt_in, prompt_of, route
from tests.simulators.forms import parts
from tests.simulators.jobs import Job, Queue
from tests.simulators.media import sample
from tests.simulators.prices import Product, seconds_of, size_of
from tests.simulators.replicate_faults import FAULTS
from tests.simulators.wire import Call, Reply, json_reply

if TYPE_CHECKING:
    from tests.simulators.limits import Refusal

_V1 = r"(?:/v1)?"
_NAME = r"([\w.-]+)/([\w.-]+)"
_STATES = {
    "queued": "starting", "running": "processing", "done": "succeeded",
    "cancelled": "canceled", "expired": "aborted",
}  # fmt: skip
_SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_KEEP = 3600.0
_UNKNOWN = Product("", "image", "output", 1.0, 0.01, "image", "")
_TITLES = {
    401: "Unauthenticated",
    402: "Insufficient credit",
    404: "Not found",
    422: "Input validation failed",
}


class ReplicateSimulator(Simulator):
    """``boot``: share of a job's time that it spends starting. ``text_models``: those that answer in text."""

    provider = "replicate"
    key = "r8_test-only-key"
    ROUTES = (
        route("order", "POST", rf"{_V1}/models/{_NAME}/predictions", "order"),
        route("order", "POST", rf"{_V1}/deployments/{_NAME}/predictions", "order"),
        route("order", "POST", rf"{_V1}/predictions", "order_version"),
        route("list", "GET", rf"{_V1}/predictions", "list_all"),
        route("status", "GET", rf"{_V1}/predictions/([\w-]+)", "status"),
        route("cancel", "POST", rf"{_V1}/predictions/([\w-]+)/cancel", "cancel"),
        route("upload", "POST", rf"{_V1}/files", "upload"),
        route("file", "GET", rf"{_V1}/files/([\w-]+)", "file"),
        route("schema", "GET", rf"{_V1}/models/{_NAME}/versions/([\w-]+)", "version"),
        route("account", "GET", rf"{_V1}/account", "account"),
    )
    FAULTS = FAULTS

    def __init__(self, *, boot: float = 0.1, text_models: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(**{"told": "body", **options})
        self.boot = boot
        self.text_models = text_models
        self.queue = Queue()
        self.files: dict[str, dict[str, Any]] = {}

    def environment(self) -> dict[str, str]:
        return {
            "REPLICATE_API_TOKEN": self.key,
            "ACP_REPLICATE_BASE_URL": self.url,
            "ACP_ALLOW_PRIVATE_MEDIA": "1",
        }

    # What the core asks.

    def authorised(self, call: Call) -> bool:
        return call.headers.get("authorization") == f"Bearer {self.key}"

    def text_of(self, call: Call) -> str:
        if call.kind in ("status", "cancel"):
            job = self.queue.jobs.get(call.path.removesuffix("/cancel").rpartition("/")[2])
            return job.text if job else ""
        return prompt_in(call) if call.kind == "order" else ""

    def price_of(self, call: Call) -> float:
        return self._product("/".join(call.path.split("/")[-3:-1])).price(call.json().get("input", {}))

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        content = {"title": _TITLES.get(status, kind or "Error"), "detail": message, "status": status}
        return json_reply(status, content, {"Content-Type": "application/problem+json"})

    def invalid(self, field: str, message: str) -> Reply:
        wrong = {"field": f"input.{field}", "description": message, "type": "invalid"}
        content = {"title": _TITLES[422], "detail": f"- input.{field}: {message}", "status": 422,
                   "invalid_fields": [wrong]}  # fmt: skip
        return json_reply(422, content)

    def broke(self) -> Reply:
        return self.error(402, "You have insufficient credit to run this model.")

    def throttled(self, refusal: Refusal, told: str | None = None) -> Reply:
        words = "Request was throttled."
        if refusal.wait is not None and (told or self.told) in ("body", "both"):
            words += f" Your rate limit resets in ~{math.ceil(refusal.wait)}s."
        return json_reply(429, {"detail": words, "status": 429}, self.wait_header(refusal, told))

    # Predictions.

    def order(self, call: Call, owner: str, name: str) -> Reply:
        """A prediction of an official model or a deployment."""
        return self._create(call, f"{owner}/{name}", "hidden")

    def order_version(self, call: Call) -> Reply:
        """A prediction of a version: its hash, or the model's name with or without it."""
        try:
            version = str(call.json().get("version", ""))
        except (ValueError, AttributeError):
            version = ""
        if not version:
            return self.error(422, "version is required")
        model, _, hexed = version.rpartition(":") if "/" in version else ("", "", version)
        return self._create(call, model or hexed, hexed)

    def _create(self, call: Call, model: str, version: str) -> Reply:
        try:
            given = call.json()["input"]
        except (ValueError, TypeError, KeyError):
            return self.error(422, "input is required")
        text, now = prompt_of(given), self.now()
        length = self.seconds(model, text, self._product(model).seconds)
        job = Job(self.new_id("rp"), model, given, text, now, length, boot=length * self.boot)
        job.fate["version"] = version
        if within := call.headers.get("cancel-after"):
            job.start_by = job.fate["deadline"] = now + _span(within)
        self.queue.add(job)
        self.bill(job.id, model, text, self._product(model).price(given), given)
        return self._held(call, job)

    def _held(self, call: Call, job: Job) -> Reply:
        """With ``Prefer: wait`` the answer comes when the job has ended, or the time is up."""
        prefer, _, limit = call.headers.get("prefer", "").partition("=")
        if prefer != "wait":
            return json_reply(201, self._shown(job))
        seconds = min(float(limit or 60), job.boot + job.length)
        return Reply(delay=seconds, then=lambda: json_reply(201, self._shown(job)))

    def status(self, call: Call, id: str) -> Reply:  # noqa: A002
        """A prediction as it is now."""
        job = self.queue.get(id, self.now())
        return json_reply(200, self._shown(job)) if job else self.error(404, "Not found.")

    def list_all(self, call: Call) -> Reply:
        """The newest predictions."""
        jobs = list(self.queue.jobs.values())[::-1][:100]
        return json_reply(
            200, {"next": None, "previous": None, "results": [self._shown(job) for job in jobs]}
        )

    def cancel(self, call: Call, id: str) -> Reply:  # noqa: A002
        """The prediction, cancelled unless it had ended."""
        now = self.now()
        if (job := self.queue.get(id, now)) is None:
            return self.error(404, "Not found.")
        waited = job.state(now) == "queued"
        if self.queue.cancel(job, now) and waited:
            self.ledger.void(job.id, "cancelled before it began")
        return json_reply(200, self._shown(job))

    def _shown(self, job: Job) -> dict[str, Any]:
        state = self._state(job)
        ended = state not in ("starting", "processing")
        removed = ended and self.now() > (job.ended or job.created) + _KEEP
        top = f"{self.url}/v1/predictions/{job.id}"
        output = self._output(job) if state == "succeeded" and not removed else None
        metrics = {"predict_time": round(job.length * self.speed, 3)} if state == "succeeded" else {}
        return {
            "id": job.id,
            "model": job.endpoint,
            "version": job.fate["version"],
            "status": state,
            "input": {} if removed else job.body,
            "output": output,
            "error": job.fate.get("fails") if state == "failed" else None,
            "logs": "Using seed: 11" if ended else "",
            "metrics": metrics,
            "data_removed": removed,
            "created_at": "2026-11-01T10:00:00.000Z",
            "started_at": None if state in ("starting", "aborted") else "2026-11-01T10:00:01.000Z",
            "completed_at": "2026-11-01T10:00:05.000Z" if ended else None,
            "urls": {"get": top, "cancel": f"{top}/cancel", "web": f"{self.url}/p/{job.id}"},
        }

    def _state(self, job: Job) -> str:
        now = self.now()
        deadline = job.fate.get("deadline")
        if deadline is not None and now > deadline and job.began is not None and job.began < deadline:
            job.cancelled = job.cancelled or (job.ended or now) > deadline
        state = _STATES[job.state(now)]
        if state == "aborted":
            self.ledger.void(job.id, "aborted")
        return "failed" if state == "succeeded" and "fails" in job.fate else state

    def _output(self, job: Job) -> Any:
        if job.endpoint in self.text_models:
            return ["A text about ", f"{job.text}."]
        product = self._product(job.endpoint)
        count = int(job.body.get("num_outputs") or 1)
        addresses = [self._file(job, product, number) for number in range(count)]
        return addresses if product is _UNKNOWN else addresses[0]

    def _file(self, job: Job, product: Product, number: int) -> str:
        form, size, seconds = (
            str(job.body.get("output_format") or product.form or "jpg"),
            size_of(job.body),
            1.0,
        )
        if product.kind == "video":
            form, size, seconds = "mp4", (64, 48), seconds_of(job.body)
        make = partial(sample, form, f"{job.text} #{number}" if number else job.text, size, seconds)
        expires = (job.ended or 0.0) + _KEEP
        item = self.shelf.put(f"{job.id}-{number}", form, make, expires=expires, text=job.text)
        return self.shelf.address(item)

    def _product(self, model: str) -> Product:
        return self.product(model) or _UNKNOWN

    # Files and the rest.

    def upload(self, call: Call) -> Reply:
        """A file for inputs."""
        sent = {part.name: part for part in parts(call)}
        if (file := sent.get("content")) is None:
            return self.error(422, "content is required")
        id = self.new_id("file-")  # noqa: A001
        sums = {"sha256": hashlib.sha256(file.content).hexdigest(),
                "md5": hashlib.md5(file.content, usedforsecurity=False).hexdigest()}  # fmt: skip
        about = {
            "id": id,
            "name": file.file,
            "content_type": file.type,
            "size": len(file.content),
            "etag": sums["md5"],
            "checksums": sums,
            "metadata": {},
            "created_at": "2026-11-01T10:00:00.000Z",
            "expires_at": "2026-11-02T10:00:00.000Z",
            "urls": {"get": f"{self.url}/v1/files/{id}"},
        }
        self.files[id] = about
        return json_reply(201, about)

    def file(self, call: Call, id: str) -> Reply:  # noqa: A002
        """What is known of an uploaded file."""
        return json_reply(200, self.files[id]) if id in self.files else self.error(404, "Not found.")

    def version(self, call: Call, owner: str, name: str, version: str) -> Reply:
        """The schema of a version."""
        schemas = {"Input": {"type": "object", "properties": {"prompt": {"type": "string"}}},
                   "Output": {"type": "array", "items": {"type": "string", "format": "uri"}}}  # fmt: skip
        about = {"id": version, "created_at": "2026-11-01T10:00:00.000Z", "cog_version": "0.9.0"}
        return json_reply(200, {**about, "openapi_schema": {"components": {"schemas": schemas}}})

    def account(self, call: Call) -> Reply:
        """Whose key it is."""
        return json_reply(200, {"type": "user", "username": "tests", "name": "Tests"})


def _span(text: str) -> float:
    """Seconds: ``90s``, ``1m``, ``1h30m``."""
    match = _SPAN.fullmatch(text)
    hours, minutes, seconds = (
        (float(part or 0) for part in match.groups()) if match else (0.0, 0.0, float(text))
    )
    return hours * 3600 + minutes * 60 + seconds
