"""fal, simulated: the queue, direct runs, uploads both ways, and its errors."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulators.core import Simulator, prompt_in, prompt_of, route
from tests.simulators.fal_faults import FAULTS
from tests.simulators.jobs import Job, Queue
from tests.simulators.limits import InFlight
from tests.simulators.media import TYPES, sample
from tests.simulators.prices import Product, seconds_of, size_of
from tests.simulators.wire import Call, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulators.limits import Refusal

_APP = r"/((?:(?:workflows|comfy)/)?[\w.-]+/[\w.-]+)/requests/([\w-]+)"
_STATES = {"queued": "IN_QUEUE", "running": "IN_PROGRESS"}
_IMAGE = Product("", "image", "images[].url", 1.0, 0.01, "image", "")
_KEEP = 7 * 86_400.0


class FalSimulator(Simulator):
    """``concurrency``: how many jobs run at a time; others wait, and direct runs above it are refused.

    ``make``: what makes the files that jobs end with.
    """

    provider = "fal"
    roles = ("api", "run", "media")
    key = "kid:ksecret-for-tests"
    ROUTES = (
        route("upload", "POST", r"/storage/auth/token", "token"),
        route("upload", "POST", r"/storage/upload/initiate", "initiate"),
        route("upload", "PUT", r"/upload/([\w-]+)", "receive"),
        route("upload", "POST", r"/files/upload", "upload"),
        route("status", "GET", _APP + "/status", "status"),
        route("stream", "GET", _APP + "/status/stream", "stream"),
        route("result", "GET", _APP, "result"),
        route("prices", "GET", r"/v1/models/pricing", "prices"),
        route("cancel", "PUT", _APP + "/cancel", "cancel"),
        route("order", "POST", r"/((?:[\w.-]+/)+[\w.-]+)", "order"),
    )
    FAULTS = FAULTS

    def __init__(
        self, *, concurrency: int | None = None, make: Callable[..., bytes] = sample, **options: Any
    ) -> None:
        super().__init__(**options)
        self._make = make
        self.queue = Queue(concurrency)
        self.direct = InFlight(concurrency or 1_000_000)
        self.uploads: dict[str, str] = {}

    def environment(self) -> dict[str, str]:
        return {
            "FAL_KEY": self.key,
            "ACP_FAL_BASE_URL": self.url,
            "ACP_FAL_REST_BASE_URL": self.url,
            "ACP_ALLOW_PRIVATE_MEDIA": "1",
        }

    # What the core asks.

    def authorised(self, call: Call) -> bool:
        return call.headers.get("authorization") == f"Key {self.key}"

    def text_of(self, call: Call) -> str:
        if job := self.queue.jobs.get(_id_in(call.path)):
            return job.text
        return prompt_in(call) if call.kind == "order" else ""

    def price_of(self, call: Call) -> float:
        return self._product(call.path[1:]).price(call.json())

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        headers = {"X-Fal-Error-Type": kind} if kind else {}
        return json_reply(status, {"detail": message, **({"error_type": kind} if kind else {})}, headers)

    def invalid(self, field: str, message: str, kind: str = "value_error", **extra: Any) -> Reply:
        """The model's own refusal of a field."""
        place = f"https://docs.fal.ai/errors#{kind}"
        detail = {"loc": ["body", field], "msg": message, "type": kind, "url": place, "input": None, **extra}
        return json_reply(422, {"detail": [detail]}, {"X-Fal-Billable-Units": "0"})

    def broke(self) -> Reply:
        return self.error(
            403, "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/billing."
        )

    def busy(self) -> Reply:
        return self.error(503, "No runner could be scheduled", "runner_scheduling_failure")

    # The queue.

    def order(self, call: Call, endpoint: str) -> Reply:
        """A submit to the queue, or a direct run: the same path at another address."""
        if isinstance(job := self._job(call, endpoint), Reply):
            return job
        if call.role == "run":
            return self._run(call, job)
        self.queue.add(job)
        self._charge(job)
        return json_reply(200, {"status": "IN_QUEUE", "request_id": job.id, **self._addresses(job),
                                "queue_position": self.queue.position(job)})  # fmt: skip

    def _job(self, call: Call, endpoint: str) -> Job | Reply:
        try:
            body = call.json()
        except ValueError:
            return self.error(400, "Invalid JSON", "bad_request")
        if not isinstance(body, dict):
            return self.invalid("", "Input should be a valid dictionary", "model_attributes_type")
        text, now = prompt_of(body), self.now()
        length = self.seconds(endpoint, text, self._product(endpoint).seconds)
        job = Job(self.new_id("fal-"), endpoint, body, text, now, length)
        if within := call.headers.get("x-fal-request-timeout"):
            job.start_by = now + float(within)
        return job

    def _charge(self, job: Job) -> None:
        self.bill(job.id, job.endpoint, job.text, self._product(job.endpoint).price(job.body), job.body)

    def _addresses(self, job: Job) -> dict[str, str]:
        # The app is the first two parts of the endpoint, three behind these prefixes.
        parts = job.endpoint.split("/")
        app = "/".join(parts[: 3 if parts[0] in ("workflows", "comfy") else 2])
        top = f"{self.url}/{app}/requests/{job.id}"
        return {"response_url": top, "status_url": f"{top}/status", "cancel_url": f"{top}/cancel"}

    def _run(self, call: Call, job: Job) -> Reply:
        if refusal := self.direct.refusal(self.now()):
            return self.throttled(refusal)
        self.direct.take(self.now())
        call.when_done.append(self.direct.release)
        self._charge(job)
        job.began, job.ended = job.created, job.created + job.length
        return Reply(delay=job.length, then=partial(self._made_of, job))

    def status(self, call: Call, app: str, id: str) -> Reply:  # noqa: A002
        if (job := self.queue.get(id, self.now())) is None:
            return self.error(404, "Request not found", "not_found")
        content = self._state(job, logs=call.query.get("logs") in ("1", "true"))
        return json_reply(200 if content["status"] == "COMPLETED" else 202, content)

    def _state(self, job: Job, *, logs: bool) -> dict[str, Any]:
        state = job.state(self.now())
        word = _STATES.get(state, "COMPLETED")
        content: dict[str, Any] = {"status": word, "request_id": job.id, **self._addresses(job)}
        if state == "queued":
            return {**content, "queue_position": self.queue.position(job)}
        line = {"message": "step 1", "level": "INFO", "source": "USER", "timestamp": "2026-11-01T10:00:00Z"}
        content["logs"] = [line] if logs else None
        if state == "done":
            content["metrics"] = {"inference_time": round(job.length * self.speed, 3)}
        if state != "running" and (failed := self._failure(job)):
            told = json.loads(failed.body)
            content |= {"error": str(told["detail"]), "error_type": told.get("error_type", "bad_request")}
        return content

    def stream(self, call: Call, app: str, id: str) -> Reply:  # noqa: A002
        """Each change of state as an event, until the job has ended."""
        if (job := self.queue.get(id, self.now())) is None:
            return self.error(404, "Request not found", "not_found")
        return Reply(200, headers={"Content-Type": "text/event-stream"}, parts=self._events(job))

    def _events(self, job: Job) -> Iterator[tuple[float, bytes]]:
        told: dict[str, Any] = {}
        while told.get("status") != "COMPLETED":
            self.queue.advance(self.now())
            state = self._state(job, logs=True)
            changed = state != told
            told = state
            wait = max((job.ended or 0.0) - self.now(), 0.0) if state["status"] == "IN_PROGRESS" else 0.02
            yield 0.0, b"data: " + json.dumps(state).encode() + b"\n\n" if changed else b""
            yield min(wait + 0.001, 15.0), b""

    def result(self, call: Call, app: str, id: str) -> Reply:  # noqa: A002
        if (job := self.queue.get(id, self.now())) is None:
            return self.error(404, "Request not found", "not_found")
        if job.state(self.now()) in _STATES:
            return self.error(400, "Request is still in progress")
        return self._made_of(job)

    def _made_of(self, job: Job) -> Reply:
        return self._failure(job) or json_reply(
            200, self._output(job), {"X-Fal-Request-Id": job.id, "X-Fal-Billable-Units": "1"}
        )

    def _failure(self, job: Job) -> Reply | None:
        """Why a job that has ended has no result."""
        if job.cancelled:
            return self.error(499, "Request was cancelled by the client", "client_cancelled")
        if job.state(self.now()) == "expired":
            self.ledger.void(job.id, "never began")
            reply = self.error(504, "Request timed out", "request_timeout")
            return replace(reply, headers={**reply.headers, "X-Fal-Request-Timeout-Type": "user"})
        fails: Reply | None = job.fate.get("fails")
        return fails

    def _output(self, job: Job) -> dict[str, Any]:
        product = self._product(job.endpoint)
        field, _, rest = product.field.partition("[]")
        name = field.partition(".")[0]
        if product.kind == "text":
            return {name: f"A text about {job.text}."}
        count = int(job.body.get("num_images") or 1) if rest else 1
        files = [self._file(job, product, number) for number in range(count)]
        extra = {"seed": job.body.get("seed", 42), "prompt": job.text, "timings": {"inference": 1.0}}
        if product.kind == "image":
            extra["has_nsfw_concepts"] = [False] * count
        return {name: files if rest else files[0], **(extra if product.kind == "image" else {})}

    def _file(self, job: Job, product: Product, number: int) -> dict[str, Any]:
        form = str(job.body.get("output_format") or product.form or "png")
        size, seconds = size_of(job.body, product.size), 1.0
        if product.kind == "video":
            form, size, seconds = "mp4", (64, 48), seconds_of(job.body)
        elif product.kind == "audio":
            form = "mp3"
        make = partial(self._make, form, f"{job.text} #{number}" if number else job.text, size, seconds)
        if job.body.get("sync_mode"):
            address = f"data:{TYPES[form]};base64,{base64.b64encode(make()).decode()}"
        else:
            item = self.shelf.put(
                f"{job.id}-{number}", form, make, expires=(job.ended or 0.0) + _KEEP, text=job.text
            )
            address = self.shelf.address(item)
        about: dict[str, Any] = {"url": address, "content_type": TYPES[form], "file_name": f"{number}.{form}"}
        about["file_size"] = len(make())
        return about | ({"width": size[0], "height": size[1]} if product.kind == "image" else {})

    def _product(self, endpoint: str) -> Product:
        known = self.product(endpoint)
        if known is not None:
            return known
        return replace(_IMAGE, kind="video", field="video.url") if "video" in endpoint else _IMAGE

    def cancel(self, call: Call, app: str, id: str) -> Reply:  # noqa: A002
        now = self.now()
        if (job := self.queue.get(id, now)) is None:
            return json_reply(404, {"status": "NOT_FOUND"})
        waited = job.state(now) == "queued"
        if not self.queue.cancel(job, now):
            return json_reply(400, {"status": "ALREADY_COMPLETED"})
        if waited:
            self.ledger.void(job.id, "cancelled before it began")
        return json_reply(202, {"status": "CANCELLATION_REQUESTED"})

    def prices(self, call: Call) -> Reply:
        """What the price list says of the endpoints that are asked for."""
        asked = [name for name in call.query.get("endpoint_id", "").split(",") if name]
        listed = [
            {"endpoint_id": name, "unit_price": known.amount, "unit": known.per, "currency": "USD"}
            for name in asked
            if (known := self.product(name))
        ]
        return json_reply(200, {"prices": listed, "has_more": False, "next_cursor": None})

    # Files.

    def token(self, call: Call) -> Reply:
        """What the Python client asks before it uploads."""
        media = self.urls["media"]
        return json_reply(200, {"token": "cdn-token-for-tests", "token_type": "Bearer", "base_url": media,
                                "expires_at": "2999-01-01T00:00:00+00:00"})  # fmt: skip

    def initiate(self, call: Call) -> Reply:
        """Where to put a file, and where it can be read then."""
        asked = call.json()
        id = self.new_id("up-")  # noqa: A001
        self.uploads[id] = str(asked.get("file_name", "file")).rpartition(".")[2]
        item = self.shelf.put(id, self.uploads[id], bytes)
        item.gone = 404
        return json_reply(200, {"upload_url": f"{self.urls['media']}/upload/{id}",
                                "file_url": self.urls["media"] + f"/media/{id}-0.{item.form}"})  # fmt: skip

    def receive(self, call: Call, id: str) -> Reply:  # noqa: A002
        """The bytes, at the address that was given out; the key has no business here."""
        item = self.shelf.find(f"/media/{id}-0.{self.uploads.get(id, '')}")
        if item is None:
            return self.error(404, "Not found")
        content = call.body
        item.make, item.gone = lambda: content, 0
        return Reply(200)

    def upload(self, call: Call) -> Reply:
        """The bytes, with the token."""
        if call.headers.get("authorization") != "Bearer cdn-token-for-tests":
            return self.error(401, "Invalid token")
        form = call.headers.get("x-fal-file-name", "file").rpartition(".")[2]
        content = call.body
        item = self.shelf.put(self.new_id("up-"), form, lambda: content)
        return json_reply(200, {"access_url": self.shelf.address(item)})

    def throttled(self, refusal: Refusal, told: str | None = None) -> Reply:
        reply = super().throttled(refusal, told)
        if told == "body" and refusal.wait:
            words = f"Rate limit exceeded. Retry after {refusal.wait:g} s"
            return replace(reply, body=json.dumps({"detail": words}).encode())
        return reply


def _id_in(path: str) -> str:
    return path.partition("/requests/")[2].partition("/")[0]
